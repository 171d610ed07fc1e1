//! The thread that keeps the connection to a broker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::home::Home;
use super::options::Broker;
use super::session::{self, Ended};
use super::shared::{Note, Shared, lock};
use crate::media::events::Event;
use crate::nodes::parts::outbox::post::{Closing, Post};
use crate::pipeline::contract::around::File;
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::run::restarts::Restarts;

/// So many notes to the thread may wait.
const NOTES: usize = 256;
/// So long it may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// The thread and the way to it.
pub struct Link {
    /// What it shares with the node.
    pub shared: Arc<Shared>,
    notes: Sender<Note>,
    thread: Blocking<()>,
    /// Dropped after the thread.
    _closing: Closing,
}

impl Link {
    /// Starts the thread.
    pub fn start(broker: Broker, post: Arc<Post>, home: Option<Home>, context: &Context) -> Link {
        let (notes, mut noted) = channel(NOTES);
        let closing = Closing(Arc::clone(&post));
        let shared = Arc::new(Shared::new(post, home));
        context.describe("topic", &broker.topics.own);
        context.describe("client_id", &broker.client_id);
        let (theirs, traffic) = (Arc::clone(&shared), notes.clone());
        let open = || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.map_err(Error::retry)
        };
        let thread = Blocking::start(&format!("{}-link", context.id), open, move |runtime| {
            runtime.block_on(keep(&broker, &theirs, &traffic, &mut noted));
            Ok(None)
        });
        Link {
            shared,
            notes,
            thread,
            _closing: closing,
        }
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
            heard.map_err(|error| self.shared.post.trouble(&error))?;
        }
        self.wake();
        Ok(())
    }

    /// Has Home Assistant forget what the pipeline file does not name any more.
    ///
    /// # Errors
    /// That it could not be noted on the disk.
    pub fn keep_to(&self, file: &Arc<File>) -> Result<()> {
        if let Some(home) = &self.shared.home {
            let kept = lock(home).keep_to(file, &mut lock(&self.shared.book));
            kept.map_err(|error| self.shared.post.trouble(&error))?;
        }
        self.wake();
        Ok(())
    }

    /// Gives the broker time to take the rest, and says good-bye.
    ///
    /// # Errors
    /// As [`Post::settle`].
    pub fn finish(&mut self) -> Result<()> {
        if let Some(home) = &self.shared.home {
            lock(home).leave(&mut lock(&self.shared.book));
        }
        self.wake();
        self.shared.post.finish(|| self.shared.is_all_told())?;
        self.wake();
        let _ = self.thread.next(GOOD_BYE);
        Ok(())
    }

    /// If there is no room for a note, those that are there make the thread look.
    fn wake(&self) {
        let _ = self.notes.try_send(Note::News);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.post.stop();
        self.wake();
    }
}

/// Connects, and connects again, until it is to stop.
async fn keep(
    broker: &Broker,
    shared: &Shared,
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
        shared.post.failed(&error);
        let (pause, _) = match error {
            Error::Refused(_) => restarts.after_refusal(),
            _ => restarts.after_failure(),
        };
        if stops_within(pause, &shared.post, noted).await {
            return;
        }
    }
}

/// Waits so long, or until it is to stop; says whether.
async fn stops_within(pause: Duration, post: &Post, noted: &mut Receiver<Note>) -> bool {
    let end = Instant::now() + pause;
    while !post.stops() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || matches!(timeout(left, noted.recv()).await, Ok(None)) {
            break;
        }
    }
    post.stops()
}
