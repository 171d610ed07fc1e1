//! Compressed media as a camera sends it: never decoded twice, never coded again.

use std::sync::Arc;
use std::time::Duration;

use crate::media::clock::Time;

/// One access unit: what a decoder takes at a time, a picture or a piece of sound.
#[derive(Clone, Debug)]
pub struct Coded {
    /// The source node that it comes from.
    pub source: Arc<str>,
    /// Whether it comes from a device.
    pub live: bool,
    /// Which of the source's streams it belongs to, and how that is coded.
    pub stream: Arc<Stream>,
    /// Capture time.
    pub at: Time,
    /// How long it lasts.
    pub duration: Duration,
    /// Whether decoding can begin here.
    pub key: bool,
    /// The bytes, in the form that `stream` names.
    pub data: Vec<u8>,
}

/// A stream of access units and what its decoder must know.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Tells it from the others of its source.
    pub index: u32,
    /// Pictures or sound.
    pub medium: Medium,
    /// The codec's name in FFmpeg, such as `h264` or `aac`.
    pub codec: String,
    /// Parameter sets and the like, which belong before the first unit.
    pub parameters: Vec<u8>,
}

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Pictures of this size in pixels.
    Picture {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Sound.
    Sound {
        /// Samples per second.
        rate: u32,
        /// Channels.
        channels: u16,
    },
}
