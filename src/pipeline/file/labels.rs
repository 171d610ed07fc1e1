//! Labels that options name though no detector before the node has a word for them: nothing would ever be so called.

use std::sync::Arc;

use crate::media::kind::Lane;
use crate::pipeline::file::path::place_of;
use crate::pipeline::file::plan::PlannedNode;
use crate::pipeline::file::problem::{Problem, suggest};

/// All that a node calls what it finds, if that is known.
type Named<'a> = &'a dyn Fn(&PlannedNode) -> Option<Vec<Arc<str>>>;

/// Of all nodes of a graph without cycles.
pub fn check(nodes: &[PlannedNode], named: Named) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in nodes.iter().filter(|it| !it.labels.is_empty()) {
        let Some(known) = known_to(nodes, node, named) else {
            continue;
        };
        let is_unknown = |it: &&(String, String)| !known.iter().any(|known| **known == *it.1);
        for (option, label) in node.labels.iter().filter(is_unknown) {
            let place = place_of(option, &node.places).unwrap_or(&node.span);
            let message = format!("what `{}` is given is never called `{label}`", node.id);
            let help = suggest(label, known.iter().map(|it| &**it));
            problems.push(Problem::new(place.clone(), message, help));
        }
    }
    problems
}

/// All that the objects may be called which a node is given; none if one of the detectors before it does not say.
fn known_to(nodes: &[PlannedNode], node: &PlannedNode, named: Named) -> Option<Vec<Arc<str>>> {
    let mut known = Vec::new();
    for from in givers(nodes, node) {
        // Who is given objects does not find them.
        match givers(nodes, from).next() {
            Some(_) => known.extend(known_to(nodes, from, named)?),
            None => known.extend(named(from)?),
        }
    }
    (!known.is_empty()).then_some(known)
}

/// The nodes that give another objects.
fn givers<'a>(
    nodes: &'a [PlannedNode],
    to: &'a PlannedNode,
) -> impl Iterator<Item = &'a PlannedNode> {
    let by_name = |name: &str| nodes.iter().find(|it| *it.id == *name);
    let inputs = to.inputs.iter().filter_map(move |it| by_name(it.0.from()));
    inputs.filter(|from| from.gives(to).iter().any(|it| it.lane == Lane::Objects))
}
