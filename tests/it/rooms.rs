//! Which file of the source knows which: rooms know those below them, and nobody goes in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tidy::{read, rust_files};

/// Rooms, highest first: each knows those after it.
const ROOMS: [(&str, &[&str]); 3] = [
    (
        "",
        &["cli", "service", "nodes", "inference", "pipeline", "media"],
    ),
    ("pipeline", &["run", "flow", "file", "contract", "count"]),
    (
        "inference",
        &["sight", "sound", "speech", "onnx", "worker", "store"],
    ),
];
/// Rooms whose files know none of the others'.
const STRANGERS: [&str; 3] = ["nodes::sources", "nodes::transforms", "nodes::sinks"];

/// Each file as a module, with the modules that it knows.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn module_of(file: &Path) -> String {
    let path = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let path = path.expect("it lies there").with_extension("");
    let parts = path.iter().map(|it| it.to_string_lossy());
    let parts: Vec<_> = parts.filter(|it| it != "mod" && it != "lib").collect();
    parts.join("::")
}

/// Tests of a room may use nodes to drive it; words in comments are no imports.
fn code_of(file: &Path) -> String {
    let text = read(file);
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().map(|it| it.split("//").next().unwrap_or(it));
    lines.collect::<Vec<_>>().join("\n")
}

/// All paths that begin at `rest`, which may be a list in braces.
fn paths(rest: &str, before: &str, found: &mut Vec<String>) {
    let rest = rest.trim_start();
    if let Some(list) = rest.strip_prefix('{') {
        let (mut depth, mut start) = (1, 0);
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if (letter == ',' && depth == 1) || depth == 0 {
                paths(&list[start..at], before, found);
                start = at + 1;
            }
            if depth == 0 {
                return;
            }
        }
        return;
    }
    let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_');
    let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let path = format!("{before}::{name}");
    match rest.trim_start().strip_prefix("::") {
        Some(rest) => paths(rest, &path, found),
        None => found.push(path),
    }
}

/// The paths in the code of a module, from the root of the crate.
fn mentioned(code: &str, module: &str, children: &[&str]) -> Vec<String> {
    let parent = module.rsplit_once("::").map_or("", |it| it.0);
    let starts_word = |at: usize| {
        !code[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_' || it == ':')
    };
    let mut found = Vec::new();
    let mut look = |word: &str, base: String| {
        for (at, _) in code.match_indices(&format!("{word}::")) {
            if starts_word(at) {
                paths(&code[at + word.len() + 2..], &base, &mut found);
            }
        }
    };
    look("crate", String::new());
    look("self", module.to_owned());
    look("super", parent.to_owned());
    for child in children {
        look(child, format!("{module}::{child}"));
    }
    found
        .iter()
        .map(|it| it.trim_start_matches(':').to_owned())
        .collect()
}

fn imports() -> Imports {
    let files: Vec<_> = rust_files("src")
        .into_iter()
        .filter(|it| !it.ends_with("src/main.rs") && !it.to_string_lossy().contains("/src/opencv/"))
        .filter(|it| !it.to_string_lossy().contains("/tests/"))
        .collect();
    let modules: BTreeSet<String> = files.iter().map(|it| module_of(it)).collect();
    let mut imports = Imports::new();
    for file in &files {
        let module = module_of(file);
        let below = format!("{module}::");
        let children: Vec<&str> = modules
            .iter()
            .filter_map(|it| it.strip_prefix(&below))
            .filter(|it| !it.contains("::"))
            .collect();
        let known = mentioned(&code_of(file), &module, &children)
            .iter()
            .filter_map(|path| closest(path, &modules))
            .filter(|it| *it != module)
            .collect();
        imports.insert(module, known);
    }
    imports
}

/// The file that a path leads into.
fn closest(path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut path = path;
    while !modules.contains(path) {
        path = path.rsplit_once("::")?.0;
    }
    Some(path.to_owned())
}

/// A way from a module back to itself, if there is one.
fn circle(from: &str, imports: &Imports, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
    fn walk(
        at: &str,
        way: &mut Vec<String>,
        imports: &Imports,
        done: &mut BTreeSet<String>,
    ) -> bool {
        if let Some(start) = way.iter().position(|it| it == at) {
            way.drain(..start);
            return true;
        }
        if done.contains(at) {
            return false;
        }
        way.push(at.to_owned());
        for next in imports.get(at).into_iter().flatten() {
            if walk(next, way, imports, done) {
                return true;
            }
        }
        done.insert(way.pop().expect("it was pushed"));
        false
    }
    let mut way = Vec::new();
    walk(from, &mut way, imports, done).then_some(way)
}

#[test]
fn nobody_goes_in_circles() {
    let (imports, mut done) = (imports(), BTreeSet::new());
    let circles: Vec<_> = imports
        .keys()
        .filter_map(|module| circle(module, &imports, &mut done))
        .map(|it| it.join(" -> "))
        .collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn rooms_know_only_those_below_them() {
    let place = |module: &str, house: &str, rooms: &[&str]| {
        let inside = match house {
            "" => module,
            _ => module.strip_prefix(house)?.strip_prefix("::")?,
        };
        let room = inside.split("::").next().unwrap_or_default();
        rooms.iter().position(|it| *it == room)
    };
    for (module, known) in imports() {
        for (house, rooms) in ROOMS {
            let Some(own) = place(&module, house, rooms) else {
                continue;
            };
            for it in &known {
                let other = place(it, house, rooms);
                let up = other.is_some_and(|other| other < own);
                assert!(!up, "{module} knows {it}, which is above it");
            }
        }
    }
}

#[test]
fn no_node_knows_another() {
    for (module, known) in imports() {
        // `sources::camera::…` is one node; its room's own `mod.rs` lists them.
        let node = |it: &str| {
            let room = STRANGERS
                .iter()
                .find(|room| it.starts_with(&format!("{room}::")))?;
            let depth = if *room == "nodes::transforms" { 4 } else { 3 };
            let parts: Vec<&str> = it.split("::").take(depth).collect();
            (parts.len() == depth).then(|| parts.join("::"))
        };
        let Some(own) = node(&module) else { continue };
        for it in &known {
            let other = node(it).is_some_and(|other| other != own);
            assert!(!other, "{module} knows {it}, which is another node");
        }
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let code =
        "use crate::a::{b, c::{d, E as F}};\nself::g::h(super::i);\nj::k(); not_crate::x; own::y";
    let found = mentioned(code, "m::n", &["j"]);
    assert_eq!(
        found,
        [
            "a::b",
            "a::c::d",
            "a::c::E",
            "m::n::g::h",
            "m::i",
            "m::n::j::k"
        ]
    );
}
