//! The option reference: Markdown and JSON made from the catalogue.

mod common;
pub mod schema;

use std::fmt::Write;

use schemars::Schema;
use serde_json::{Value, json};

use crate::media::events;
use crate::media::kind::{self, Kind};
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::file::input::Queue;
use crate::pipeline::file::own_tests::Test;
use crate::pipeline::file::shape::Shape;
use crate::pipeline::file::status::Status;

/// What is said of a node that covers or removes what must not be seen.
pub const REDACTS: &str =
    "What it makes may be shown and kept where `[runtime]` has `privacy = \"required\"`.";

/// One option of a node or table, in words.
pub struct OptionRow {
    /// Its name, after those of the tables that it is in.
    pub name: String,
    /// What it can be.
    pub kind: String,
    /// What it is where the file says nothing.
    pub default: String,
    /// What it does.
    pub about: String,
}

/// The reference of every node and shared table.
pub fn markdown(nodes: &[Entry]) -> String {
    let mut out = String::new();
    for (role, title) in [
        (Role::Source, "Sources"),
        (Role::Transform, "Transforms"),
        (Role::Sink, "Sinks"),
    ] {
        let _ = writeln!(out, "## {title}\n");
        for entry in nodes {
            if let Entry::Present(ty) = entry
                && ty.role == role
            {
                out.push_str(&node(ty));
            }
        }
    }
    out.push_str("## Every node\n\nLengths of time can be written with their unit: `hold_ms = \"10s\"`. A number or truth value can come from the environment: `fps = \"${FPS}\"`.\n\n");
    out.push_str(&table(&common::schema()));
    out.push('\n');
    out.push_str("An input can be a table, to set how packets wait for this node:\n\n");
    out.push_str(&table(&schemars::schema_for!(Queue)));
    out.push_str("\n## `[runtime]`\n\n");
    out.push_str(&table(&schemars::schema_for!(Runtime)));
    out.push_str("\n## `[status]`\n\n");
    out.push_str(&table(&schemars::schema_for!(Status)));
    out.push_str("\n## `[[test]]`\n\nWhat the pipeline is to decide over recordings; only `otus test` and `otus check` look at it.\n\n");
    out.push_str(&table(&schemars::schema_for!(Test)));
    out
}

/// The reference of one node.
pub fn node(ty: &NodeType) -> String {
    let mut out = format!("### `{}`\n\n{}\n\n{}\n\n", ty.name, ty.about, flow(ty));
    if ty.redacts {
        let _ = writeln!(out, "{REDACTS}\n");
    }
    let _ = writeln!(out, "```toml\n{}\n```\n", example(ty));
    out.push_str(&table(&(ty.schema)()));
    out.push('\n');
    out
}

/// What goes into a node and what comes out, as a sentence.
pub fn flow(ty: &NodeType) -> String {
    match (ty.accepts, ty.produces) {
        ([], makes) => format!("Makes {}.", list(makes)),
        (takes, _) if ty.passes => format!("Takes {}, and makes what it takes.", list(takes)),
        (takes, []) => format!("Takes {}.", list(takes)),
        (takes, makes) => format!("Takes {}, makes {}.", list(takes), list(makes)),
    }
}

/// The least that stands in a pipeline file.
pub fn example(ty: &NodeType) -> String {
    let inputs = if ty.role == Role::Source {
        ""
    } else {
        "\ninputs = [\"NAME\"]"
    };
    let section = ty.role.section();
    format!(
        "[{section}.NAME]\ntype = \"{}\"{inputs}\n{}",
        ty.name, ty.example
    )
}

/// The reference of one line of the catalogue, for programs.
pub fn json(entry: &Entry) -> Value {
    match entry {
        Entry::Present(ty) => json!({
            "type": ty.name,
            "role": ty.role.name(),
            "about": ty.about,
            "takes": ty.accepts.iter().map(|kind| kind.name).collect::<Vec<_>>(),
            "makes": ty.produces.iter().map(|kind| kind.name).collect::<Vec<_>>(),
            "options": (ty.schema)(),
        }),
        Entry::Absent { name, feature } => json!({ "type": name, "missing_feature": feature }),
    }
}

fn list(kinds: &[Kind]) -> String {
    kind::list(kinds, events::KINDS, "and")
}

fn table(schema: &Schema) -> String {
    let rows = rows(schema);
    if rows.is_empty() {
        return "It has no options.\n".to_owned();
    }
    let mut out = "| option | type | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for row in rows {
        let about = row.about.replace('\n', " ");
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {about} |",
            row.name, row.kind, row.default
        );
    }
    out
}

/// The options of a table, each followed by those inside it.
pub fn rows(schema: &Schema) -> Vec<OptionRow> {
    let mut rows = Vec::new();
    add_rows("", Shape::of(schema.as_value()), &mut rows);
    rows
}

/// The options of a table, each followed by those inside it.
fn add_rows(before: &str, shape: Shape<'_>, rows: &mut Vec<OptionRow>) {
    let required = shape.schema().get("required").and_then(Value::as_array);
    for name in shape.properties().into_iter().flatten().map(|it| it.0) {
        let option = shape.property(name).expect("it is one of them");
        let must = required.is_some_and(|names| names.iter().any(|it| it == name));
        let default = match option.default() {
            _ if must => "required".to_owned(),
            None | Some(Value::Null) => "none".to_owned(),
            Some(default) => format!("`{}`", as_written(default)),
        };
        let path = format!("{before}{name}");
        rows.push(OptionRow {
            name: path.clone(),
            kind: kind(option),
            default,
            about: option.about().unwrap_or_default().to_owned(),
        });
        match option.items() {
            Some(items) => add_rows(&format!("{path}[]."), items, rows),
            None => add_rows(&format!("{path}."), option, rows),
        }
    }
}

/// A default as one writes it: 0.45, which as an `f32` is some millionths less.
fn as_written(default: &Value) -> String {
    let number = default.as_f64().filter(|_| default.is_f64());
    match number.map(|it| it as f32) {
        Some(short) if Some(f64::from(short)) == number => short.to_string(),
        _ => default.to_string(),
    }
}

/// The type of an option in words: a range, the allowed words, or the JSON type.
fn kind(option: Shape<'_>) -> String {
    let about = option.schema();
    let limit = |key| about.get(key).and_then(Value::as_f64);
    if let (Some(least), Some(most)) = (limit("minimum"), limit("maximum")) {
        return format!("{least} to {most}");
    }
    if let Some(choices) = option.choices() {
        return choices
            .into_iter()
            .map(kind)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(word) = about.get("const") {
        return format!("`{word}`");
    }
    if let Some(words) = about.get("enum").and_then(Value::as_array) {
        let words = words.iter().map(|it| format!("`{it}`"));
        return words.collect::<Vec<_>>().join(" or ");
    }
    if option.properties().is_some() {
        return "table".to_owned();
    }
    if let Some(items) = option.items() {
        let item = kind(items);
        let plural = if item == "table" { "tables" } else { &item };
        return format!("list of {plural}");
    }
    option.only_type().unwrap_or("any").to_owned()
}
