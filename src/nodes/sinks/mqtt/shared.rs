//! What the node and the thread with the connection share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumqttc::{ConnectionError, Event as Traffic};

use super::book::Book;
use super::home::Home;
use crate::nodes::parts::outbox::Outbox;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Error;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::metrics::{NodeStats, State};

/// A note to the thread.
pub enum Note {
    /// There is more to send, or to stop.
    News,
    /// What a connection of this number has come to.
    Traffic(u64, Result<Traffic, ConnectionError>),
}

/// What node and thread share.
pub struct Shared {
    /// Events on their way.
    pub outbox: Outbox,
    /// States.
    pub book: Mutex<Book>,
    /// What Home Assistant is told.
    pub home: Option<Mutex<Home>>,
    /// Whether the connection is to be closed.
    pub stops: AtomicBool,
    /// How much the broker has not acknowledged.
    pub unacknowledged: AtomicUsize,
    /// Why there is no connection; none if there is one.
    away: Mutex<Option<String>>,
    stats: Arc<NodeStats>,
}

impl Shared {
    /// Before there is a connection.
    pub fn new(outbox: Outbox, book: Book, home: Option<Home>, context: &Context) -> Shared {
        Shared {
            outbox,
            book: Mutex::new(book),
            home: home.map(Mutex::new),
            stops: AtomicBool::new(false),
            unacknowledged: AtomicUsize::new(0),
            away: Mutex::new(Some("not connected yet".to_owned())),
            stats: Arc::clone(&context.stats),
        }
    }

    /// Why there is no connection; none if there is one.
    pub fn why_away(&self) -> Option<String> {
        lock(&self.away).clone()
    }

    /// Whether the broker has all.
    pub fn is_all_told(&self) -> bool {
        let waits = self.unacknowledged.load(Relaxed) > 0 || !lock(&self.book).is_told();
        self.is_connected() && !waits && self.outbox.counts().queued == 0
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        lock(&self.away).is_none()
    }

    /// The broker has let us in.
    pub fn connected(&self) {
        if lock(&self.away).take().is_some() {
            tracing::info!("connected to the broker");
        }
        self.stats.set_state(State::Running);
    }

    /// There is no connection.
    pub fn failed(&self, error: &Error) {
        let why = redact(&error.to_string());
        let before = lock(&self.away).replace(why.clone());
        if before.as_ref() != Some(&why) {
            tracing::warn!(
                "{why}; meanwhile events go to {}",
                self.outbox.folder().display()
            );
        }
        self.stats.fail(State::Degraded, why);
    }
}

/// What is shared; a panic of the other thread leaves it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
