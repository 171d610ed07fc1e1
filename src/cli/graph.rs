//! `otus graph`: a pipeline as Mermaid or Graphviz.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::json;

use crate::pipeline::config::{Plan, PlannedNode};
use crate::pipeline::graph::kinds_between;

/// A language for drawings.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For Markdown pages.
    Mermaid,
    /// For `dot`.
    Graphviz,
}

pub fn graph(file: &Path, format: Format, json: bool) -> ExitCode {
    let plan = match super::load(file, json) {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if json {
        let edges: Vec<_> = edges(&plan)
            .map(|(from, to, kinds)| json!({ "from": *from.id, "to": *to.id, "kinds": kinds }))
            .collect();
        let nodes: Vec<_> = plan
            .nodes
            .iter()
            .map(|node| json!({ "id": *node.id, "type": node.ty.name, "live": node.live }))
            .collect();
        super::print_json(&json!({ "nodes": nodes, "edges": edges }));
    } else {
        print!("{}", draw(&plan, format));
    }
    ExitCode::SUCCESS
}

fn draw(plan: &Plan, format: Format) -> String {
    let mut out = String::new();
    let mermaid = format == Format::Mermaid;
    out.push_str(if mermaid {
        "graph LR\n"
    } else {
        "digraph otus {\n  rankdir=LR;\n"
    });
    for node in &plan.nodes {
        let (id, name) = (&node.id, node.ty.name);
        let _ = match mermaid {
            true => writeln!(out, "  {id}[\"{id}<br/>{name}\"]"),
            false => writeln!(out, "  \"{id}\" [label=\"{id}\\n{name}\"];"),
        };
    }
    for (from, to, kinds) in edges(plan) {
        let (from, to, kinds) = (&from.id, &to.id, kinds.join(", "));
        let _ = match mermaid {
            true => writeln!(out, "  {from} -- {kinds} --> {to}"),
            false => writeln!(out, "  \"{from}\" -> \"{to}\" [label=\"{kinds}\"];"),
        };
    }
    if !mermaid {
        out.push_str("}\n");
    }
    out
}

fn edges(plan: &Plan) -> impl Iterator<Item = (&PlannedNode, &PlannedNode, Vec<&'static str>)> {
    plan.nodes.iter().flat_map(move |to| {
        to.inputs.iter().filter_map(move |(input, _)| {
            let from = plan.nodes.iter().find(|node| *node.id == *input.from())?;
            let kinds = kinds_between(from.ty, to.ty);
            Some((from, to, kinds.iter().map(|kind| kind.name()).collect()))
        })
    })
}
