//! What nodes make and take that pass on what comes in: a filter of speech makes speech, and takes no more
//! than is taken of it.

use std::collections::HashMap;

use super::plan::PlannedNode;
use crate::media::kind::Kind;

/// Works out the kinds that each node makes where it stands. What cannot be told, because an input is
/// not known or fits nothing, stays all that its type can make: the input is reported, and this would
/// only hide it.
pub fn spread(nodes: &mut [PlannedNode]) {
    // One round carries it one edge further, and no path is longer than the number of nodes.
    for _ in 0..nodes.len() {
        let made = nodes.iter().map(|it| (it.id.to_string(), it.makes.clone()));
        let made: HashMap<String, Vec<Kind>> = made.collect();
        for node in nodes.iter_mut().filter(|it| it.ty.passes) {
            let inputs = node.inputs.iter().map(|(input, _)| made.get(input.from()));
            let Some(inputs) = inputs.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let comes = |kind: &Kind| inputs.iter().any(|made| made.contains(kind));
            let passed = node.ty.produces.iter().copied().filter(comes);
            let passed: Vec<Kind> = passed.collect();
            if !passed.is_empty() {
                node.makes = passed;
            }
        }
    }
}

/// Lets them take only what somebody takes of them, so that nothing is made for nobody.
pub fn narrow(nodes: &mut [PlannedNode]) {
    for _ in 0..nodes.len() {
        for at in 0..nodes.len() {
            // Who takes what it never passes on goes by all that comes in.
            let passes = |kind: &Kind| nodes[at].ty.produces.contains(kind);
            if !nodes[at].ty.passes || !nodes[at].ty.accepts.iter().all(passes) {
                continue;
            }
            let id = &nodes[at].id;
            let is_from = |node: &&PlannedNode| node.inputs.iter().any(|it| *it.0.from() == **id);
            let wanted: Vec<Kind> = nodes
                .iter()
                .filter(is_from)
                .flat_map(|it| it.takes.clone())
                .collect();
            nodes[at].takes.retain(|kind| wanted.contains(kind));
        }
    }
}
