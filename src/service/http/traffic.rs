//! What the endpoint counts about itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What the endpoint counts about itself.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections cut because there were too many.
    pub refused: AtomicU64,
    /// Listeners to events that were cut because they were too slow.
    pub slow: AtomicU64,
    /// Wrong tokens.
    pub wrong_tokens: AtomicU64,
}

/// The same, at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Connections cut because there were too many.
    pub refused: u64,
    /// Listeners to events that were cut because they were too slow.
    pub slow: u64,
    /// Wrong tokens.
    pub wrong_tokens: u64,
}

impl Traffic {
    /// Reads all of it.
    pub fn read(&self) -> Counts {
        Counts {
            refused: self.refused.load(Relaxed),
            slow: self.slow.load(Relaxed),
            wrong_tokens: self.wrong_tokens.load(Relaxed),
        }
    }
}
