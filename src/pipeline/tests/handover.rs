//! What only one node may have goes from the old holder to the new one, and back if that is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::reload::Reloading;
use super::{Ticks, Work, numbers};
use crate::media::events::Event;
use crate::media::frame::Frame;
use crate::media::packet::Nothing;
use crate::pipeline::contract::catalogue::{self, Entry};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Sink, Source};
use crate::pipeline::run::snapshot::ReloadOutcome;

static NODES: &[Entry] = &[
    Entry::Present(catalogue::source::<Ticks>()),
    Entry::Present(catalogue::source::<Device>()),
    Entry::Present(catalogue::transform::<Work>()),
    Entry::Present(catalogue::sink::<Exclusive>()),
];

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What it has: nobody else may have it open.
    path: PathBuf,
    /// Cannot be opened.
    #[serde(default)]
    broken: bool,
    /// Changes nothing.
    #[serde(default)]
    _mark: u64,
}

/// A file beside the thing says that it is open.
struct Lock(PathBuf);

impl Lock {
    fn take(config: &Config) -> Result<Lock> {
        let lock = config.path.with_extension("lock");
        let made = std::fs::File::create_new(&lock);
        made.map_err(|_| Error::fatal("another one has it"))?;
        let lock = Lock(lock);
        match config.broken {
            true => Err(Error::fatal("it is broken")),
            false => Ok(lock),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes sequence numbers to a file that nobody else may have open.
struct Exclusive(Config, #[expect(dead_code, reason = "it is held")] Lock);

impl Node for Exclusive {
    const NAME: &'static str = "exclusive";
    const ABOUT: &'static str = "Sequence numbers into a file.";
    const EXAMPLE: &'static str = "path = \"book\"";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.path).into_iter().collect()
    }

    fn open(config: &Config, _: &Context) -> Result<Exclusive> {
        Ok(Exclusive(config.clone(), Lock::take(config)?))
    }
}

impl Sink for Exclusive {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        let Some(seq) = event.head.seq else {
            return Ok(());
        };
        let text = std::fs::read_to_string(&self.0.path).unwrap_or_default();
        std::fs::write(&self.0.path, format!("{text}{seq} ")).map_err(Error::fatal)
    }
}

/// Frames from a thing that nobody else may have open.
struct Device(
    Context,
    Arc<AtomicU64>,
    #[expect(dead_code, reason = "it is held")] Lock,
);

impl Node for Device {
    const NAME: &'static str = "device";
    const ABOUT: &'static str = "Empty frames.";
    const EXAMPLE: &'static str = "path = \"device\"";
    type Config = Config;

    fn claims(config: &Config, _: &Path) -> Vec<Claim> {
        vec![Claim::device(&config.path)]
    }

    fn open(config: &Config, context: &Context) -> Result<Device> {
        Ok(Device(context.clone(), context.kept(), Lock::take(config)?))
    }
}

impl Source for Device {
    type Out = Arc<Frame>;

    fn is_live(_: &Config) -> bool {
        true
    }

    fn next(&mut self, out: &mut Emit<Arc<Frame>>) -> Result<Flow> {
        let seq = self.1.fetch_add(1, Relaxed);
        std::thread::sleep(Duration::from_millis(5));
        let mut frame = Frame::empty();
        (frame.seq, frame.at) = (seq, self.0.clock.now());
        out.send(Arc::new(frame));
        Ok(if seq < 99 { Flow::More } else { Flow::Done })
    }
}

/// No frame is dropped for want of room, however busy the machine is.
fn pipeline(camera: &str, book: &str) -> String {
    format!(
        "[sources.cam]\n{camera}\n[transforms.see]\ntype='work'\ninputs=[{{from='cam', capacity=100}}]\n\
         [sinks.book]\ntype='exclusive'\ninputs=['see']\npath='DIR/book'\n{book}\n"
    )
}

const CAMERA: &str = "type='ticks'\nframes=100\nlive=true\nevery_ms=5";

#[track_caller]
fn check(before: &str, after: &str, expected: ReloadOutcome) {
    let running = Reloading::start(NODES, before);
    let (reload, outcome, directory) = running.replace(after);
    assert_eq!(reload.outcome, expected, "{:?}", reload.error);
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let written = std::fs::read_to_string(directory.path().join("book")).unwrap_or_default();
    assert_eq!(written.trim(), numbers(100));
}

#[test]
fn a_file_is_let_go_before_the_next_one_takes_it_and_nothing_falls_between() {
    let (before, after) = (pipeline(CAMERA, ""), pipeline(CAMERA, "_mark=1"));
    check(&before, &after, ReloadOutcome::Done);
}

#[test]
fn the_old_holder_of_a_file_goes_on_where_the_new_one_is_refused() {
    let (before, after) = (pipeline(CAMERA, ""), pipeline(CAMERA, "broken=true"));
    check(&before, &after, ReloadOutcome::Refused);
}

#[test]
fn a_device_is_let_go_before_the_next_one_takes_it() {
    let device = "type='device'\npath='DIR/device'\n";
    let before = pipeline(device, "");
    let after = pipeline(&format!("{device}_mark=1"), "");
    check(&before, &after, ReloadOutcome::Done);
}

#[test]
fn the_old_holder_of_a_device_goes_on_where_the_new_one_is_refused() {
    let device = "type='device'\npath='DIR/device'\n";
    let before = pipeline(device, "");
    let after = pipeline(&format!("{device}broken=true"), "");
    check(&before, &after, ReloadOutcome::Refused);
}
