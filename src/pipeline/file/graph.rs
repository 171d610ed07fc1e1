//! Can this wiring work? Pure; finds every problem.

use std::collections::{HashMap, HashSet};

use crate::media::events;
use crate::media::kind::{self, Kind, Lane};
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::file::input::Input;
use crate::pipeline::file::path::place_of;
use crate::pipeline::file::plan::PlannedNode;
use crate::pipeline::file::problem::{Problem, suggest};
use crate::pipeline::file::{kinds, labels, needs};

/// Checks inputs, kinds and cycles. Of nodes in `doubt` nothing is known but that they may be there.
pub fn check(
    nodes: &[PlannedNode],
    doubt: impl Fn(&str) -> bool,
    catalogue: &[Entry],
) -> Vec<Problem> {
    let index = index(nodes);
    let mut problems = inputs(nodes, doubt, &index, catalogue);
    problems.extend(cycles(nodes, &index));
    problems.extend(unseen(nodes, &index));
    problems.extend(several(nodes, &index));
    problems.extend(contested(nodes));
    problems.extend(needs::check(nodes, &index));
    problems
}

/// Checks, where all else is right, that every output is taken, and works out which nodes are live.
pub fn complete(nodes: &mut [PlannedNode]) -> Vec<Problem> {
    settle(nodes);
    let mut problems = loose_ends(nodes);
    // Of what nobody takes at all nothing can be of use.
    if problems.is_empty() {
        kinds::narrow(nodes);
        problems = idle_inputs(nodes);
        problems.extend(labels::check(nodes, &|it| it.names.clone()));
    }
    problems
}

/// Works out which nodes are live.
pub fn settle(nodes: &mut [PlannedNode]) {
    spread_live(nodes, &index(nodes));
}

fn index(nodes: &[PlannedNode]) -> HashMap<String, usize> {
    let places = nodes.iter().enumerate();
    places.map(|(at, node)| (node.id.to_string(), at)).collect()
}

fn inputs(
    nodes: &[PlannedNode],
    doubt: impl Fn(&str) -> bool,
    index: &HashMap<String, usize>,
    catalogue: &[Entry],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in nodes {
        for (at, (input, span)) in node.inputs.iter().enumerate() {
            let name = input.from();
            let mut before = node.inputs[..at].iter();
            if let Some((_, first)) = before.find(|it| it.0.from() == name) {
                let message = format!("`{name}` is an input of `{}` twice", node.id);
                let problem = Problem::new(span.clone(), message, "remove one");
                problems.push(problem.with_first(first.clone()));
            }
            let Some(&from) = index.get(name) else {
                if doubt(name) {
                    continue;
                }
                let message = format!("there is no node `{name}`");
                let known = nodes.iter().map(|it| &*it.id).filter(|id| **id != *node.id);
                problems.push(Problem::new(span.clone(), message, suggest(name, known)));
                continue;
            };
            let from = &nodes[from];
            let lacks = |it: &&(Lane, _, _)| node.ty.accepts.iter().any(|kind| kind.lane == it.0);
            if fits(from, node) {
                continue;
            }
            // What it can do nothing without says more than what it could take as well.
            let is_needed = |it: &&(Lane, _, _)| node.ty.needs.contains(&it.0);
            let lacking = || from.lacks.iter().filter(lacks);
            let lack = lacking().find(is_needed).or_else(|| lacking().next());
            if let Some((_, why, help)) = lack {
                let message = format!("`{}` takes nothing of `{name}`: {why}", node.id);
                problems.push(Problem::new(span.clone(), message, *help));
            } else {
                let message = match &from.makes[..] {
                    [] => format!("`{name}` gives nothing"),
                    makes => format!(
                        "`{}` takes {}, but `{name}` makes {}",
                        node.ty.name,
                        list(&node.takes),
                        list(makes)
                    ),
                };
                problems.push(Problem::new(
                    span.clone(),
                    message,
                    remedy(from, node, nodes, catalogue),
                ));
            }
        }
    }
    problems
}

