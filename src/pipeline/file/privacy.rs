//! Where what people say or look like reaches a sink as it was, though the pipeline file asks for privacy.

use std::collections::HashSet;

use super::plan::PlannedNode;
use super::problem::Problem;
use crate::media::events;
use crate::media::kind::{self, Kind, Private};
use crate::pipeline::contract::catalogue::{Entry, NodeType, Role};

/// In the order in which they are told: what holds both is told once.
const PRIVATE: [Private; 2] = [Private::Speech, Private::Looks];

/// Works out what of people each node makes as it was. Who redacts makes nothing of it, nor does who takes it from
/// those only who do not either; whoever makes it of something else does, as pictures are cut out by what was found. What
/// is said comes from sound and words alone: a film made of pictures has none.
pub fn spread(nodes: &mut [PlannedNode]) {
    // One round carries it one edge further, and no path is longer than the number of nodes.
    for _ in 0..nodes.len() {
        for at in 0..nodes.len() {
            let node = &nodes[at];
            let is_raw = |what: &Private| {
                let makes = node.makes.iter().any(|it| it.holds(*what)) && !node.ty.redacts;
                let mut takes = inputs(nodes, node, *what).peekable();
                let makes_it_anew = *what == Private::Looks || node.inputs.is_empty();
                makes
                    && match takes.peek() {
                        Some(_) => takes.any(|from| from.raw.contains(what)),
                        None => makes_it_anew,
                    }
            };
            let raw = PRIVATE.into_iter().filter(is_raw).collect();
            nodes[at].raw = raw;
        }
    }
}

/// Inputs of sinks by which it comes.
pub fn check(nodes: &[PlannedNode], catalogue: &[Entry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for sink in nodes.iter().filter(|it| it.ty.role == Role::Sink) {
        for (input, span) in &sink.inputs {
            let Some(from) = nodes.iter().find(|it| *it.id == *input.from()) else {
                continue;
            };
            for (at, what) in PRIVATE.into_iter().enumerate() {
                if !from.raw.contains(&what) {
                    continue;
                }
                let mut kinds = given(from, sink, what);
                let is_told =
                    |it: &Kind, what: &Private| it.holds(*what) && from.raw.contains(what);
                kinds.retain(|it| !PRIVATE[..at].iter().any(|what| is_told(it, what)));
                if !kinds.is_empty() {
                    let way = way(nodes, from, sink, what);
                    let help = remedy(&way, nodes, catalogue, what);
                    problems.push(Problem::new(span.clone(), told(&kinds, &way, what), help));
                }
            }
        }
    }
    problems
}

fn told(kinds: &[Kind], way: &[&PlannedNode], what: Private) -> String {
    let names: Vec<&str> = way.iter().map(|it| &*it.id).collect();
    let shows_both = |it: &Kind| PRIVATE.iter().all(|what| it.holds(*what));
    let as_it_was = match what {
        _ if kinds.iter().any(shows_both) => "seen and heard",
        Private::Speech => "said",
        Private::Looks => "seen",
    };
    format!(
        "{} must not reach `{}` as they were {as_it_was}: {}",
        kind::list(kinds, events::KINDS, "and"),
        names[names.len() - 1],
        names.join(" → ")
    )
}

/// What one node gives another that holds this of people.
fn given(from: &PlannedNode, to: &PlannedNode, what: Private) -> Vec<Kind> {
    let mut kinds = from.gives(to);
    kinds.retain(|it| it.holds(what));
    kinds
}

/// The nodes that give another something of it.
fn inputs<'a>(
    nodes: &'a [PlannedNode],
    to: &'a PlannedNode,
    what: Private,
) -> impl Iterator<Item = &'a PlannedNode> {
    let by_name = |name: &str| nodes.iter().find(|it| *it.id == *name);
    let inputs = to.inputs.iter().filter_map(move |it| by_name(it.0.from()));
    inputs.filter(move |from| !given(from, to, what).is_empty())
}

/// A way that it comes, from where it begins.
fn way<'a>(
    nodes: &'a [PlannedNode],
    from: &'a PlannedNode,
    sink: &'a PlannedNode,
    what: Private,
) -> Vec<&'a PlannedNode> {
    let mut way = vec![sink, from];
    // The graph has no cycles.
    while let Some(before) =
        inputs(nodes, way[way.len() - 1], what).find(|it| it.raw.contains(&what))
    {
        way.push(before);
    }
    way.reverse();
    way
}

/// What to put where on the way.
fn remedy(
    way: &[&PlannedNode],
    nodes: &[PlannedNode],
    catalogue: &[Entry],
    what: Private,
) -> String {
    let pairs = || way.windows(2).rev().map(|pair| (pair[0], pair[1]));
    for (from, to) in pairs() {
        let serves = |it: &&PlannedNode| {
            it.ty.redacts
                && !given(it, to, what).is_empty()
                && comes_from(nodes, it, from)
                && !comes_from(nodes, it, to)
        };
        if let Some(there) = nodes.iter().find(serves) {
            return format!(
                "let `{}` take `{}` instead of `{}`",
                to.id, there.id, from.id
            );
        }
    }
    let chains = |most: usize| {
        pairs().find_map(|(from, to)| {
            let names = between(&given(from, to, what), to.ty.accepts, catalogue)?;
            (names.len() <= most).then_some((from, names, to))
        })
    };
    match (1..=3).find_map(chains) {
        Some((from, names, to)) => {
            let names: Vec<String> = names.iter().map(|it| format!("a `{it}`")).collect();
            format!(
                "put {} between `{}` and `{}`",
                names.join(" and "),
                from.id,
                to.id
            )
        }
        None => "no node makes of it what may be shown: remove this input".to_owned(),
    }
}

/// Whether what a node makes comes from another, by whatever way.
fn comes_from(nodes: &[PlannedNode], node: &PlannedNode, other: &PlannedNode) -> bool {
    let (mut to_do, mut seen) = (vec![node], HashSet::new());
    while let Some(node) = to_do.pop() {
        let by_name = |name: &str| nodes.iter().find(|it| *it.id == *name);
        for before in node.inputs.iter().filter_map(|it| by_name(it.0.from())) {
            if before.id == other.id {
                return true;
            }
            if seen.insert(&before.id) {
                to_do.push(before);
            }
        }
    }
    false
}

/// The types that make of what is given something that may be shown and is taken: one that redacts, and where it takes or
/// makes something else, one before or after it.
fn between(given: &[Kind], taken: &[Kind], catalogue: &[Entry]) -> Option<Vec<&'static str>> {
    let types = || {
        catalogue.iter().filter_map(|entry| match entry {
            Entry::Present(ty) if ty.role == Role::Transform => Some(ty),
            _ => None,
        })
    };
    let fits = |made: &[Kind], taken: &[Kind]| made.iter().any(|it| taken.contains(it));
    let link = |made: &[Kind], taken: &[Kind]| -> Option<Vec<&'static str>> {
        let joins = |it: &&NodeType| {
            !it.redacts && !it.passes && fits(made, it.accepts) && fits(it.produces, taken)
        };
        match fits(made, taken) {
            true => Some(Vec::new()),
            false => types().find(joins).map(|it| vec![it.name]),
        }
    };
    let through = |redactor: &NodeType| {
        let before = link(given, redactor.accepts)?;
        let after = link(redactor.produces, taken)?;
        Some([before, vec![redactor.name], after].concat())
    };
    let ways = types().filter(|it| it.redacts).filter_map(through);
    ways.min_by_key(Vec::len)
}
