//! Where what people say reaches a sink as it was said, though the pipeline file asks for privacy.

use super::plan::PlannedNode;
use super::problem::Problem;
use crate::media::events;
use crate::media::kind::{self, Kind};
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};

/// Works out which nodes make what holds what people say as it was said. Who redacts does not, nor who takes it from
/// those only who do not either; whoever makes it of something else does.
pub fn spread(nodes: &mut [PlannedNode]) {
    // One round carries it one edge further, and no path is longer than the number of nodes.
    for _ in 0..nodes.len() {
        for at in 0..nodes.len() {
            let node = &nodes[at];
            let makes = node.makes.iter().any(|it| it.spoken) && !node.ty.redacts;
            let mut takes = inputs(nodes, node).peekable();
            let raw = makes && (takes.peek().is_none() || takes.any(|from| from.raw));
            drop(takes);
            nodes[at].raw = raw;
        }
    }
}

/// Inputs of sinks by which it comes.
pub fn check(nodes: &[PlannedNode], catalogue: &[Entry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for sink in nodes.iter().filter(|it| it.ty.role == Role::Sink) {
        for (input, span) in &sink.inputs {
            let from = nodes.iter().find(|it| *it.id == *input.from());
            let Some(from) = from.filter(|it| it.raw) else {
                continue;
            };
            let kinds = spoken(from, sink);
            if kinds.is_empty() {
                continue;
            }
            let way = way(nodes, from, sink);
            let names: Vec<&str> = way.iter().map(|it| &*it.id).collect();
            let message = format!(
                "{} must not reach `{}` as they were said: {}",
                kind::list(&kinds, events::KINDS, "and"),
                sink.id,
                names.join(" → ")
            );
            problems.push(Problem::new(
                span.clone(),
                message,
                remedy(&way, nodes, catalogue),
            ));
        }
    }
    problems
}

/// What one node gives another of what people say.
fn spoken(from: &PlannedNode, to: &PlannedNode) -> Vec<Kind> {
    let mut kinds = from.gives(to);
    kinds.retain(|it| it.spoken);
    kinds
}

/// The nodes that give another something of what people say.
fn inputs<'a>(
    nodes: &'a [PlannedNode],
    to: &'a PlannedNode,
) -> impl Iterator<Item = &'a PlannedNode> {
    let by_name = |name: &str| nodes.iter().find(|it| *it.id == *name);
    let inputs = to.inputs.iter().filter_map(move |it| by_name(it.0.from()));
    inputs.filter(|from| !spoken(from, to).is_empty())
}

/// A way that it comes, from where it begins.
fn way<'a>(
    nodes: &'a [PlannedNode],
    from: &'a PlannedNode,
    sink: &'a PlannedNode,
) -> Vec<&'a PlannedNode> {
    let mut way = vec![sink, from];
    // The graph has no cycles.
    while let Some(before) = inputs(nodes, way[way.len() - 1]).find(|it| it.raw) {
        way.push(before);
    }
    way.reverse();
    way
}

/// What to put where on the way.
fn remedy(way: &[&PlannedNode], nodes: &[PlannedNode], catalogue: &[Entry]) -> String {
    let mut redactors = catalogue.iter().filter_map(|entry| match entry {
        Entry::Present(ty) if ty.redacts => Some(ty),
        _ => None,
    });
    let fits = |ty: &NodeType, pair: &[&PlannedNode]| {
        let kinds = spoken(pair[0], pair[1]);
        kinds.iter().any(|it| ty.accepts.contains(it))
    };
    let place = |ty: &NodeType| way.windows(2).rev().find(|pair| fits(ty, pair));
    let Some((ty, pair)) = redactors.find_map(|ty| Some((ty.name, place(ty)?))) else {
        return "no node makes of it what may be shown: remove this input".to_owned();
    };
    let (from, to) = (&pair[0].id, &pair[1].id);
    let has =
        |it: &&PlannedNode| it.ty.redacts && it.inputs.iter().any(|it| *it.0.from() == **from);
    match nodes.iter().find(has) {
        Some(there) => format!("let `{to}` take `{}` instead of `{from}`", there.id),
        None => format!("put a `{ty}` between `{from}` and `{to}`"),
    }
}