/// Whether a node gives another what that takes.
fn fits(from: &PlannedNode, to: &PlannedNode) -> bool {
    let given = from.gives(to).len();
    if to.ty.together {
        given == to.takes.len()
    } else {
        given > 0
    }
}

/// What to put between two nodes that do not fit.
fn remedy(
    from: &PlannedNode,
    to: &PlannedNode,
    nodes: &[PlannedNode],
    catalogue: &[Entry],
) -> String {
    let takes = |ty: &NodeType| ty.accepts.iter().any(|it| from.makes.contains(it));
    let makes = |ty: &NodeType| {
        let mut taken = to.takes.iter().map(|it| ty.produces.contains(it));
        if to.ty.together {
            taken.all(|it| it)
        } else {
            taken.any(|it| it)
        }
    };
    let fits = |ty: &NodeType| !ty.passes && takes(ty) && makes(ty);
    if let Some(between) = nodes.iter().find(|node| fits(node.ty)) {
        return format!("take `{}` as input instead", between.id);
    }
    let between = catalogue.iter().find_map(|entry| match entry {
        Entry::Present(ty) if fits(ty) => Some(ty.name),
        _ => None,
    });
    match between {
        Some(name) => format!("put a `{name}` between `{}` and `{}`", from.id, to.id),
        None => format!("`otus nodes {}` says what it takes", to.ty.name),
    }
}

fn list(kinds: &[Kind]) -> String {
    kind::list(kinds, events::KINDS, "and")
}

/// Nodes that claim what another has.
fn contested(nodes: &[PlannedNode]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        for claim in &node.claims {
            let Some(holder) = nodes[..at].iter().find(|it| it.claims.contains(claim)) else {
                continue;
            };
            let message = format!("`{}` and `{}` both want {claim}", holder.id, node.id);
            let help = match claim {
                Claim::Stream(_) => one_for_both(holder, node),
                _ => "give each its own, or let one node do for both".to_owned(),
            };
            let problem = Problem::new(node.span.clone(), message, help);
            problems.push(problem.with_first(holder.span.clone()));
        }
    }
    problems
}

/// What to do where two nodes read one stream.
fn one_for_both(first: &PlannedNode, second: &PlannedNode) -> String {
    let (kept, other) = match second.makes.len() > first.makes.len() {
        true => (second, first),
        false => (first, second),
    };
    format!(
        "remove `{}` and take `{}` as input in its place: all that comes of it, comes by one connection",
        other.id, kept.id
    )
}

fn cycles(nodes: &[PlannedNode], index: &HashMap<String, usize>) -> Vec<Problem> {
    // Peel off nodes whose inputs are all settled; what is left feeds itself.
    let mut settled = HashSet::new();
    let from = |(input, _): &(Input, _)| index.get(input.from());
    loop {
        let ready = |node: &&PlannedNode| {
            !settled.contains(&index[&*node.id])
                && (node.inputs.iter().filter_map(from)).all(|from| settled.contains(from))
        };
        let ready: Vec<usize> = nodes
            .iter()
            .filter(ready)
            .map(|it| index[&*it.id])
            .collect();
        if ready.is_empty() {
            break;
        }
        settled.extend(ready);
    }
    let mut problems = Vec::new();
    for (at, node) in nodes
        .iter()
        .enumerate()
        .filter(|(at, _)| !settled.contains(at))
    {
        if !comes_back(nodes, index, at) {
            continue;
        }
        let message = format!(
            "`{}` waits for its own output: the inputs form a cycle",
            node.id
        );
        let help = "remove the input that leads back";
        problems.push(Problem::new(node.span.clone(), message, help));
    }
    problems
}

/// Whether following inputs from `start` leads back to it.
fn comes_back(nodes: &[PlannedNode], index: &HashMap<String, usize>, start: usize) -> bool {
    upstream(nodes, index, start).contains(&start)
}

/// What following inputs from `start` leads to.
fn upstream(nodes: &[PlannedNode], index: &HashMap<String, usize>, start: usize) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let mut to_do = vec![start];
    while let Some(at) = to_do.pop() {
        let inputs = nodes[at].inputs.iter();
        let known = inputs.filter_map(|(input, _)| index.get(input.from()));
        to_do.extend(known.filter(|from| seen.insert(**from)));
    }
    seen
}

