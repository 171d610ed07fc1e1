//! The signal that ends a run, and waits that it interrupts.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

/// Asks everything that holds a clone to stop. Closing the channel inside wakes all waiters at once.
#[derive(Clone, Debug)]
pub struct Stop {
    closed: Receiver<()>,
    open: Arc<Mutex<Option<Sender<()>>>>,
}

impl Default for Stop {
    fn default() -> Stop {
        let (open, closed) = bounded(0);
        let open = Arc::new(Mutex::new(Some(open)));
        Stop { closed, open }
    }
}

impl Stop {
    /// Asks for the stop; more than once is the same as once.
    pub fn set(&self) {
        let mut open = self
            .open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        open.take();
    }

    /// Whether the stop was asked for.
    pub fn is_set(&self) -> bool {
        self.closed.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Waits so long, or until the stop is asked for; says whether it was.
    pub fn wait(&self, at_most: Duration) -> bool {
        self.closed.recv_timeout(at_most) == Err(RecvTimeoutError::Disconnected)
    }
}
