//! In which order nodes are opened: a model takes its time, and what a camera gives meanwhile is of no use.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source};
use crate::pipeline::file;
use crate::pipeline::run;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Medium>()),
    Entry::Present(catalogue::sink::<Model>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// File that each step is written to.
    diary: PathBuf,
    /// Whether it pretends to be a device.
    #[serde(default)]
    live: bool,
    /// How long it takes to be opened.
    #[serde(default)]
    takes_ms: u64,
}

impl Config {
    fn note(&self, step: &str) {
        let diary = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.diary);
        writeln!(diary.expect("it is writable"), "{step}").expect("there is room");
    }
}

struct Medium(Config);

impl Node for Medium {
    const NAME: &'static str = "medium";
    const ABOUT: &'static str = "Nothing.";
    const EXAMPLE: &'static str = "diary = \"diary\"";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Medium> {
        config.note("opened");
        Ok(Medium(config.clone()))
    }
}

impl Source for Medium {
    type Out = std::sync::Arc<Frame>;

    fn is_live(config: &Config) -> bool {
        config.live
    }

    fn prepare(config: &Config) {
        config.note("prepared");
    }

    fn next(&mut self, _: &mut Emit<Self::Out>) -> Result<Flow> {
        self.0.note("read");
        Ok(Flow::Done)
    }
}

struct Model;

impl Node for Model {
    const NAME: &'static str = "model";
    const ABOUT: &'static str = "Takes a while to be opened.";
    const EXAMPLE: &'static str = "diary = \"diary\"";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Model> {
        std::thread::sleep(Duration::from_millis(config.takes_ms));
        config.note("loaded");
        Ok(Model)
    }
}

impl Sink for Model {
    type In = std::sync::Arc<Frame>;
    type Out = Nothing;

    fn write(&mut self, _: Self::In, _: &mut Emit<Nothing>) -> Result<()> {
        Ok(())
    }
}

/// The steps of a run.
fn steps(live: bool, takes_ms: u64) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let diary = folder.path().join("diary");
    let shown = diary.display();
    let text = format!(
        "[sources.it]\ntype = 'medium'\nlive = {live}\ndiary = '{shown}'\n\
         [sinks.model]\ntype = 'model'\ninputs = ['it']\ndiary = '{shown}'\ntakes_ms = {takes_ms}\n"
    );
    let plan = file::parse(&text, Path::new("."), NODES);
    let outcome = run::start(plan.expect("the pipeline is right")).wait();
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let diary = fs::read_to_string(diary).expect("steps were taken");
    diary.lines().map(str::to_owned).collect()
}

#[test]
fn a_file_is_opened_while_models_load_and_read_when_they_have() {
    assert_eq!(steps(false, 500), ["opened", "loaded", "read"]);
}

#[test]
fn a_device_is_opened_when_models_have_loaded() {
    assert_eq!(steps(true, 500), ["prepared", "loaded", "opened", "read"]);
}

#[test]
fn a_device_does_not_wait_for_a_model_that_does_not_get_on() {
    assert_eq!(steps(true, 4_000), ["prepared", "opened", "read", "loaded"]);
}
