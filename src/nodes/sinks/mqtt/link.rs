//! The thread that keeps the connection to a broker, and what it shares with the node.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::book::Book;
use super::home::Home;
use super::options::Broker;
use super::session::{self, Ended};
use super::shared::{Note, Shared, lock};
use crate::media::events::Event;
use crate::nodes::parts::disk;
use crate::nodes::parts::outbox::{Counts, Outbox};
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::run::restarts::Restarts;

/// So many notes to the thread may wait.
const NOTES: usize = 256;
/// So long a broker that is there is waited for where a disk takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked for then.
const LOOK: Duration = Duration::from_millis(10);

/// The thread and the way to it.
pub struct Link {
    /// What it shares with the node.
    pub shared: Arc<Shared>,
    notes: Sender<Note>,
    thread: Blocking<()>,
    drain: Duration,
}

impl Link {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Retry` if there is no room for one.
    pub fn start(
        broker: Broker,
        outbox: Outbox,
        home: Option<Home>,
        context: &Context,
    ) -> Result<Link> {
        let (notes, mut noted) = channel(NOTES);
        let mut book = Book::default();
        if let Some(home) = &home {
            home.tell_all(&mut book);
        }
        let shared = Arc::new(Shared::new(outbox, book, home, context));
        show(&shared, &broker, context);
        let (theirs, traffic) = (Arc::clone(&shared), notes.clone());
        let open = || {
            Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Error::retry)
        };
        let thread = Blocking::start(&format!("{}-link", context.id), open, move |runtime| {
            runtime.block_on(keep(&broker, &theirs, &traffic, &mut noted));
            Ok(None)
        });
        Ok(Link {
            shared,
            notes,
            thread,
            drain: Duration::from_millis(context.runtime.drain_ms),
        })
    }

    /// Sees that the thread is there.
    ///
    /// # Errors
    /// What ended it.
    pub fn look(&mut self) -> Result<()> {
        match self.thread.next(Duration::ZERO)? {
            Next::Item(()) | Next::Nothing => Ok(()),
            Next::End => Err(Error::retry("the connection's thread has ended")),
        }
    }

    /// Takes an event to Home Assistant, and tells the thread that there is something to send.
    ///
    /// # Errors
    /// That an entity could not be noted on the disk.
    pub fn hear(&self, event: &Event) -> Result<()> {
        if let Some(home) = &self.shared.home {
            let heard = lock(home).hear(event, Instant::now(), &mut lock(&self.shared.book));
            heard.map_err(|error| self.trouble(&error))?;
        }
        // If there is no room, what is there makes the thread look.
        let _ = self.notes.try_send(Note::News);
        Ok(())
    }

    /// Makes sure of all that was put into the outbox: it is on the disk, or at the broker.
    ///
    /// # Errors
    /// That it is neither.
    pub fn settle(&self) -> Result<()> {
        let outbox = &self.shared.outbox;
        let Err(error) = outbox.settle() else {
            return Ok(());
        };
        let end = Instant::now() + PATIENCE;
        while self.shared.is_connected() && Instant::now() < end {
            if outbox.is_sent() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Err(self.trouble(&error))
    }

    /// Gives the broker time to take the rest, and says good-bye.
    ///
    /// # Errors
    /// As `settle`.
    pub fn finish(&mut self) -> Result<()> {
        if let Some(home) = &self.shared.home {
            lock(home).leave(&mut lock(&self.shared.book));
        }
        let _ = self.notes.try_send(Note::News);
        // A stop gives the whole run so long; what has not been sent then is safe.
        let end = Instant::now() + self.drain * 3 / 4;
        while !self.shared.is_all_told() && Instant::now() < end && self.look().is_ok() {
            std::thread::sleep(LOOK);
        }
        self.settle()?;
        let Counts { queued, .. } = self.shared.outbox.counts();
        if queued > 0 {
            let folder = self.shared.outbox.folder().display();
            tracing::warn!("{queued} events wait in {folder}, and the next run sends them");
        }
        self.stop();
        // Until it has said good-bye.
        let _ = self.thread.next(PATIENCE);
        Ok(())
    }

    fn stop(&self) {
        self.shared.stops.store(true, Relaxed);
        let _ = self.notes.try_send(Note::News);
    }

    fn trouble(&self, error: &std::io::Error) -> Error {
        disk::trouble(self.shared.outbox.folder(), "folder", error)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Shows how things are in `/status`.
fn show(shared: &Arc<Shared>, broker: &Broker, context: &Context) {
    let place = format!("{}:{}", broker.address.host, broker.address.port);
    context.describe("topic", &broker.topics.own);
    context.describe("client_id", &broker.client_id);
    let of = Arc::clone(shared);
    context.describe_live("broker", move || {
        Some(match of.why_away() {
            None => format!("connected to {place}"),
            Some(why) => format!("away: {why}"),
        })
    });
    let of = Arc::clone(shared);
    context.describe_live("queued", move || {
        Some(of.outbox.counts().queued.to_string())
    });
    let of = Arc::clone(shared);
    context.describe_live("lost", move || Some(of.outbox.counts().lost.to_string()));
}

/// Connects, and connects again, until it is to stop.
async fn keep(
    broker: &Broker,
    shared: &Arc<Shared>,
    traffic: &Sender<Note>,
    noted: &mut Receiver<Note>,
) {
    let mut restarts = Restarts::default();
    for number in 0.. {
        let error = match session::run(broker, shared, number, traffic, noted).await {
            Ended::Stopped => return,
            Ended::Failed { error, has_worked } => {
                if has_worked {
                    restarts.worked();
                }
                error
            }
        };
        shared.failed(&error);
        let (pause, _) = match error {
            Error::Refused(_) => restarts.after_refusal(),
            _ => restarts.after_failure(),
        };
        if stops_within(pause, shared, noted).await {
            return;
        }
    }
}

/// Waits so long, or until it is to stop; says whether.
async fn stops_within(pause: Duration, shared: &Shared, noted: &mut Receiver<Note>) -> bool {
    let end = Instant::now() + pause;
    while !shared.stops.load(Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || matches!(timeout(left, noted.recv()).await, Ok(None)) {
            break;
        }
    }
    shared.stops.load(Relaxed)
}
