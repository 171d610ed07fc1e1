//! The latest sound of one stream, for as long as an utterance may still need it, and when it was captured.

use std::sync::Arc;

use crate::media::audio::{Audio, duration_of};
use crate::media::clock::Time;

/// Samples in a row. Their numbers are those of the source, which never begins anew.
#[derive(Default)]
pub struct Memory {
    samples: Vec<f32>,
    /// Number of the first of them.
    from: u64,
    /// The latest chunk, to tell the capture time of a sample.
    latest: Option<Arc<Audio>>,
}

impl Memory {
    /// Whether a chunk goes on where the sound ends.
    pub fn continues_with(&self, audio: &Audio) -> bool {
        self.latest.is_some() && audio.first_sample == self.end()
    }

    /// Begins anew, with the sample of this number.
    pub fn begin_at(&mut self, sample: u64) {
        self.samples.clear();
        self.from = sample;
    }

    /// Adds a chunk.
    pub fn add(&mut self, audio: Arc<Audio>) {
        self.samples.extend_from_slice(&audio.samples);
        self.latest = Some(audio);
    }

    /// Number of the first sample.
    pub fn begin(&self) -> u64 {
        self.from
    }

    /// Number of the sample after the last.
    pub fn end(&self) -> u64 {
        self.from + self.samples.len() as u64
    }

    /// The samples from one on.
    pub fn after(&self, sample: u64) -> &[f32] {
        &self.samples[(sample - self.from) as usize..]
    }

    /// The samples from one to before another, as far as they are there.
    pub fn between(&self, from: u64, to: u64) -> &[f32] {
        let place = |sample: u64| (sample.clamp(self.from, self.end()) - self.from) as usize;
        &self.samples[place(from)..place(to)]
    }

    /// Forgets what lies before a sample.
    pub fn forget_before(&mut self, sample: u64) {
        let from = sample.max(self.from);
        self.samples.drain(..(from - self.from) as usize);
        self.from = from;
    }

    /// The latest chunk.
    pub fn latest(&self) -> Option<&Audio> {
        self.latest.as_deref()
    }

    /// Capture time of a sample, going by that of the latest chunk; none before the first.
    pub fn time_of(&self, sample: u64) -> Option<Time> {
        let (latest, first) = (self.latest()?, self.latest()?.first_sample);
        Some(match sample.checked_sub(first) {
            Some(later) => latest.at.after(duration_of(later)),
            None => latest.at.before(duration_of(first - sample)),
        })
    }
}
