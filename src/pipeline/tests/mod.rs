//! The runtime driven by small nodes that fail, dawdle and panic on demand.

mod births;
mod handover;
mod kinds;
mod looks;
mod opening;
mod options;
mod outages;
mod passing;
mod pressure;
mod privacy;
mod reload;
mod slow_sink;
mod time;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::clock::Time;
use crate::media::events::{Event, Gap, Of};
use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source, Transform};
use crate::pipeline::count::metrics::State;
use crate::pipeline::file;
use crate::pipeline::run::snapshot::LinkReport;
use crate::pipeline::run::{self, Outcome};
use crate::ports;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::transform::<Work>()),
    Entry::Present(catalogue::sink::<Sequences>()),
];

ports! {
    enum Seen {
        Frame(Arc<Frame>),
        Gap(Of<Gap>),
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TicksConfig {
    /// Frames to make.
    frames: u64,
    /// Whether it pretends to be a device.
    #[serde(default)]
    live: bool,
    /// Time between frames.
    #[serde(default)]
    every_ms: u64,
    /// Gives nothing after this frame.
    #[serde(default)]
    silent_after: Option<u64>,
    /// Fails after this frame, once.
    #[serde(default)]
    lost_after: Option<u64>,
}

struct Ticks {
    config: TicksConfig,
    context: Context,
    captured: Arc<AtomicU64>,
}

impl Node for Ticks {
    const NAME: &'static str = "ticks";
    const ABOUT: &'static str = "Empty frames.";
    const EXAMPLE: &'static str = "frames = 1";
    type Config = TicksConfig;

    fn open(config: &TicksConfig, context: &Context) -> Result<Ticks> {
        Ok(Ticks {
            config: config.clone(),
            captured: context.kept(),
            context: context.clone(),
        })
    }
}

impl Source for Ticks {
    type Out = Seen;

    fn is_live(config: &TicksConfig) -> bool {
        config.live
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        let seen = self.captured.load(Relaxed);
        if self.config.silent_after.is_some_and(|it| it <= seen) {
            std::thread::sleep(Duration::from_millis(20));
            return Ok(Flow::More);
        }
        let seq = self.captured.fetch_add(1, Relaxed);
        if self.config.lost_after == Some(seq) {
            return Err(Error::retry("unplugged"));
        }
        std::thread::sleep(Duration::from_millis(self.config.every_ms));
        let mut frame = Frame::empty();
        frame.seq = seq;
        frame.at = match self.config.live {
            true => self.context.clock.now(),
            false => Time::from_secs_f64(seq as f64),
        };
        out.send(Arc::new(frame));
        let more = seq + 1 < self.config.frames;
        Ok(if more { Flow::More } else { Flow::Done })
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkConfig {
    /// Time that a frame takes at most; frames take different times.
    #[serde(default)]
    most_ms: u64,
    /// Panics at this frame.
    #[serde(default)]
    panic_at: Option<u64>,
    /// Does not come back from this frame for three seconds.
    #[serde(default)]
    hang_at: Option<u64>,
    /// Cannot be opened.
    #[serde(default)]
    broken: bool,
}

struct Work(WorkConfig);

impl Node for Work {
    const NAME: &'static str = "work";
    const ABOUT: &'static str = "An event for every frame.";
    const EXAMPLE: &'static str = "";
    type Config = WorkConfig;

    fn open(config: &WorkConfig, _: &Context) -> Result<Work> {
        if config.broken {
            return Err(Error::fatal("there is no such model"));
        }
        Ok(Work(config.clone()))
    }
}

impl Transform for Work {
    type In = Arc<Frame>;
    type Out = Of<Gap>;
    const STATELESS: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Self::Out>) -> Result<()> {
        assert!(self.0.panic_at != Some(frame.seq), "asked to");
        if self.0.hang_at == Some(frame.seq) {
            std::thread::sleep(Duration::from_secs(3));
        }
        std::thread::sleep(Duration::from_millis(frame.seq * 7 % (self.0.most_ms + 1)));
        let gap = Gap::new(Time::ZERO, Time::ZERO, "");
        out.event(&frame.source, frame.at, Some(frame.seq), gap);
        Ok(())
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SequencesConfig {
    /// Time that a line takes.
    #[serde(default)]
    delay_ms: u64,
    /// Refuses every line that is the first after opening, so many times.
    #[serde(default)]
    refusals: u64,
    /// File to write sequence numbers to.
    path: String,
}

struct Sequences {
    config: SequencesConfig,
    refuses: bool,
}

static REFUSALS: AtomicU64 = AtomicU64::new(0);

impl Node for Sequences {
    const NAME: &'static str = "sequences";
    const ABOUT: &'static str = "Sequence numbers into a file.";
    const EXAMPLE: &'static str = "path = \"book\"";
    type Config = SequencesConfig;

    fn open(config: &SequencesConfig, _: &Context) -> Result<Sequences> {
        Ok(Sequences {
            refuses: config.refusals > REFUSALS.load(Relaxed),
            config: config.clone(),
        })
    }
}

impl Sink for Sequences {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        if self.refuses {
            REFUSALS.fetch_add(1, Relaxed);
            return Err(Error::retry("the disk is full"));
        }
        std::thread::sleep(Duration::from_millis(self.config.delay_ms));
        let line = event
            .head
            .seq
            .map_or("gap".to_owned(), |seq| seq.to_string());
        let text = std::fs::read_to_string(&self.config.path).unwrap_or_default();
        std::fs::write(&self.config.path, format!("{text}{line} ")).map_err(Error::fatal)
    }
}

/// Runs a pipeline whose sink is called `book`; gives what was written and how it ended.
fn run(pipeline: &str) -> (String, Outcome) {
    run_of(NODES, pipeline)
}

/// The same with other nodes.
fn run_of(nodes: &'static [Entry], pipeline: &str) -> (String, Outcome) {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("book");
    let pipeline = pipeline.replace("BOOK", path.to_str().expect("a plain path"));
    let plan = file::parse(&pipeline, Path::new("."), nodes).unwrap_or_else(|it| panic!("{it:?}"));
    let outcome = run::start(plan).wait();
    let written = std::fs::read_to_string(path).unwrap_or_default();
    (written.trim().to_owned(), outcome)
}

fn edge<'a>(outcome: &'a Outcome, from: &str) -> &'a LinkReport {
    let mut edges = outcome.snapshot.edges.iter();
    let edge = edges.find(|edge| *edge.from == *from);
    edge.expect("the edge is there")
}

fn numbers(count: u64) -> String {
    (0..count)
        .map(|it| it.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn files_lose_nothing_and_workers_keep_the_order() {
    let (written, outcome) = run("[sources.cam]\ntype='ticks'\nframes=60\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\nworkers=4\nmost_ms=6\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n");
    assert_eq!(written, numbers(60));
    assert!(outcome.failures.is_empty());
    assert_eq!(
        (
            edge(&outcome, "cam").counts.forwarded,
            edge(&outcome, "see").counts.dropped
        ),
        (60, 0)
    );
}

#[test]
fn devices_drop_old_frames_when_the_consumer_is_slow_and_every_drop_is_counted() {
    let (written, outcome) = run("[sources.cam]\ntype='ticks'\nframes=500\nlive=true\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\nmost_ms=5\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n");
    let counts = &edge(&outcome, "cam").counts;
    assert_eq!((counts.received, counts.in_flight), (500, 0));
    assert!(
        counts.dropped > 0 && counts.reasons["full"] == counts.dropped,
        "{counts:?}"
    );
    assert!(
        written.ends_with("499"),
        "the newest frame is always seen: {written}"
    );
    assert_eq!(written.split(' ').count() as u64, counts.forwarded);
}

#[test]
fn an_outage_is_told_as_a_gap_and_the_source_goes_on() {
    let (written, outcome) = run("[sources.cam]\ntype='ticks'\nframes=6\nlost_after=3\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['cam','see']\npath='BOOK'\n");
    assert_eq!(written, "0 1 2 gap 4 5");
    let cam = &outcome.snapshot.nodes[0].counts;
    assert_eq!(
        (cam.failures, cam.last_error.as_deref()),
        (1, Some("unplugged"))
    );
}

#[test]
fn a_sink_that_fails_is_given_the_same_packet_again() {
    let (written, outcome) = run("[sources.cam]\ntype='ticks'\nframes=20\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\nrefusals=2\n");
    assert_eq!(written, numbers(20));
    assert_eq!(edge(&outcome, "see").counts.dropped, 0);
}

/// F5, downstream of a file.
#[test]
fn a_panic_is_the_failure_of_its_node_and_ends_the_run() {
    let (_, outcome) = run("[sources.cam]\ntype='ticks'\nframes=1000000\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\npanic_at=5\nworkers=2\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n");
    let (id, error) = &outcome.failures[0];
    assert_eq!(
        (&**id, error.to_string()),
        ("see", "panicked: asked to".to_owned())
    );
    assert_eq!(edge(&outcome, "cam").counts.reasons["failed"], 1);
}

#[test]
fn the_run_goes_on_without_an_optional_node() {
    let (written, outcome) = run("[sources.cam]\ntype='ticks'\nframes=40\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\npanic_at=5\noptional=true\n\
         [transforms.look]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['see','look']\npath='BOOK'\n");
    assert!(outcome.failures.is_empty());
    assert_eq!(outcome.snapshot.nodes[1].counts.state, State::Failed);
    assert!(written.ends_with("39"), "{written}");
    assert_eq!(written.split(' ').count(), 40 + 5);
}

#[test]
fn a_stop_drains_and_a_sink_that_hangs_cannot_hold_it_up() {
    let text = "[runtime]\ndrain_ms=200\n\
         [sources.cam]\ntype='ticks'\nframes=1000000\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='/nonexistent/book'\ndelay_ms=150\n";
    let plan = file::parse(text, Path::new("."), NODES).unwrap_or_else(|it| panic!("{it:?}"));
    let pipeline = run::start(plan);
    let stop = pipeline.stop();
    std::thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    stop.set();
    pipeline.wait();
    assert!(started.elapsed() < Duration::from_secs(2));
}

/// F5.
#[test]
fn a_panic_downstream_of_a_device_costs_one_frame() {
    let (written, outcome) = run(
        "[sources.cam]\ntype='ticks'\nframes=40\nlive=true\nevery_ms=5\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\npanic_at=5\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n",
    );
    assert!(outcome.failures.is_empty());
    assert!(written.ends_with("39"), "{written}");
    let see = &outcome.snapshot.nodes[1].counts;
    assert_eq!((see.failures, see.state), (1, State::Ended));
    assert_eq!(edge(&outcome, "cam").counts.reasons["failed"], 1);
}

/// F7.
#[test]
fn a_call_that_hangs_is_left_behind_and_another_thread_goes_on() {
    let (written, outcome) = run("[runtime]\nhang_timeout_ms=1000\n\
         [sources.cam]\ntype='ticks'\nframes=150\nlive=true\nevery_ms=10\n\
         [transforms.see]\ntype='work'\ninputs=['cam']\nhang_at=5\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='BOOK'\n");
    assert!(outcome.failures.is_empty());
    assert!(
        written.starts_with("0 1 2 3 4 ") && written.ends_with("149"),
        "{written}"
    );
    assert!(
        !written.contains(" 5 "),
        "its result comes too late: {written}"
    );
    let error = outcome.snapshot.nodes[1].counts.last_error.as_deref();
    assert!(
        error.is_some_and(|it| it.contains("does not come back")),
        "{error:?}"
    );
}
