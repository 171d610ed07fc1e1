//! A pipeline as a drawing: Mermaid for Markdown pages, Graphviz for `dot`.

use std::fmt::Write;

use serde::Serialize;

use crate::pipeline::file::Plan;
use crate::pipeline::run::snapshot::Snapshot;

/// Nodes and edges, without anything that changes while it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Drawing {
    /// In the order of the file.
    pub nodes: Vec<Node>,
    /// One for each pair of nodes.
    pub edges: Vec<Edge>,
}

/// A node of a drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Name in the pipeline file.
    pub id: String,
    /// Name of its type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
}

/// An edge of a drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// Producer.
    pub from: String,
    /// Consumer.
    pub to: String,
    /// What it carries, by the lanes that it has.
    pub kinds: Vec<&'static str>,
}

impl Drawing {
    /// Draws a pipeline that is not running.
    pub fn of_plan(plan: &Plan) -> Drawing {
        let mut drawing = Drawing::default();
        for to in &plan.nodes {
            drawing.add_node(&to.id, to.ty.name, to.live);
            for (input, _) in &to.inputs {
                let from = plan.nodes.iter().find(|node| *node.id == *input.from());
                let kinds = from.map_or(Vec::new(), |from| from.gives(to));
                for kind in kinds {
                    drawing.add_edge(input.from(), &to.id, kind.lane.name());
                }
            }
        }
        drawing
    }

    /// Draws a running pipeline.
    pub fn of_snapshot(snapshot: &Snapshot) -> Drawing {
        let mut drawing = Drawing::default();
        for node in &snapshot.nodes {
            drawing.add_node(&node.id, node.type_name, node.live);
        }
        for edge in &snapshot.edges {
            drawing.add_edge(&edge.from, &edge.to, edge.kind);
        }
        drawing
    }

    fn add_node(&mut self, id: &str, type_name: &'static str, live: bool) {
        let id = id.to_owned();
        self.nodes.push(Node {
            id,
            type_name,
            live,
        });
    }

    fn add_edge(&mut self, from: &str, to: &str, kind: &'static str) {
        let same = |edge: &&mut Edge| edge.from == from && edge.to == to;
        match self.edges.iter_mut().find(same) {
            Some(edge) if edge.kinds.contains(&kind) => {}
            Some(edge) => edge.kinds.push(kind),
            None => self.edges.push(Edge {
                from: from.to_owned(),
                to: to.to_owned(),
                kinds: vec![kind],
            }),
        }
    }

    /// In the language of Markdown pages.
    pub fn mermaid(&self) -> String {
        let mut out = "graph LR\n".to_owned();
        for Node { id, type_name, .. } in &self.nodes {
            let _ = writeln!(out, "  {id}[\"{id}<br/>{type_name}\"]");
        }
        for Edge { from, to, kinds } in &self.edges {
            let _ = writeln!(out, "  {from} -- {} --> {to}", kinds.join(", "));
        }
        out
    }

    /// In the language of `dot`.
    pub fn graphviz(&self) -> String {
        let mut out = "digraph otus {\n  rankdir=LR;\n".to_owned();
        for Node { id, type_name, .. } in &self.nodes {
            let _ = writeln!(out, "  \"{id}\" [label=\"{id}\\n{type_name}\"];");
        }
        for Edge { from, to, kinds } in &self.edges {
            let kinds = kinds.join(", ");
            let _ = writeln!(out, "  \"{from}\" -> \"{to}\" [label=\"{kinds}\"];");
        }
        out.push_str("}\n");
        out
    }
}
