//! What the node and the thread with the connection share.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumqttc::{ConnectionError, Event as Traffic};

use super::book::Book;
use super::home::Home;
use crate::nodes::parts::outbox::post::Post;

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
    pub post: Arc<Post>,
    /// States.
    pub book: Mutex<Book>,
    /// What Home Assistant is told.
    pub home: Option<Mutex<Home>>,
    /// How much the broker has not acknowledged.
    pub unacknowledged: AtomicUsize,
}

impl Shared {
    /// Before there is a connection.
    pub fn new(post: Arc<Post>, home: Option<Home>) -> Shared {
        let mut book = Book::default();
        if let Some(home) = &home {
            home.tell_all(&mut book);
        }
        Shared {
            post,
            book: Mutex::new(book),
            home: home.map(Mutex::new),
            unacknowledged: AtomicUsize::new(0),
        }
    }

    /// Whether the broker has all.
    pub fn is_all_told(&self) -> bool {
        let waits = self.unacknowledged.load(Relaxed) > 0 || !lock(&self.book).is_told();
        self.post.is_there() && !waits && self.post.outbox.counts().queued == 0
    }
}

/// What is shared; a panic of the other thread leaves it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
