//! Nodes that get nothing of what they can do nothing without.

use std::collections::HashMap;

use crate::media::kind::Lane;
use crate::pipeline::file::path::place_of;
use crate::pipeline::file::plan::PlannedNode;
use crate::pipeline::file::problem::Problem;

/// Checks that each node gets something of every lane that it needs. Where an input is not known nothing is said.
pub fn check(nodes: &[PlannedNode], index: &HashMap<String, usize>) -> Vec<Problem> {
    let starved = nodes.iter().flat_map(|node| {
        let inputs = node.inputs.iter().map(|(input, _)| index.get(input.from()));
        let inputs: Option<Vec<&PlannedNode>> = inputs.map(|it| Some(&nodes[*it?])).collect();
        let inputs = inputs.unwrap_or_default();
        let gives = |from: &PlannedNode, lane| from.gives(node).iter().any(|it| it.lane == lane);
        // Of inputs that give nothing at all that is said already.
        let is_fed = inputs.iter().any(|from| !from.gives(node).is_empty());
        let lacks = |lane: &Lane| is_fed && !inputs.iter().any(|from| gives(from, *lane));
        let lanes: Vec<Lane> = node.ty.needs.iter().copied().filter(lacks).collect();
        let awaited = unheard(node, &inputs);
        let lacking = lanes.into_iter();
        let problems = lacking.map(move |lane| problem(node, &inputs, lane));
        problems.chain(awaited)
    });
    starved.collect()
}

/// That no input gives the kind of event that it can do nothing without.
fn unheard(node: &PlannedNode, inputs: &[&PlannedNode]) -> Option<Problem> {
    let (option, kind) = node.awaits?;
    let gives = |from: &&PlannedNode| from.gives(node).iter().any(|it| it.name == kind);
    if inputs.is_empty() || inputs.iter().any(gives) {
        return None;
    }
    let place = place_of(option, &node.places).unwrap_or(&node.span);
    let message = format!(
        "`{}` waits for `{kind}` events: none of its inputs gives any",
        node.id
    );
    let help = format!("add one that does, or say with `{option}` what it is to wait for");
    Some(Problem::new(place.clone(), message, help))
}

fn problem(node: &PlannedNode, inputs: &[&PlannedNode], lane: Lane) -> Problem {
    let of_lane = |from: &&&PlannedNode| from.lacks.iter().any(|it| it.0 == lane);
    let lacking = inputs.iter().find(of_lane);
    let why = lacking.and_then(|from| Some((from, from.lacks.iter().find(|it| it.0 == lane)?)));
    let (message, help) = match why {
        Some((from, (_, why, help))) => (
            format!(
                "`{}` gets no {} of `{}`: {why}",
                node.id,
                lane.plural(),
                from.id
            ),
            (*help).to_owned(),
        ),
        None => (
            format!(
                "`{}` gets no {}: none of its inputs gives any",
                node.id,
                lane.plural()
            ),
            format!("add one that does; `otus nodes {}` says more", node.ty.name),
        ),
    };
    Problem::new(node.span.clone(), message, help)
}