/// Sources that the options of a node name, and that it sees nothing of.
fn unseen(nodes: &[PlannedNode], index: &HashMap<String, usize>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if node.sources.is_empty() {
            continue;
        }
        let before = upstream(nodes, index, at);
        let is_known = |it: &(Input, _)| index.contains_key(it.0.from());
        let mut all = before.iter().chain([&at]).flat_map(|it| &nodes[*it].inputs);
        // Of an input that is not known it is told already.
        if !all.all(is_known) {
            continue;
        }
        let sources = nodes.iter().enumerate();
        let sources = sources.filter(|(at, it)| it.ty.role == Role::Source && before.contains(at));
        let sources: Vec<&str> = sources.map(|(_, it)| &*it.id).collect();
        for (option, name) in node.sources.iter().filter(|it| !sources.contains(&&*it.1)) {
            let place = place_of(option, &node.places).unwrap_or(&node.span);
            let message = format!("`{}` sees nothing of a source `{name}`", node.id);
            let help = suggest(name, sources.iter().copied());
            problems.push(Problem::new(place.clone(), message, help));
        }
    }
    problems
}

/// Nodes whose output reaches no sink.
fn loose_ends(nodes: &[PlannedNode]) -> Vec<Problem> {
    let taken: HashSet<&str> = nodes
        .iter()
        .flat_map(|node| node.inputs.iter().map(|(input, _)| input.from()))
        .collect();
    let unused = |node: &&PlannedNode| node.ty.role != Role::Sink && !taken.contains(&*node.id);
    nodes
        .iter()
        .filter(unused)
        .map(|node| {
            let message = format!("nothing takes the output of `{}`", node.id);
            let help = format!(
                "add \"{}\" to the inputs of a sink, or remove the node",
                node.id
            );
            Problem::new(node.span.clone(), message, help)
        })
        .collect()
}

/// Inputs of nodes that pass on what comes in, of which nobody takes anything that they pass on.
fn idle_inputs(nodes: &[PlannedNode]) -> Vec<Problem> {
    let index = index(nodes);
    let mut problems = Vec::new();
    for node in nodes.iter().filter(|it| it.ty.passes) {
        for (input, span) in &node.inputs {
            let from = &nodes[index[input.from()]];
            if from.gives(node).is_empty() {
                let (id, makes) = (&node.id, list(&from.makes));
                let message = format!("nothing that takes `{id}` takes {makes} of `{}`", from.id);
                problems.push(Problem::new(span.clone(), message, "remove this input"));
            }
        }
    }
    problems
}

/// Nodes that follow one stream and are given those of several sources.
fn several(nodes: &[PlannedNode], index: &HashMap<String, usize>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, node) in nodes.iter().enumerate().filter(|it| it.1.ty.single) {
        let before = upstream(nodes, index, at);
        let sources = before.iter().map(|it| &nodes[*it]);
        let mut sources: Vec<&str> = sources
            .filter(|it| it.ty.role == Role::Source)
            .map(|it| &*it.id)
            .collect();
        sources.sort_unstable();
        let [first, second, ..] = sources[..] else {
            continue;
        };
        let (id, name) = (&node.id, node.ty.name);
        let message = format!("`{id}` follows one source, and is given `{first}` and `{second}`");
        let help = format!("make another `{name}` for `{second}`");
        problems.push(Problem::new(node.span.clone(), message, help));
    }
    problems
}

/// A node downstream of a device is live too.
fn spread_live(nodes: &mut [PlannedNode], index: &HashMap<String, usize>) {
    // One round carries it one edge further, and no path is longer than the number of nodes.
    for _ in 0..nodes.len() {
        for at in 0..nodes.len() {
            let live = |(input, _): &(Input, _)| nodes[index[input.from()]].live;
            nodes[at].live = nodes[at].live || nodes[at].inputs.iter().any(live);
        }
    }
}
