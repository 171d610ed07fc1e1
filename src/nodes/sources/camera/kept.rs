//! What a camera knows of its earlier instances.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Kept while it is opened anew.
#[derive(Default)]
pub struct Kept {
    /// Frames of all instances so far.
    pub captured: AtomicU64,
    /// Until when there was sound, in nanoseconds.
    pub heard_to: Arc<AtomicU64>,
}
