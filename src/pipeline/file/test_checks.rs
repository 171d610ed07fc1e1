//! Whether the tests of a pipeline file fit the pipeline.

use super::own_tests::{Pattern, PlannedTest};
use super::plan::{Plan, PlannedNode};
use super::problem::{Problem, suggest};
use crate::media::events::KINDS;
use crate::media::kind::Lane;
use crate::pipeline::contract::catalogue::Role;

/// Tests that do not fit the pipeline. Of nodes in `doubt` nothing is known but that they may be there.
pub fn check(plan: &Plan, doubt: impl Fn(&str) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, planned) in plan.tests.iter().enumerate() {
        let name = &planned.test.name;
        if plan.tests[..at].iter().any(|it| it.test.name == *name) {
            let message = format!("there is another test `{name}`");
            let help = "give it a name of its own, by which it is told of";
            problems.push(Problem::new(planned.place("name"), message, help));
        }
        if planned.test.expect.is_empty() && planned.test.never.is_empty() {
            let message = format!("the test `{name}` expects nothing");
            let help = "say what must come: `expect = [{ kind = \"alert\", at = [10, 20] }]`, or what must not: `never`";
            problems.push(Problem::new(planned.span.clone(), message, help));
        }
        problems.extend(of_media(planned, &plan.nodes, &doubt));
        for (way, pattern) in planned.patterns() {
            problems.extend(of_pattern(planned, &way, pattern, &plan.nodes, &doubt));
        }
    }
    problems
}

fn sources(nodes: &[PlannedNode]) -> impl Iterator<Item = &PlannedNode> {
    nodes.iter().filter(|it| it.ty.role == Role::Source)
}

fn of_media(
    planned: &PlannedTest,
    nodes: &[PlannedNode],
    doubt: &impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let media = &planned.test.media;
    let is_known = |name: &str| doubt(name) || sources(nodes).any(|it| *it.id == *name);
    let unknown = media.keys().filter(|it| !is_known(it));
    let mut problems: Vec<Problem> = unknown
        .map(|name| {
            let message = format!("there is no source `{name}`");
            let help = suggest(name, sources(nodes).map(|it| &*it.id));
            Problem::new(planned.place(&format!("media.{name}")), message, help)
        })
        .collect();
    let mute = sources(nodes).filter(|it| it.live && !media.contains_key(&*it.id));
    problems.extend(mute.map(|it| {
        let message = format!(
            "the test `{}` gives the live source `{}` nothing to play",
            planned.test.name, it.id
        );
        let help = format!("write `media = {{ {} = \"FILE\" }}`", it.id);
        Problem::new(planned.span.clone(), message, help)
    }));
    problems
}

fn of_pattern(
    planned: &PlannedTest,
    way: &str,
    pattern: &Pattern,
    nodes: &[PlannedNode],
    doubt: &impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String, help: String| {
        let place = planned.place(&format!("{way}.{field}"));
        problems.push(Problem::new(place, message, help));
    };
    let tells = |it: &&PlannedNode| it.makes.iter().any(|kind| kind.lane == Lane::Event);
    let teller = pattern.node.as_ref().and_then(|name| {
        let found = nodes.iter().find(|it| *it.id == **name);
        if found.is_none() && !doubt(name) {
            let known = nodes.iter().filter(tells).map(|it| &*it.id);
            wrong(
                "node",
                format!("there is no node `{name}`"),
                suggest(name, known),
            );
        }
        found
    });
    if let Some(kind) = &pattern.kind {
        let all = KINDS.iter().map(|it| it.name);
        let made = |node: &PlannedNode| node.makes.iter().any(|it| it.name == *kind);
        if !all.clone().any(|it| it == kind) {
            let message = format!("there is no kind of event `{kind}`");
            wrong("kind", message, suggest(kind, all));
        } else if let Some(node) = teller.filter(|it| !made(it)) {
            let told = node.makes.iter().filter(|it| it.lane == Lane::Event);
            let told: Vec<&str> = told.map(|it| it.name).collect();
            let message = format!("`{}` tells no `{kind}`", node.id);
            wrong("kind", message, format!("it tells: {}", told.join(", ")));
        }
    }
    if let Some(name) = &pattern.source
        && !doubt(name)
        && !sources(nodes).any(|it| *it.id == **name)
    {
        let help = suggest(name, sources(nodes).map(|it| &*it.id));
        wrong("source", format!("there is no source `{name}`"), help);
    }
    if pattern
        .at
        .is_some_and(|[from, to]| !(0.0..=to).contains(&from))
    {
        let message = "this is no time".to_owned();
        wrong("at", message, "write `[FROM, TO]`, in seconds".to_owned());
    }
    problems
}
