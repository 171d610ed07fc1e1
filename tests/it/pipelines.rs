//! Shipped examples are right, and generated documents are what the code generates.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it pipelines` writes them anew; review the difference.

use std::path::{Path, PathBuf};

use crate::tidy::rust_files;
use otus::media::events;
use otus::nodes::NODES;
use otus::pipeline::contract::{catalogue::Entry, testing};
use otus::pipeline::file::{self, reference, reference::schema};
use otus::service::metrics;

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Shipped documents that are made from the code.
#[track_caller]
pub fn up_to_date(name: &str, fresh: &str) {
    let path = root(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(&path, fresh).expect("the checkout is writable");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == fresh,
        "{name} is stale: run UPDATE_GOLDEN=1 cargo test --test it pipelines"
    );
}

#[test]
fn every_shipped_pipeline_is_right() {
    // SAFETY: nothing else in this test binary reads or writes this variable.
    unsafe { std::env::set_var("PORCH_PASSWORD", "for the test") };
    let folders = ["pipelines", "cross/pipelines"].map(root);
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    let files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|it| std::fs::read_dir(it).expect("the folder is there"))
        .flatten()
        .map(|it| it.path())
        .filter(is_toml)
        .collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it is ours");
        assert!(text.starts_with("#:schema "), "{file:?} names no schema");
        if let Err(remarks) = file::load(&file, NODES) {
            panic!("{}", remarks.render(false));
        }
    }
}

#[test]
fn the_option_reference_is_fresh() {
    let text = format!(
        "# Pipelines\n\nThe files here are examples that work; the README tells how to run them. What follows is \
         made from the code by `UPDATE_GOLDEN=1 cargo test --test it pipelines`.\n\n{}",
        reference::markdown(NODES)
    );
    let text = format!(
        "{text}\n## Metrics\n\n`/metrics` gives these, as OpenMetrics.\n\n{}",
        metrics::markdown()
    );
    up_to_date("pipelines/README.md", &text);
}

#[test]
fn the_event_schema_is_fresh() {
    let schema = serde_json::to_string_pretty(&events::schema()).expect("JSON");
    up_to_date("pipelines/events.schema.json", &format!("{schema}\n"));
}

#[test]
fn the_schema_of_pipeline_files_is_fresh() {
    let schema = serde_json::to_string_pretty(&schema::pipeline(NODES)).expect("JSON");
    up_to_date("pipelines/pipeline.schema.json", &format!("{schema}\n"));
}

#[test]
fn every_node_keeps_its_promises() {
    let mut names = std::collections::HashSet::new();
    for entry in NODES {
        let role = match entry {
            Entry::Present(ty) => Some(ty.role.name()),
            Entry::Absent { .. } => None,
        };
        assert!(
            names.insert((entry.name(), role)),
            "{} is there twice",
            entry.name()
        );
        let Entry::Present(ty) = entry else { continue };
        let name = ty.name;
        for word in ty.also {
            assert!(otus::nodes::find(word).is_none(), "{word} is a node");
        }
        testing::configure(ty, ty.example)
            .unwrap_or_else(|error| panic!("{name}: EXAMPLE: {error}"));
        let section = ty.role.section();
        let typo = format!(
            "[{section}.it]\ntype = \"{name}\"\n{}\nno_such_option = 1",
            ty.example
        );
        let problems = file::parse(&typo, Path::new("/"), NODES).err();
        let is_told = |it: &file::problem::Problem| it.message.contains("`no_such_option`");
        assert!(
            problems.into_iter().flatten().any(|it| is_told(&it)),
            "{name} accepts unknown options"
        );
        let schema = (ty.schema)();
        let options = schema.get("properties").and_then(|it| it.as_object());
        let has_model = options.is_some_and(|it| it.contains_key("model"));
        assert_eq!(
            has_model, ty.infers,
            "{name}: INFERS is for nodes with a model"
        );
        for (option, about) in options.into_iter().flatten() {
            assert!(
                about.get("description").is_some(),
                "{name}.{option} has no doc comment"
            );
        }
    }
}

/// A node's file is named after it and stands in the folder of its role.
#[test]
fn every_node_file_is_listed() {
    for (folder, role) in [
        ("sources", "source"),
        ("transforms", "transform"),
        ("sinks", "sink"),
    ] {
        let listed = NODES.iter().filter_map(|entry| match entry {
            Entry::Present(ty) if ty.role.name() == role => Some(ty.name),
            _ => None,
        });
        let files = rust_files(&format!("src/nodes/{folder}"));
        for name in listed {
            let alone = format!("{name}.rs");
            let has_file = files
                .iter()
                .any(|it| it.ends_with(&alone) || it.ends_with(format!("{name}/mod.rs")));
            assert!(has_file, "{name} has no file");
        }
    }
}
