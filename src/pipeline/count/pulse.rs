//! Shows from outside whether a worker is inside a call of its node, and since when.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A call under way.
#[derive(Clone, Copy, Debug)]
struct Call {
    since: Instant,
    held: Held,
}

/// What a call holds that others may wait for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// Its place in the sequence of the node's results.
    pub ticket: Option<u64>,
    /// Its entry among the calls of the node.
    pub entry: Option<u64>,
}

/// Shared by a worker and the runtime that watches it.
#[derive(Debug, Default)]
pub struct Pulse {
    call: Mutex<Option<Call>>,
    left: AtomicBool,
}

impl Pulse {
    /// The worker is about to call its node.
    pub fn enter(&self, ticket: Option<u64>, entry: Option<u64>) {
        let (since, held) = (Instant::now(), Held { ticket, entry });
        *self.call() = Some(Call { since, held });
    }

    /// The call has returned; says how long it took.
    pub fn leave(&self) -> Duration {
        self.call()
            .take()
            .map_or(Duration::ZERO, |call| call.since.elapsed())
    }

    /// Whether a call has not returned for so long.
    pub fn hangs(&self, limit: Duration) -> bool {
        self.call().is_some_and(|call| call.since.elapsed() > limit)
    }

    /// Leaves the worker to itself; gives what it holds.
    pub fn leave_behind(&self) -> Held {
        self.left.store(true, Relaxed);
        self.call().map(|call| call.held).unwrap_or_default()
    }

    /// Whether nobody waits for this worker any more.
    pub fn is_left_behind(&self) -> bool {
        self.left.load(Relaxed)
    }

    fn call(&self) -> MutexGuard<'_, Option<Call>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
