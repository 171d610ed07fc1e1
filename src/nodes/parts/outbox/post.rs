//! An outbox with a receiver who may be away: what the node and the thread that sends have in common.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Counts, Outbox};
use crate::nodes::parts::disk;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::metrics::{NodeStats, State};

/// Why nobody takes anything at first.
const NOT_YET: &str = "not connected yet";
/// So long a receiver that is there is waited for where a disk takes nothing, and a folder that another still has.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked for then.
const LOOK: Duration = Duration::from_millis(10);

/// An outbox and how things are with its receiver.
pub struct Post {
    /// What waits.
    pub outbox: Outbox,
    stops: AtomicBool,
    /// Why the receiver takes nothing; none if it does.
    away: Mutex<Option<String>>,
    /// How much of a run's end is for the receiver.
    drain: Duration,
    stats: Arc<NodeStats>,
}

/// Closes an outbox when it is dropped: after the thread that sends was waited for.
pub struct Closing(pub Arc<Post>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.outbox.close();
    }
}

impl Post {
    /// Opens the outbox in a folder, and shows in `/status` how things are.
    ///
    /// # Errors
    /// What is wrong with the folder, which the option of this name names.
    pub fn open(folder: &Path, max_mb: u64, context: &Context) -> Result<Arc<Post>> {
        let folder: PathBuf = context.resolve(folder);
        // Whoever had it before may be closing it just now.
        let end = Instant::now() + PATIENCE;
        let outbox = loop {
            match Outbox::open(folder.clone(), max_mb << 20) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => {
                    std::thread::sleep(LOOK);
                }
                opened => break opened,
            }
        };
        let post = Arc::new(Post {
            outbox: outbox.map_err(|error| disk::trouble(&folder, "folder", &error))?,
            stops: AtomicBool::new(false),
            away: Mutex::new(Some(NOT_YET.to_owned())),
            // A stop gives the whole run so long; what has not been sent then is safe.
            drain: Duration::from_millis(context.runtime.drain_ms) / 2,
            stats: Arc::clone(&context.stats),
        });
        post.show(context);
        Ok(post)
    }

    fn show(self: &Arc<Post>, context: &Context) {
        // What is shown must not hold the folder of a node that has ended.
        let live = |what, tell: fn(&Post) -> String| {
            let of = Arc::downgrade(self);
            context.describe_live(what, move || of.upgrade().map(|it| tell(&it)));
        };
        live("receiver", |it| match it.why_away() {
            None => "connected".to_owned(),
            Some(why) => format!("away: {why}"),
        });
        live("queued", |it| it.outbox.counts().queued.to_string());
        live("lost", |it| it.outbox.counts().lost.to_string());
    }

    /// Asks the sender to stop.
    pub fn stop(&self) {
        self.stops.store(true, Relaxed);
    }

    /// Whether the sender is to stop.
    pub fn stops(&self) -> bool {
        self.stops.load(Relaxed)
    }

    /// Whether the receiver takes what is sent.
    pub fn is_there(&self) -> bool {
        self.why_away().is_none()
    }

    /// The receiver takes what is sent.
    pub fn there(&self) {
        if self.away().take().is_some() {
            tracing::info!("connected");
        }
        self.stats.set_state(State::Running);
    }

    /// The receiver takes nothing.
    pub fn failed(&self, error: &Error) {
        let why = redact(&error.to_string());
        let before = self.away().replace(why.clone());
        if before.as_ref() != Some(&why) {
            let folder = self.outbox.folder().display();
            tracing::warn!("{why}; meanwhile events wait in {folder}");
        }
        self.stats.fail(State::Degraded, why);
    }

    /// Makes sure of all that was put into the outbox: it is on the disk, or has been sent.
    ///
    /// # Errors
    /// That it is neither.
    pub fn settle(&self) -> Result<()> {
        let Err(error) = self.outbox.settle() else {
            return Ok(());
        };
        let end = Instant::now() + PATIENCE;
        let may_be_there = || self.why_away().is_none_or(|it| it == NOT_YET);
        while may_be_there() && Instant::now() < end {
            if self.outbox.is_sent() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Err(self.trouble(&error))
    }

    /// Gives the sender time to send the rest, until `is_done`; what then waits is safe.
    ///
    /// # Errors
    /// As `settle`.
    pub fn finish(&self, is_done: impl Fn() -> bool) -> Result<()> {
        let end = Instant::now() + self.drain;
        while !is_done() && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
        self.settle()?;
        let Counts { queued, .. } = self.outbox.counts();
        if queued > 0 {
            let folder = self.outbox.folder().display();
            tracing::warn!("{queued} events wait in {folder}, and the next run sends them");
        }
        self.stop();
        Ok(())
    }

    /// That something in its folder could not be written.
    pub fn trouble(&self, error: &std::io::Error) -> Error {
        disk::trouble(self.outbox.folder(), "folder", error)
    }

    fn why_away(&self) -> Option<String> {
        self.away().clone()
    }

    fn away(&self) -> MutexGuard<'_, Option<String>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
