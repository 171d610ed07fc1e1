//! How the values of options may be written.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{NODES, Sequences, Ticks};
use crate::media::events::{Gap, Of};
use crate::media::frame::Frame;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::file;

/// What is wrong with a camera of these options.
fn wrong(options: &str) -> Vec<String> {
    let text = format!(
        "[sources.cam]\ntype='ticks'\n{options}\n[transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='book'\n"
    );
    let problems = file::parse(&text, Path::new("."), NODES).err();
    let problems = problems.into_iter().flatten();
    problems.map(|it| it.message).collect()
}

#[test]
fn a_number_may_come_from_the_environment() {
    // Cargo sets these for tests: 0 and 1 as long as this is version 0.1.
    for number in [
        "'${CARGO_PKG_VERSION_MINOR}'",
        "'${CARGO_PKG_VERSION_MAJOR}'",
    ] {
        assert_eq!(wrong(&format!("frames={number}")), [""; 0]);
    }
    let version = wrong("frames='${CARGO_PKG_VERSION}'");
    assert!(version[0].starts_with("`frames`: invalid type: string"));
    let written = wrong("frames='7'");
    assert!(written[0].starts_with("`frames`: invalid type: string"));
    let part = wrong("frames='1${CARGO_PKG_VERSION_MINOR}'");
    assert!(part[0].starts_with("`frames`: invalid type: string"));
}

#[test]
fn a_length_of_time_may_be_written_with_its_unit() {
    assert_eq!(wrong("frames=1\nevery_ms='2s'"), [""; 0]);
    assert_eq!(wrong("frames=1\nevery_ms='1m 30s'"), [""; 0]);
    for text in ["2 parsecs", "2", "-2s"] {
        let said = wrong(&format!("frames=1\nevery_ms='{text}'"));
        assert!(
            said[0].starts_with("`every_ms`: invalid type: string"),
            "{said:?}"
        );
    }
    let elsewhere = wrong("frames='2s'");
    assert!(elsewhere[0].starts_with("`frames`: invalid type: string"));
}

/// What stands in the wrong brackets or quotes is shown as it should be written.
#[test]
fn a_slip_is_told_what_to_write() {
    for (written, help) in [
        ("frames='7'", "write `frames = 7`"),
        ("frames=1\nlive='true'", "write `live = true`"),
    ] {
        let text = format!("[sources.cam]\ntype='ticks'\n{written}\n");
        let problems = file::parse(&text, Path::new("/"), NODES).err();
        let mut helps = problems.into_iter().flatten().map(|it| it.help);
        assert!(helps.any(|it| it.contains(help)), "{written}");
    }
}

/// A node whose options have tables and lists of tables.
struct Rules;

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RulesConfig {
    /// What is done, one after the other.
    rules: Vec<Rule>,
    /// Where it is done.
    #[serde(default)]
    place: Option<Place>,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Its name.
    name: String,
    /// How much, at most.
    #[serde(default)]
    #[schemars(range(min = 1, max = 9))]
    most: Option<u8>,
    /// For how long.
    #[serde(default)]
    hold_ms: u64,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// From the left, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    x: f32,
}

impl Node for Rules {
    const NAME: &'static str = "rules";
    const ABOUT: &'static str = "Nothing.";
    const EXAMPLE: &'static str = "rules = []";
    type Config = RulesConfig;

    fn check(config: &RulesConfig) -> Vec<Misuse> {
        let empty = config
            .rules
            .iter()
            .enumerate()
            .filter(|(_, it)| it.name.is_empty());
        let misuse = |(at, _): (usize, &Rule)| {
            let option = format!("rules[{at}].name");
            Misuse::new(option, "a rule needs a name", "give it one")
        };
        empty.map(misuse).collect()
    }

    fn open(config: &RulesConfig, _: &Context) -> Result<Rules> {
        let _ = config.rules.iter().map(|it| (it.most, it.hold_ms));
        let _ = config.place.as_ref().map(|it| it.x);
        Ok(Rules)
    }
}

impl Transform for Rules {
    type In = std::sync::Arc<Frame>;
    type Out = Of<Gap>;

    fn apply(&mut self, _: std::sync::Arc<Frame>, _: &mut Emit<Of<Gap>>) -> Result<()> {
        Ok(())
    }
}

static WITH_RULES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::transform::<Rules>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

/// What is wrong with rules, and at which characters.
fn wrong_rules(options: &str) -> Vec<(String, String)> {
    let text = format!(
        "[sources.cam]\ntype='ticks'\nframes=1\n[sinks.book]\ntype='sequences'\ninputs=['see']\npath='book'\n\
         [transforms.see]\ntype='rules'\ninputs=['cam']\n{options}\n"
    );
    let problems = file::parse(&text, Path::new("."), WITH_RULES).err();
    let placed = problems.into_iter().flatten();
    let placed = placed.map(|it| (it.message, text[it.span].to_owned()));
    placed.collect()
}

#[test]
fn lists_of_tables_are_checked_at_every_depth_and_all_at_once() {
    let right = "rules=[{name='a', most=9}, {name='b', hold_ms='2s'}]\nplace={x=0.5}";
    assert_eq!(wrong_rules(right), []);
    let wrong =
        "rules=[{name='a', most=10}, {nam='b'}, {name=3}, {name='d', most='2'}]\nplace={x=2, y=1}";
    let expected = [
        ("`most` is out of range", "10"),
        ("unknown option `nam` of `rules`", "nam"),
        ("`name`: invalid type: integer `3`, expected a string", "3"),
        (
            "`most`: invalid type: string \"2\", expected a whole number",
            "'2'",
        ),
        ("`x` is out of range", "2"),
        ("unknown option `y` of `rules`", "y"),
    ];
    let expected = expected.map(|(message, at)| (message.to_owned(), at.to_owned()));
    assert_eq!(wrong_rules(wrong), expected);
    let tables = "[[transforms.see.rules]]\nname='a'\n[[transforms.see.rules]]\nmost=0\n";
    let said = wrong_rules(tables);
    let messages: Vec<&str> = said.iter().map(|it| &*it.0).collect();
    assert_eq!(
        messages,
        ["`rules`: missing field `name`", "`most` is out of range"]
    );
    let unnamed = wrong_rules("rules=[{name='a'}, {name=''}]");
    assert_eq!(
        unnamed,
        [("a rule needs a name".to_owned(), "''".to_owned())]
    );
}

#[test]
fn tables_are_documented_like_other_options() {
    let Entry::Present(ty) = &WITH_RULES[1] else {
        panic!("it is there");
    };
    let page = file::reference::node(ty);
    for row in [
        "| `rules` | list of tables | required | What is done, one after the other. |",
        "| `rules[].most` | 1 to 9 | none | How much, at most. |",
        "| `place` | table | none | Where it is done. |",
        "| `place.x` | 0 to 1 | required | From the left, 0 to 1. |",
    ] {
        assert!(page.contains(row), "{row}\n{page}");
    }
}
