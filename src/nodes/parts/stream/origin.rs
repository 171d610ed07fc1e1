//! What turns the timestamps of a medium into capture times.

use std::path::Path;
use std::sync::Arc;

use super::clock::StreamClock;

/// A film's pictures and sound may pause for so many seconds; what is longer is a clock that was set.
pub const LONGEST_PAUSE: f64 = 60.0;

/// Whether a file is a list of films as FFmpeg reads it, which says by itself when each begins.
pub fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "ffconcat")
}

/// Where timestamps count from.
#[derive(Clone)]
pub enum Origin {
    /// A camera's clock.
    Live(Arc<StreamClock>),
    /// A film's.
    File(Film),
}

/// How a film's timestamps are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Film {
    /// The timestamp of capture time zero, in seconds.
    pub zero: f64,
    /// It may pause for so many seconds; what is longer is a clock that was set.
    pub longest_pause: f64,
}

impl Film {
    /// Of one whose first picture has this timestamp, and was taken at this second.
    pub fn new(first: f64, begins_at: f64, is_list: bool) -> Film {
        Film {
            zero: first - begins_at,
            longest_pause: if is_list {
                f64::INFINITY
            } else {
                LONGEST_PAUSE
            },
        }
    }
}
