//! Time as nodes see it: bounds, what waits for them, and batches.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use super::reload::Reloading;
use super::{Sequences, Ticks, run_of};
use crate::media::clock::Time;
use crate::media::events::{Event, Gap, Of};
use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink, Transform};
use crate::pipeline::run::snapshot::{LinkReport, ReloadOutcome};
use crate::pipeline::{file, run};
use crate::ports;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::transform::<Ends>()),
    Entry::Present(catalogue::transform::<Pair>()),
    Entry::Present(catalogue::transform::<Slow>()),
    Entry::Present(catalogue::sink::<Batches>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EndsConfig {
    /// It is over when so long nothing more was seen.
    after_ms: u64,
    /// Only so many frames count as something that was seen.
    seen: u64,
    /// Changes nothing.
    #[serde(default)]
    _mark: u64,
}

/// Tells of the end of what was seen, by time alone: the number of the last frame, and when it is over.
struct Ends {
    config: EndsConfig,
    open: Option<Arc<Frame>>,
}

impl Node for Ends {
    const NAME: &'static str = "ends";
    const ABOUT: &'static str = "The end of what was seen.";
    const EXAMPLE: &'static str = "after_ms = 1\nseen = 1";
    type Config = EndsConfig;

    fn open(config: &EndsConfig, _: &Context) -> Result<Ends> {
        Ok(Ends {
            config: config.clone(),
            open: None,
        })
    }
}

impl Transform for Ends {
    type In = Arc<Frame>;
    type Out = Of<Gap>;
    const WAIT_MS: Option<u64> = Some(200);

    fn apply(&mut self, frame: Arc<Frame>, _: &mut Emit<Of<Gap>>) -> Result<()> {
        if frame.seq < self.config.seen {
            self.open = Some(frame);
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Gap>>) -> Result<()> {
        let after = Duration::from_millis(self.config.after_ms);
        if let Some(frame) = self.open.take_if(|it| it.at.after(after) <= to) {
            let over = frame.at.after(after);
            out.event(
                &frame.source,
                over,
                Some(frame.seq),
                Gap::new(over, over, ""),
            );
        }
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        self.open.as_ref().map(|it| it.at)
    }
}

/// A frame, and the event nearest before or after it within two seconds.
#[derive(Default)]
struct Pair {
    frames: VecDeque<Arc<Frame>>,
    events: VecDeque<Time>,
}

ports! {
    enum Two {
        Frame(Arc<Frame>),
        Event(Of<Gap>),
    }
}

const WINDOW: Duration = Duration::from_secs(2);

impl Node for Pair {
    const NAME: &'static str = "pair";
    const ABOUT: &'static str = "Frames with an event near.";
    const EXAMPLE: &'static str = "";
    type Config = NoOptions;

    fn open(_: &NoOptions, _: &Context) -> Result<Pair> {
        Ok(Pair::default())
    }
}

impl Transform for Pair {
    type In = Two;
    type Out = Of<Gap>;
    const WAIT_MS: Option<u64> = Some(500);

    fn apply(&mut self, item: Two, _: &mut Emit<Of<Gap>>) -> Result<()> {
        match item {
            Two::Frame(frame) => self.frames.push_back(frame),
            Two::Event(event) => self.events.push_back(event.head().at),
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Gap>>) -> Result<()> {
        while let Some(frame) = self.frames.pop_front_if(|it| it.at.after(WINDOW) < to) {
            let near = |at: &&Time| at.since(frame.at) <= WINDOW && frame.at.since(**at) <= WINDOW;
            if let Some(at) = self.events.iter().find(near) {
                let gap = Gap::new(frame.at, *at, "");
                out.event(&frame.source, frame.at, Some(frame.seq), gap);
            }
        }
        let needed = self.frames.front().map_or(to, |it| it.at).before(WINDOW);
        self.events.retain(|at| *at >= needed);
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        self.frames.front().map(|it| it.at)
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SlowConfig {
    /// Time that every third frame takes.
    delay_ms: u64,
}

/// Tells of every third frame, and takes its time for that.
struct Slow(SlowConfig);

impl Node for Slow {
    const NAME: &'static str = "slow";
    const ABOUT: &'static str = "An event for every third frame.";
    const EXAMPLE: &'static str = "delay_ms = 1";
    type Config = SlowConfig;

    fn open(config: &SlowConfig, _: &Context) -> Result<Slow> {
        Ok(Slow(config.clone()))
    }
}

impl Transform for Slow {
    type In = Arc<Frame>;
    type Out = Of<Gap>;
    const STATELESS: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Of<Gap>>) -> Result<()> {
        if frame.seq.is_multiple_of(3) {
            std::thread::sleep(Duration::from_millis(self.0.delay_ms));
            let gap = Gap::new(frame.at, frame.at, "");
            out.event(&frame.source, frame.at, Some(frame.seq), gap);
        }
        Ok(())
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BatchesConfig {
    /// File to write to.
    path: String,
}

/// Writes batches of three, of which the first fails once.
struct Batches(BatchesConfig, Vec<u64>, Arc<AtomicU64>);

impl Node for Batches {
    const NAME: &'static str = "batches";
    const ABOUT: &'static str = "Sequence numbers into a file, three at a time.";
    const EXAMPLE: &'static str = "path = \"batches\"";
    type Config = BatchesConfig;

    fn open(config: &BatchesConfig, context: &Context) -> Result<Batches> {
        Ok(Batches(config.clone(), Vec::new(), context.kept()))
    }
}

impl Sink for Batches {
    type In = Arc<Event>;
    type Out = Nothing;
    const BATCH: usize = 3;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        self.1.extend(event.head.seq);
        Ok(())
    }

    fn settle(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        if self.2.fetch_add(1, Relaxed) == 0 {
            return Err(Error::retry("asked to"));
        }
        let text = std::fs::read_to_string(&self.0.path).unwrap_or_default();
        let batch: String = self.1.drain(..).map(|it| format!("{it} ")).collect();
        std::fs::write(&self.0.path, text + &batch).map_err(Error::fatal)
    }
}

#[test]
fn a_sink_that_batches_loses_nothing_and_counts_what_it_has_settled() {
    let (written, outcome) = run_of(
        NODES,
        "[sources.cam]\ntype='ticks'\nframes=10\n\
         [transforms.ends]\ntype='slow'\ninputs=['cam']\ndelay_ms=0\n\
         [sinks.book]\ntype='batches'\ninputs=['ends']\npath='BOOK'\n",
    );
    assert_eq!(written, "0 3 6 9");
    let edge: &LinkReport = &outcome.snapshot.edges[1];
    assert_eq!((edge.counts.received, edge.counts.forwarded), (4, 4));
}

const OVER: &str = "[sources.cam]\ntype='ticks'\nframes=30\n\
     [transforms.ends]\ntype='ends'\ninputs=['cam']\nafter_ms=4500\nseen=10\n\
     [transforms.slow]\ntype='slow'\ninputs=['cam']\ndelay_ms=3\n\
     [sinks.book]\ntype='sequences'\ninputs=['slow','ends']\npath='BOOK'\n";

/// What was seen ends at 9 s, is over at 13.5 s, and is told between the frames 13 and 14, every time.
#[test]
fn what_ends_by_time_alone_is_told_in_the_same_place_every_time() {
    for _ in 0..10 {
        let (written, _) = run_of(NODES, OVER);
        assert_eq!(written, "0 3 6 9 12 9 15 18 21 24 27");
    }
}

#[test]
fn a_pair_is_the_same_every_time_whatever_the_scheduler_does() {
    let pipeline = |delay: u64, workers: u64| {
        format!(
            "[sources.cam]\ntype='ticks'\nframes=30\n\
             [transforms.slow]\ntype='slow'\ninputs=['cam']\ndelay_ms={delay}\nworkers={workers}\n\
             [transforms.pair]\ntype='pair'\ninputs=['cam','slow']\n\
             [sinks.book]\ntype='sequences'\ninputs=['pair','slow']\npath='BOOK'\n"
        )
    };
    let (first, _) = run_of(NODES, &pipeline(0, 1));
    assert_eq!(first.split(' ').count(), 40, "{first}");
    for (delay, workers) in [(0, 1), (2, 1), (2, 4), (0, 3), (5, 2)] {
        let (again, _) = run_of(NODES, &pipeline(delay, workers));
        assert_eq!(again, first, "{delay} ms, {workers} workers");
    }
}

/// Starts a pipeline whose sink is called `book`, and stops it when `enough` says so of what was written.
fn watched(pipeline: &str, enough: impl Fn(&str) -> bool) -> String {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("book");
    let text = pipeline.replace("BOOK", path.to_str().expect("a plain path"));
    let plan = file::parse(&text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"));
    let pipeline = run::start(plan);
    let (stop, begun) = (pipeline.stop(), Instant::now());
    let waiting = std::thread::spawn(move || pipeline.wait());
    let written = || std::fs::read_to_string(&path).unwrap_or_default();
    while !enough(&written()) && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    stop.set();
    waiting.join().expect("it ends");
    written().trim().to_owned()
}

const SEEN: &str = "[sources.cam]\ntype='ticks'\nframes=1000\nlive=true\nevery_ms=10\nsilent_after=10\n\
     [transforms.ends]\ntype='ends'\ninputs=['cam']\nafter_ms=300\nseen=10\nwait_ms=100\n\
     [sinks.book]\ntype='sequences'\ninputs=['ends']\npath='BOOK'\n";

/// Frames stop after 100 ms; what was seen is over 300 ms later and told while nothing arrives.
#[test]
fn downstream_of_a_device_time_passes_though_nothing_arrives() {
    assert_eq!(watched(SEEN, |written| !written.is_empty()), "9");
}

#[test]
fn what_is_not_over_is_told_when_a_stop_is_under_way() {
    let pipeline = SEEN.replace("after_ms=300", "after_ms=90000");
    let begun = Instant::now();
    let written = watched(&pipeline, |_| begun.elapsed() > Duration::from_millis(400));
    assert_eq!(written, "9");
}

/// The old node tells what it has seen when it ends, the new one what comes after that.
#[test]
fn time_goes_on_while_a_node_is_replaced() {
    let pipeline = |mark: u64| {
        format!(
            "[sources.cam]\ntype='ticks'\nframes=100\nlive=true\nevery_ms=5\n\
             [transforms.ends]\ntype='ends'\ninputs=['cam']\nafter_ms=1\nseen=100\n_mark={mark}\n\
             [sinks.book]\ntype='sequences'\ninputs=['ends']\npath='DIR/book'\n"
        )
    };
    let reloading = Reloading::start(NODES, &pipeline(1));
    let (reload, _, directory) = reloading.replace(&pipeline(2));
    assert_eq!(reload.outcome, ReloadOutcome::Done);
    let text = std::fs::read_to_string(directory.path().join("book")).expect("it is there");
    let told: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
    assert!(told.windows(2).all(|it| it[1] > it[0]), "{text}");
    assert!(told.len() > 30 && told.last() == Some(&99), "{text}");
}

/// What is not over when the run ends is told at its end.
#[test]
fn what_is_not_over_is_told_when_the_input_ends() {
    let (written, _) = run_of(NODES, &OVER.replace("after_ms=4500", "after_ms=90000"));
    assert!(written.ends_with("27 9"), "{written}");
}

#[test]
fn what_comes_later_than_a_node_waits_is_dropped_and_counted() {
    let text = "[sources.cam]\ntype='ticks'\nframes=60\nlive=true\nevery_ms=10\n\
         [transforms.slow]\ntype='slow'\ninputs=['cam']\ndelay_ms=80\n\
         [transforms.pair]\ntype='pair'\ninputs=['cam','slow']\nwait_ms=20\n\
         [sinks.book]\ntype='sequences'\ninputs=['pair', 'slow']\npath='BOOK'\n";
    let (_, outcome) = run_of(NODES, text);
    let edges = &outcome.snapshot.edges;
    let late = edges
        .iter()
        .find(|it| (&*it.from, &*it.to) == ("slow", "pair"));
    let late = late.expect("it is there");
    let count = late.counts.reasons.get("late").copied();
    assert!(count > Some(0), "{:?}", late.counts);
    assert_eq!(late.counts.in_flight, 0);
}
