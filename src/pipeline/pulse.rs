//! Shows from outside whether a worker is inside a call of its node, and since when.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A call under way.
#[derive(Clone, Copy, Debug)]
struct Call {
    since: Instant,
    ticket: Option<u64>,
}

/// Shared by a worker and the runtime that watches it.
#[derive(Debug, Default)]
pub struct Pulse {
    call: Mutex<Option<Call>>,
    left: AtomicBool,
}

impl Pulse {
    /// The worker is about to call its node with the input of this ticket.
    pub fn enter(&self, ticket: Option<u64>) {
        let since = Instant::now();
        *self.call() = Some(Call { since, ticket });
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

    /// Leaves the worker to itself; gives the ticket it holds.
    pub fn leave_behind(&self) -> Option<u64> {
        self.left.store(true, Relaxed);
        self.call().and_then(|call| call.ticket)
    }

    /// Whether nobody waits for this worker any more.
    pub fn is_left_behind(&self) -> bool {
        self.left.load(Relaxed)
    }

    fn call(&self) -> std::sync::MutexGuard<'_, Option<Call>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
