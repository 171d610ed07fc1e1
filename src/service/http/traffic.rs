//! What the endpoint counts about itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What the endpoint counts about itself.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections turned away or cut because there were too many.
    pub refused: AtomicU64,
    /// Listeners to events that were cut because they were too slow.
    pub slow: AtomicU64,
}

/// The same, at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Connections turned away or cut because there were too many.
    pub refused: u64,
    /// Listeners to events that were cut because they were too slow.
    pub slow: u64,
}

impl Traffic {
    /// Reads both.
    pub fn read(&self) -> Counts {
        let (refused, slow) = (self.refused.load(Relaxed), self.slow.load(Relaxed));
        Counts { refused, slow }
    }
}
