//! Notices sound of no use: exactly nothing, which no real microphone gives, or too loud for its sound card all the time.

use std::time::Duration;

use super::condition::{Remedy, Watch};
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::events::{Condition, Health};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// Samples from here on are cut off: 16 bits end at 32767 of 32768, and resampling leaves a little less.
const FULL: f32 = 0.998;
/// One of so many samples is enough to be heard as a crackle.
const SHARE: usize = 200;
/// A pause of so long, and it is not all the time.
const PAUSE: Duration = Duration::from_secs(1);
/// It is told after so long.
const CLIPPED_AFTER_MS: u64 = 10_000;

/// Remembers since when sound has been of no use.
pub struct Level {
    zero_since: Option<Time>,
    silent: Watch,
    /// Since when it is cut off, and when it was last.
    clipped: Option<(Time, Time)>,
    clips: Watch,
}

impl Level {
    /// Silence is told after so long, and `remedy` is what else is done then.
    pub fn new(silent_after_ms: u64, remedy: Remedy, context: &Context) -> Level {
        let watch = |condition, after, remedy| Watch::new(condition, after, remedy, context);
        Level {
            zero_since: None,
            silent: watch(Condition::Silent, silent_after_ms, remedy),
            clipped: None,
            clips: watch(Condition::Clipped, CLIPPED_AFTER_MS, Remedy::Warn),
        }
    }

    /// What there is to tell of it when this has been heard.
    ///
    /// # Errors
    /// `Retry` if the source is to be opened anew.
    pub fn note(&mut self, audio: &Audio) -> Result<[Option<Health>; 2]> {
        if audio.samples.iter().any(|&sample| sample != 0.0) {
            self.zero_since = None;
        } else {
            self.zero_since.get_or_insert(audio.at);
        }
        let lasted = self.zero_since.map(|since| audio.at.since(since));
        let silent = self.silent.note(lasted.unwrap_or(Duration::ZERO))?;
        let clipped = self.clipped_for(audio);
        Ok([silent, self.clips.note(clipped)?])
    }

    fn clipped_for(&mut self, audio: &Audio) -> Duration {
        let full = audio.samples.iter().filter(|it| it.abs() >= FULL).count();
        let (since, last) = self.clipped.unwrap_or((audio.at, audio.at));
        if full * SHARE > audio.samples.len() {
            self.clipped = Some((since, audio.at));
        } else if audio.at.since(last) > PAUSE {
            self.clipped = None;
        }
        self.clipped
            .map_or(Duration::ZERO, |(since, last)| last.since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::contract::testing::context;

    /// What is told of tenths of a second of these peaks, with the second at which it is.
    fn told(peaks: impl Iterator<Item = f32>) -> Vec<(Condition, bool, u64)> {
        let mut level = Level::new(5_000, Remedy::Warn, &context());
        let mut told = Vec::new();
        for (tenth, peak) in peaks.enumerate() {
            let at = Time::from_secs_f64(tenth as f64 / 10.0);
            let samples = (0..1600).map(|it| if it % 20 == 0 { peak } else { peak / 2.0 });
            let audio = Audio {
                source: "mic".into(),
                live: true,
                first_sample: tenth as u64 * 1600,
                at,
                samples: samples.collect(),
            };
            let healths = level.note(&audio).expect("it only warns");
            let healths = healths.into_iter().flatten();
            told.extend(healths.map(|it| (it.condition, it.active, tenth as u64 / 10)));
        }
        told
    }

    #[test]
    fn silence_and_constant_clipping_are_told_and_loud_moments_are_not() {
        let minute = |peak: f32| std::iter::repeat_n(peak, 600);
        let silent = told(minute(0.0).chain(minute(0.01)));
        assert_eq!(
            silent,
            [(Condition::Silent, true, 5), (Condition::Silent, false, 60)]
        );
        // Somebody shouts, again and again.
        let clipped = told(
            (0..600)
                .map(|it| if it % 5 == 0 { 1.0 } else { 0.3 })
                .chain(minute(0.3)),
        );
        assert_eq!(
            clipped,
            [
                (Condition::Clipped, true, 10),
                (Condition::Clipped, false, 60)
            ]
        );
        assert_eq!(
            told((0..600).map(|it| if it % 20 == 0 { 1.0 } else { 0.3 })),
            []
        );
    }
}
