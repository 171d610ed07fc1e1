//! Events are whole from their birth, kinds of events are ports, and what a node has learnt outlives it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Deserialize;

use super::reload::Reloading;
use super::{Sequences, Ticks, Work};
use crate::media::clock::Time;
use crate::media::events::{Event, Gap, Of, Speech};
use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink, Transform};
use crate::pipeline::run;
use crate::pipeline::{file, tests};

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::transform::<Work>()),
    Entry::Present(catalogue::transform::<Later>()),
    Entry::Present(catalogue::transform::<Numbers>()),
    Entry::Present(catalogue::sink::<Authors>()),
    Entry::Present(catalogue::sink::<Ears>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// Passes events on, twenty events later.
#[derive(Default)]
struct Later(VecDeque<Arc<Event>>);

impl Node for Later {
    const NAME: &'static str = "later";
    const ABOUT: &'static str = "Events, twenty events later.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Later> {
        Ok(Later::default())
    }
}

impl Transform for Later {
    type In = Arc<Event>;
    type Out = Arc<Event>;

    fn apply(&mut self, event: Arc<Event>, out: &mut Emit<Arc<Event>>) -> Result<()> {
        self.0.push_back(event);
        if self.0.len() > 20 {
            out.send(self.0.pop_front().expect("there are twenty"));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Emit<Arc<Event>>) -> Result<()> {
        self.0.drain(..).for_each(|event| out.send(event));
        Ok(())
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NumbersConfig {
    /// Fails at this frame, if it is the first instance.
    #[serde(default)]
    fail_at: Option<u64>,
    /// Changes nothing.
    #[serde(default)]
    _mark: u64,
}

/// Gives every frame the next number, whichever instance looks at it.
struct Numbers(NumbersConfig, Arc<AtomicU64>);

impl Node for Numbers {
    const NAME: &'static str = "numbers";
    const ABOUT: &'static str = "A number for every frame.";
    const EXAMPLE: &'static str = "";
    type Config = NumbersConfig;

    fn open(config: &NumbersConfig, context: &Context) -> Result<Numbers> {
        Ok(Numbers(config.clone(), context.kept()))
    }
}

impl Transform for Numbers {
    type In = Arc<Frame>;
    type Out = Of<Gap>;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Of<Gap>>) -> Result<()> {
        if self.0.fail_at == Some(frame.seq) {
            return Err(Error::retry("asked to"));
        }
        let number = self.1.fetch_add(1, Relaxed);
        let gap = Gap::new(Time::ZERO, Time::ZERO, "");
        out.event(&frame.source, frame.at, Some(number), gap);
        Ok(())
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// File to write to.
    path: String,
}

/// Writes down who has told what it takes.
struct Authors(Written, Vec<String>);

impl Node for Authors {
    const NAME: &'static str = "authors";
    const ABOUT: &'static str = "Authors of events into a file.";
    const EXAMPLE: &'static str = "path = \"authors\"";
    type Config = Written;

    fn open(config: &Written, _: &Context) -> Result<Authors> {
        Ok(Authors(config.clone(), Vec::new()))
    }
}

impl Sink for Authors {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.1.push(event.head.node.to_string());
        Ok(())
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        std::fs::write(&self.0.path, self.1.join(" ")).map_err(Error::fatal)
    }
}

/// Takes `speech` and nothing else.
struct Ears;

impl Node for Ears {
    const NAME: &'static str = "ears";
    const ABOUT: &'static str = "Takes speech.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Ears> {
        Ok(Ears)
    }
}

impl Sink for Ears {
    type In = Of<Speech>;
    type Out = Nothing;

    fn write(&mut self, _: Of<Speech>, _: &mut Emit<Nothing>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn an_event_that_is_passed_on_keeps_its_author() {
    let (written, outcome) = tests::run_of(
        NODES,
        "[sources.cam]\ntype='ticks'\nframes=60\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [transforms.later]\ntype='later'\ninputs=['see']\n\
         [sinks.book]\ntype='authors'\ninputs=['later']\npath='BOOK'\n",
    );
    assert!(outcome.failures.is_empty());
    assert_eq!(written, vec!["see"; 60].join(" "));
}

#[test]
fn an_event_that_nobody_takes_is_no_wiring() {
    let text = "[sources.cam]\ntype='ticks'\nframes=1\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.ears]\ntype='ears'\ninputs=['see']\n";
    let problems = file::parse(text, Path::new("."), NODES).err();
    let messages: Vec<String> = problems
        .into_iter()
        .flatten()
        .map(|it| it.message)
        .collect();
    assert_eq!(
        messages,
        ["`ears` takes `speech` events, but `see` makes `gap` events"]
    );
}

#[test]
fn what_a_node_has_learnt_outlives_a_failure() {
    let (written, _) = tests::run_of(
        NODES,
        "[sources.cam]\ntype='ticks'\nframes=6\n\
         [transforms.count]\ntype='numbers'\ninputs=['cam']\nfail_at=3\n\
         [sinks.book]\ntype='sequences'\ninputs=['count']\npath='BOOK'\n",
    );
    assert_eq!(written, tests::numbers(5));
}

#[test]
fn what_a_node_has_learnt_outlives_a_reload() {
    let pipeline = |mark: u64| {
        format!(
            "[sources.cam]\ntype='ticks'\nframes=100\nlive=true\nevery_ms=5\n\
             [transforms.count]\ntype='numbers'\ninputs=['cam']\n_mark={mark}\n\
             [sinks.book]\ntype='sequences'\ninputs=['count']\npath='DIR/book'\n"
        )
    };
    let reloading = Reloading::start(NODES, &pipeline(1));
    let (reload, _, directory) = reloading.replace(&pipeline(2));
    assert_eq!(reload.outcome, run::snapshot::ReloadOutcome::Done);
    let text = std::fs::read_to_string(directory.path().join("book")).expect("it is there");
    let seen: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
    assert!(
        seen.windows(2).all(|it| it[1] > it[0]) && seen.last() > Some(&80),
        "{text}"
    );
}
