//! Sound: chunks as they are captured, and utterances as the VAD cuts them.

use std::sync::Arc;
use std::time::Duration;

use crate::media::clock::Time;

/// Samples per second of all audio inside a pipeline.
pub const SAMPLE_RATE: u32 = 16_000;

/// A chunk of 16 kHz mono audio.
#[derive(Clone, Debug)]
pub struct Audio {
    /// The source node that captured it.
    pub source: Arc<str>,
    /// Whether it comes from a device, so that lag means something.
    pub live: bool,
    /// Index of the first sample since the source was first opened. A jump is a loss.
    pub first_sample: u64,
    /// Capture time of the first sample.
    pub at: Time,
    /// Samples, -1 to 1.
    pub samples: Vec<f32>,
}

impl Audio {
    /// Capture time just after the last sample.
    pub fn end(&self) -> Time {
        self.at.after(duration_of(self.samples.len() as u64))
    }
}

/// One stretch of speech cut by the VAD.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// The source node whose audio it is.
    pub source: Arc<str>,
    /// Whether it comes from a device, so that lag means something.
    pub live: bool,
    /// Capture time of the first of the samples.
    pub at: Time,
    /// Capture time at which speech begins, a little later.
    pub start: Time,
    /// Capture time at which speech ends; `samples` end a little later.
    pub end: Time,
    /// Mean speech probability over the stretch, 0 to 1.
    pub probability: f32,
    /// Share of the stretch, 0 to 1, whose speech probability is at or above the threshold.
    pub voiced: f32,
    /// Whether that is all. Otherwise it goes on, and all of it, or more, is yet to come as another one.
    pub complete: bool,
    /// 16 kHz mono, -1 to 1, with padding before it, and after it if it is complete.
    pub samples: Vec<f32>,
}

/// How long so many samples last.
pub fn duration_of(samples: u64) -> Duration {
    let rate = u64::from(SAMPLE_RATE);
    // As nanoseconds at once, 13 days of samples would not fit.
    let rest = samples % rate * 1_000_000_000 / rate;
    Duration::from_secs(samples / rate) + Duration::from_nanos(rest)
}
