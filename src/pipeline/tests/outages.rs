//! An outage that outlasts the run is told whatever its source is doing when the run ends.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Sequences;
use crate::media::events::{Gap, Of};
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::pipeline::count::metrics::State;
use crate::pipeline::{file, run};

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Pulled>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

/// Is lost at once, and then connecting until it is told to stop.
struct Pulled {
    context: Context,
    opened_before: bool,
}

impl Node for Pulled {
    const NAME: &'static str = "pulled";
    const ABOUT: &'static str = "Nothing.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(_: &Config, context: &Context) -> Result<Pulled> {
        let attempts = context.kept::<AtomicU64>();
        let before = attempts.fetch_add(1, Relaxed);
        Ok(Pulled {
            context: context.clone(),
            opened_before: before > 0,
        })
    }
}

impl Source for Pulled {
    type Out = Of<Gap>;

    fn is_live(_: &Config) -> bool {
        true
    }

    fn next(&mut self, _: &mut Emit<Self::Out>) -> Result<Flow> {
        while self.opened_before && !self.context.stop.wait(Duration::from_millis(100)) {}
        Err(Error::retry("unplugged"))
    }
}

#[test]
fn one_that_ends_while_its_source_connects_is_told() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let book = directory.path().join("book");
    let text = format!(
        "[sources.cam]\ntype='pulled'\n[sinks.book]\ntype='sequences'\ninputs=['cam']\npath='{}'\n",
        book.display()
    );
    let plan = file::parse(&text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"));
    let pipeline = run::start(plan);
    let (view, stop) = (pipeline.view(), pipeline.stop());
    let cam = || view.snapshot().nodes[0].counts.clone();
    while cam().failures == 0 || cam().state != State::Running {
        std::thread::sleep(Duration::from_millis(5));
    }
    stop.set();
    let outcome = pipeline.wait();
    assert_eq!(outcome.failures[0].1.to_string(), "unplugged");
    let written = std::fs::read_to_string(book).expect("the gap is told");
    assert_eq!(written.trim(), "gap");
}
