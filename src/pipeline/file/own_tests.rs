//! `[[test]]`: what a pipeline is to decide over recordings, beside the pipeline.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::path::place_of;
use super::plan::{Plan, PlannedNode};
use super::problem::{Problem, suggest};
use crate::media::events::KINDS;
use crate::media::kind::Lane;
use crate::pipeline::contract::catalogue::Role;

/// The name of the list in a pipeline file.
pub const SECTION: &str = "test";

/// What is given, and what is to come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it is called; each has its own name.
    pub name: String,
    /// What sources play, by their names: a film, a sound, pictures, or a folder of `record`. Relative paths start at the
    /// pipeline file. Every live source must have something to play.
    #[serde(default)]
    pub media: BTreeMap<String, PathBuf>,
    /// Options of nodes that are otherwise than in the file: `options.transforms.people.score = 0.5`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, BTreeMap<String, serde_json::Value>>>")]
    pub options: BTreeMap<String, BTreeMap<String, toml::Table>>,
    /// Events that must come.
    #[serde(default)]
    pub expect: Vec<Pattern>,
    /// Events that must not.
    #[serde(default)]
    pub never: Vec<Pattern>,
}

/// Which events are meant: all that is said of them must be so.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Their kind, such as `alert`.
    pub kind: Option<String>,
    /// The node that tells them.
    pub node: Option<String>,
    /// The source that they are about.
    pub source: Option<String>,
    /// The seconds of the run between which they come: `[10.0, 12.5]`.
    pub at: Option<[f64; 2]>,
    /// What else holds of them: a condition in CEL, as in `filter`.
    pub r#where: Option<String>,
    /// How many there are. Default: one at least.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: Option<u64>,
}

/// A test of a plan.
#[derive(Clone, Debug)]
pub struct PlannedTest {
    /// What it says.
    pub test: Test,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// Where the values in it stand.
    pub places: Vec<(String, Range<usize>)>,
}

impl PlannedTest {
    /// Its options, as TOML.
    pub fn options(&self) -> String {
        toml::to_string(&self.test.options).expect("it was TOML before")
    }

    /// Where one of its values stands.
    pub fn place(&self, option: &str) -> Range<usize> {
        place_of(option, &self.places).unwrap_or(&self.span).clone()
    }

    /// Its patterns, each with the way to it.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Pattern)> {
        let expect = self.test.expect.iter().enumerate();
        let expect = expect.map(|(at, it)| (format!("expect[{at}]"), it));
        let never = self.test.never.iter().enumerate();
        expect.chain(never.map(|(at, it)| (format!("never[{at}]"), it)))
    }

    /// Media that are not there.
    pub fn at_hand(&self, base: &Path) -> Vec<Problem> {
        let missing = |(source, path): (&String, &PathBuf)| {
            let path = base.join(path);
            let is_pattern = path.to_string_lossy().contains(['*', '?']);
            (!is_pattern && !path.exists()).then(|| {
                let message = format!("there is no {}", path.display());
                let help = "put the file there or name another; relative paths start at the folder of the pipeline file";
                Problem::new(self.place(&format!("media.{source}")), message, help)
            })
        };
        self.test.media.iter().filter_map(missing).collect()
    }
}

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
