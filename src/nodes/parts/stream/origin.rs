//! What turns the timestamps of a medium into capture times.

use std::sync::Arc;

use super::clock::StreamClock;

/// Where timestamps count from.
#[derive(Clone)]
pub enum Origin {
    /// A camera's clock.
    Live(Arc<StreamClock>),
    /// The timestamp of a film's time zero, in seconds.
    File(f64),
}
