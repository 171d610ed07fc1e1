//! One node, or one worker of it, on its own thread: its parts, and what it remembers.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::media::clock::Time;
use crate::media::kind::Lane;
use crate::pipeline::contract::catalogue::{Opener, Prepare, Probe, Role};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::count::pulse::Pulse;
use crate::pipeline::flow::intake::Input;
use crate::pipeline::flow::outlets::Outlets;
use crate::pipeline::flow::progress::Captured;
use crate::pipeline::flow::turns::Queue;
use crate::pipeline::run::restarts::Restarts;

/// One node, or one worker of it, on its own thread.
#[derive(Clone)]
pub struct Worker {
    /// What part the node plays.
    pub role: Role,
    /// Lanes of what it makes.
    pub makes: Vec<Lane>,
    /// Opens it.
    pub open: Opener,
    /// Loads what it needs before its medium is opened.
    pub prepare: Option<Prepare>,
    /// Tells whether its medium is there, if that can be told.
    pub probe: Option<Probe>,
    /// Packets that a sink writes before they must be settled.
    pub batch: usize,
    /// How long it waits for producers that tell nothing, if it decides by time.
    pub wait: Option<Duration>,
    /// Whether it, or anything upstream, cannot wait: then the run outlives its failures.
    pub live: bool,
    /// Whether frames of it are left out before those of others.
    pub least_needed: bool,
    /// Its world.
    pub context: Context,
    /// What flows in, shared by the workers of the node; none for a source.
    pub intake: Option<Arc<Queue>>,
    /// What flows out, shared by the workers of the node.
    pub outlets: Arc<Outlets>,
    /// What it waits for, and who waits for it.
    pub gates: Gates,
    /// Shows whether it hangs.
    pub pulse: Arc<Pulse>,
}

/// What a new worker waits for, and who waits for it.
#[derive(Clone, Default)]
pub struct Gates {
    /// Told how the first attempt to open went.
    pub opened: Option<Sender<Opened>>,
    /// Dropped after the first attempt to open, by all but sources.
    pub ready: Option<Sender<()>>,
    /// Closed when all but sources have been opened. A device waits for that before it is opened, but not for
    /// ever; a file before it is read.
    pub everyone: Option<Receiver<()>>,
    /// A source that is open waits until this is closed.
    pub go: Option<Receiver<()>>,
}

/// How opening a node went.
pub struct Opened {
    /// The node.
    pub id: Arc<str>,
    /// What went wrong.
    pub result: Result<(), String>,
}

/// What a worker remembers from one attempt to the next.
#[derive(Default)]
pub struct Memory {
    /// How far a source has come.
    pub captured: Captured,
    /// Capture time that the producer of the latest input was working on.
    pub at: Time,
    /// Up to here the node knows that nothing earlier is still to come.
    pub passed: Time,
    /// Media stopped here, for this reason; told as an event when it comes back.
    pub lost: Option<(Time, String)>,
    /// It was told that the source is away.
    pub away: bool,
    /// Frames that a source has made.
    pub frames: u64,
    /// Since when less is done, as the machine is short.
    pub strained: Option<Time>,
    /// What a sink has written and not settled yet, and since when.
    pub unsettled: Vec<Input>,
    pub unsettled_since: Option<Instant>,
    /// What a sink is given again after a failure, before anything else.
    pub again: VecDeque<Input>,
    /// It has been open.
    pub opened: bool,
    /// The medium was not there when it was last asked for: it may come back during an attempt.
    pub gone: bool,
    pub restarts: Restarts,
}

/// What ended an attempt.
pub struct Failure {
    pub error: Error,
    pub panicked: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            error,
            panicked: false,
        }
    }
}

/// A panic as the failure of its node.
pub fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure {
        error: Error::Fatal(format!("panicked: {}", text.unwrap_or("without a message"))),
        panicked: true,
    }
}
