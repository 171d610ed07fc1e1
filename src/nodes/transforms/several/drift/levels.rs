//! How loud sound is, below and above the tones that cloth and a hand take away first.

use crate::media::audio::SAMPLE_RATE;

/// A tenth of a second.
const BLOCK: usize = SAMPLE_RATE as usize / 10;
/// What a sound card of 16 bits gives at least.
const NOTHING: f32 = 1e-10;
/// Butterworth high-pass of fourth order at 2 kHz, for 16 kHz, in two sections: what goes in, once, twice and once, and what
/// comes back. Deep voices are loud enough to be heard through one of second order.
const SECTIONS: [(f32, [f32; 2]); 2] = [
    (0.516_278, [-0.855_398, 0.209_715]),
    (0.671_773, [-1.113_03, 0.574_062]),
];

/// How loud a tenth of a second is, in decibels below full scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Below 2 kHz.
    pub low: f32,
    /// Above.
    pub high: f32,
}

/// Measures sound, tenth by tenth.
#[derive(Default)]
pub struct Meter {
    delayed: [[f32; 2]; SECTIONS.len()],
    samples: usize,
    sum: f32,
    all: f32,
    high: f32,
}

impl Meter {
    /// Takes samples; gives each tenth of a second that is full.
    pub fn take(&mut self, samples: &[f32], mut tell: impl FnMut(Level)) {
        for &sample in samples {
            let mut high = sample;
            for ((gain, back), delayed) in SECTIONS.iter().zip(&mut self.delayed) {
                // Direct form II, transposed.
                let (put, out) = (gain * high, gain * high + delayed[0]);
                delayed[0] = delayed[1] - 2.0 * put - back[0] * out;
                delayed[1] = put - back[1] * out;
                high = out;
            }
            self.sum += sample;
            self.all += sample * sample;
            self.high += high * high;
            self.samples += 1;
            if self.samples == BLOCK {
                tell(self.level());
                let delayed = self.delayed;
                *self = Meter {
                    delayed,
                    ..Meter::default()
                };
            }
        }
    }

    fn level(&self) -> Level {
        let count = self.samples as f32;
        // Some sound cards add a constant.
        let constant = (self.sum / count).powi(2);
        let (all, high) = (self.all / count - constant, self.high / count);
        let decibels = |power: f32| 10.0 * power.max(NOTHING).log10();
        Level {
            low: decibels(all - high),
            high: decibels(high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(hertz: f32, constant: f32) -> Level {
        let wave = |it: usize| (it as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin() * 0.1;
        let samples: Vec<f32> = (0..BLOCK * 2).map(|it| wave(it) + constant).collect();
        let mut levels = Vec::new();
        Meter::default().take(&samples, |it| levels.push(it));
        assert_eq!(levels.len(), 2);
        levels[1]
    }

    #[test]
    fn tones_are_low_or_high_whatever_is_added() {
        // A wave of height 0.1 has -23 dB.
        for constant in [0.0, 0.3] {
            let deep = level(300.0, constant);
            assert!(
                (deep.low + 23.0).abs() < 0.5 && deep.high < -50.0,
                "{deep:?}"
            );
            let sharp = level(5_000.0, constant);
            assert!(
                (sharp.high + 23.0).abs() < 0.5 && sharp.low < -35.0,
                "{sharp:?}"
            );
        }
        let nothing = level(0.0, 0.0);
        assert_eq!(
            nothing,
            Level {
                low: -100.0,
                high: -100.0
            }
        );
    }
}
