//! What comes out of a camera's medium, in the order of its times.

use std::sync::Arc;

use crate::media::clock::Time;
use crate::media::events::Gap;
use crate::media::frame::Frame;

/// A frame, or that one is missing.
#[derive(Debug)]
pub enum Shot {
    /// A picture.
    Frame(Arc<Frame>),
    /// What could not be read, and when it would have been.
    Lost(Time, Gap),
}

impl Shot {
    /// Something was lost at one moment.
    pub fn lost(at: Time, why: impl Into<String>) -> Shot {
        Shot::Lost(at, Gap::new(at, at, why))
    }

    /// Its capture time.
    pub fn at(&self) -> Time {
        match self {
            Shot::Frame(frame) => frame.at,
            Shot::Lost(at, _) => *at,
        }
    }
}
