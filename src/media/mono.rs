//! Many channels to one: their mix, one of them, or the loudest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Channels at most; more are no sound but a damaged header.
pub const MOST: usize = 64;
/// Blocks of a second. What is decided at the end of one fades in during the next, so that nothing clicks.
const BLOCKS: u32 = 50;
/// What is left of older energy after a block: a tenth of a second counts for poles, a second for loudness.
const RECENT: f32 = 0.8;
const LASTING: f32 = 0.98;
/// The mean square of what can be heard: -80 dB.
const AUDIBLE: f32 = 1e-8;
/// The energy of a mix, as a share of what unrelated channels would leave. Opposite poles leave nothing; the widest
/// stereo music leaves more than the first, and what leaves more than the second does not contradict itself.
const CANCELLED: f32 = 0.02;
const RESTORED: f32 = 0.2;
/// So many times the energy, twice or 3 dB, makes another channel the loudest.
const LOUDER: f32 = 2.0;

/// Which of the channels is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "give the number of a channel, counted from 0, or \"mix\" or \"loudest\""
)]
pub enum Channel {
    /// All of them, or the one that is loudest at the time.
    All(Blend),
    /// The one of this number, counted from 0.
    Number(u8),
}

/// What is made of all channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Blend {
    /// Their mean.
    Mix,
    /// The one with the most energy over about a second.
    Loudest,
}

impl Default for Channel {
    fn default() -> Channel {
        Channel::All(Blend::Mix)
    }
}

/// Makes one channel of many, as a stream.
pub struct Mono {
    channels: usize,
    choice: Channel,
    /// The channel that is heard; none for the mix.
    heard: Option<usize>,
    before: Option<usize>,
    /// Frames of a block, of it so far, and of it until only `heard` is heard.
    block: usize,
    filled: usize,
    fading: usize,
    now: Energy,
    recent: Energy,
    lasting: Energy,
    poles: Poles,
}

/// Sums of squares.
#[derive(Default)]
struct Energy {
    channels: Vec<f32>,
    mix: f32,
}

/// What is known of channels that cancel each other.
#[derive(PartialEq)]
enum Poles {
    /// For so many blocks on end.
    Contrary(u32),
    /// For good; it is to be told.
    Found,
    Told,
}

impl Energy {
    fn of(channels: usize) -> Energy {
        Energy {
            channels: vec![0.0; channels],
            mix: 0.0,
        }
    }

    fn add(&mut self, kept: f32, block: &Energy) {
        for (own, new) in self.channels.iter_mut().zip(&block.channels) {
            *own = *own * kept + new;
        }
        self.mix = self.mix * kept + block.mix;
    }

    fn loudest(&self) -> usize {
        let energies = self.channels.iter().enumerate();
        let most = energies.max_by(|one, other| one.1.total_cmp(other.1));
        most.map_or(0, |(channel, _)| channel)
    }

    fn total(&self) -> f32 {
        self.channels.iter().sum()
    }

    fn clear(&mut self) {
        self.channels.fill(0.0);
        self.mix = 0.0;
    }
}

impl Mono {
    /// One channel of `channels` at `rate` frames a second.
    ///
    /// # Errors
    /// In words, if there is no such channel, or no sound has so many.
    pub fn new(rate: u32, channels: usize, choice: Channel) -> Result<Mono, String> {
        if !(1..=MOST).contains(&channels) {
            return Err(format!(
                "{channels} channels are no sound; 1 to {MOST} can be read"
            ));
        }
        let heard = match choice {
            Channel::Number(number) if usize::from(number) >= channels => {
                let here = match channels {
                    1 => "1 channel, number 0".to_owned(),
                    _ => format!("{channels} channels, 0 to {}", channels - 1),
                };
                return Err(format!("there is no `channel` {number}: it has {here}"));
            }
            Channel::Number(number) => Some(usize::from(number)),
            Channel::All(_) => None,
        };
        Ok(Mono {
            channels,
            choice,
            heard,
            before: heard,
            block: (rate / BLOCKS).max(1) as usize,
            filled: 0,
            fading: 0,
            now: Energy::of(channels),
            recent: Energy::of(channels),
            lasting: Energy::of(channels),
            poles: Poles::Contrary(0),
        })
    }

    /// Appends one sample for each frame of interleaved ones.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        let fixed = matches!(self.choice, Channel::Number(_)) || self.poles == Poles::Told;
        if self.channels == 1 || (fixed && self.fading == 0) {
            let frames = interleaved.chunks_exact(self.channels);
            out.extend(frames.map(|frame| pick(self.heard, frame)));
            return;
        }
        let mut rest = interleaved;
        while rest.len() >= self.channels {
            let room = (self.block - self.filled) * self.channels;
            let whole = rest.len() / self.channels * self.channels;
            let (run, later) = rest.split_at(room.min(whole));
            self.measure(run);
            self.fade(run, out);
            self.filled += run.len() / self.channels;
            if self.filled == self.block {
                self.decide();
            }
            rest = later;
        }
    }

    /// Channels that cancel each other, if that has just been found: the one that is heard instead of their mix.
    pub fn poles(&mut self) -> Option<usize> {
        if self.poles != Poles::Found {
            return None;
        }
        self.poles = Poles::Told;
        self.heard
    }

    fn measure(&mut self, run: &[f32]) {
        let share = 1.0 / self.channels as f32;
        for frame in run.chunks_exact(self.channels) {
            let mut sum = 0.0;
            for (energy, sample) in self.now.channels.iter_mut().zip(frame) {
                *energy += sample * sample;
                sum += sample;
            }
            self.now.mix += (sum * share) * (sum * share);
        }
    }

    fn fade(&mut self, run: &[f32], out: &mut Vec<f32>) {
        let (heard, before, step) = (self.heard, self.before, 1.0 / self.block as f32);
        let faded = self.fading.min(run.len() / self.channels);
        let (fading, steady) = run.split_at(faded * self.channels);
        for frame in fading.chunks_exact(self.channels) {
            let old = self.fading as f32 * step;
            out.push(pick(heard, frame) * (1.0 - old) + pick(before, frame) * old);
            self.fading -= 1;
        }
        let frames = steady.chunks_exact(self.channels);
        out.extend(frames.map(|frame| pick(heard, frame)));
    }

    /// At the end of a block: who is heard in the next.
    fn decide(&mut self) {
        self.filled = 0;
        // Samples that are no numbers, of a damaged file.
        if self.now.total().is_finite() {
            self.recent.add(RECENT, &self.now);
            self.lasting.add(LASTING, &self.now);
        }
        self.now.clear();
        let frames = self.block as f32 / (1.0 - RECENT);
        if self.recent.total() < AUDIBLE * frames || self.poles == Poles::Told {
            return;
        }
        let next = match self.choice {
            Channel::All(Blend::Loudest) => Some(self.loudest()),
            Channel::All(Blend::Mix) => self.without_poles(),
            Channel::Number(_) => self.heard,
        };
        if next != self.heard {
            (self.before, self.heard, self.fading) = (self.heard, next, self.block);
        }
    }

    fn loudest(&self) -> usize {
        let most = self.lasting.loudest();
        let energy = |channel: usize| self.lasting.channels[channel];
        match self.heard {
            Some(heard) if energy(most) < energy(heard) * LOUDER => heard,
            _ => most,
        }
    }

    /// A channel while the mix cancels itself out; for good, once that has lasted for a second.
    fn without_poles(&mut self) -> Option<usize> {
        let Poles::Contrary(blocks) = &mut self.poles else {
            return self.heard;
        };
        let unrelated = self.recent.total() / (self.channels * self.channels) as f32;
        let limit = match self.heard {
            None => CANCELLED,
            Some(_) => RESTORED,
        };
        if self.recent.mix > unrelated * limit {
            *blocks = 0;
            return None;
        }
        *blocks += 1;
        if *blocks >= BLOCKS {
            self.poles = Poles::Found;
        }
        self.heard.or(Some(self.lasting.loudest()))
    }
}

fn pick(channel: Option<usize>, frame: &[f32]) -> f32 {
    match channel {
        Some(channel) => frame[channel],
        None => frame.iter().sum::<f32>() / frame.len() as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 16_000;
    const LOUDEST: Channel = Channel::All(Blend::Loudest);

    fn noise(seed: u64) -> impl FnMut() -> f32 {
        let mut random = fastrand::Rng::with_seed(seed);
        move || random.f32() - 0.5
    }

    /// The mono of so many seconds, given in uneven pieces, and the channel that was found to be heard instead.
    fn mono(
        choice: Channel,
        seconds: u32,
        mut frame: impl FnMut(u32) -> [f32; 2],
    ) -> (Vec<f32>, Option<usize>) {
        let interleaved: Vec<f32> = (0..RATE * seconds).flat_map(&mut frame).collect();
        let mut mono = Mono::new(RATE, 2, choice).expect("two channels");
        let (mut out, mut told) = (Vec::new(), None);
        for piece in interleaved.chunks(2 * 777) {
            mono.push(piece, &mut out);
            told = told.or(mono.poles());
        }
        assert_eq!(out.len(), (RATE * seconds) as usize);
        (out, told)
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|it| it * it).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn a_number_is_a_channel_and_the_mix_is_their_mean() {
        let frame = |n: u32| [n as f32, 3.0];
        let (first, _) = mono(Channel::Number(0), 1, frame);
        assert_eq!(first[..3], [0.0, 1.0, 2.0]);
        let (second, _) = mono(Channel::Number(1), 1, frame);
        assert_eq!(second[..3], [3.0, 3.0, 3.0]);
        let (mix, told) = mono(Channel::default(), 1, frame);
        assert_eq!((&mix[..3], told), (&[1.5, 2.0, 2.5][..], None));
    }

    #[test]
    fn a_channel_that_is_not_there_is_told_how_many_are() {
        let refused = |channels, number| {
            let made = Mono::new(RATE, channels, Channel::Number(number));
            made.err().expect("it is refused")
        };
        assert!(refused(2, 2).contains("it has 2 channels, 0 to 1"));
        assert!(refused(1, 1).contains("it has 1 channel, number 0"));
        assert!(refused(255, 0).contains("255 channels"));
        assert!(refused(0, 0).contains("0 channels"));
    }

    #[test]
    fn opposite_poles_are_heard_by_the_louder_one_and_told_once() {
        let mut sound = noise(1);
        let mut frame = |_| {
            let sample = sound();
            [sample * 0.9, -sample]
        };
        let (heard, told) = mono(Channel::default(), 4, &mut frame);
        assert_eq!(told, Some(1));
        let tenth = RATE as usize / 10;
        assert!(power(&heard[2 * tenth..]) > 0.07, "it is as loud as it was");
        let jumps = heard.windows(2).map(|it| (it[1] - it[0]).abs());
        assert!(jumps.fold(0.0, f32::max) <= 1.0, "no click");
    }

    /// Unrelated channels, one much louder than the other, a wide mix with opposite parts, and silence.
    #[test]
    fn ordinary_stereo_is_mixed() {
        let (mut one, mut other, mut middle) = (noise(1), noise(2), noise(3));
        let mut unrelated = |_| [one(), other()];
        assert_eq!(mono(Channel::default(), 5, &mut unrelated).1, None);
        let (mut one, mut other) = (noise(4), noise(5));
        let mut wide = |_| {
            let (side, common) = (one(), middle() * 0.3);
            [common + side, common - side]
        };
        let (heard, told) = mono(Channel::default(), 5, &mut wide);
        assert_eq!(told, None);
        assert!(power(&heard) < 0.01, "only what is common");
        assert_eq!(mono(Channel::default(), 5, |_| [other(), 0.0]).1, None);
        assert_eq!(mono(Channel::default(), 5, |_| [0.0, 0.0]).1, None);
    }

    #[test]
    fn the_loudest_changes_without_a_click_and_not_for_a_little() {
        let tone = |n: u32| (n as f32 * 440.0 * std::f32::consts::TAU / RATE as f32).sin();
        let frame = |n: u32| match n / RATE {
            0..3 => [tone(n) * 0.5, tone(n) * 0.4],
            3..6 => [tone(n) * 0.5, tone(n) * 0.6],
            _ => [tone(n) * 0.05, tone(n) * 0.6],
        };
        let (heard, _) = mono(LOUDEST, 10, frame);
        let level = |second: usize| (2.0 * power(&heard[second * 16_000..][..16_000])).sqrt();
        for (second, expected) in [(1, 0.5), (2, 0.5), (5, 0.5), (8, 0.6), (9, 0.6)] {
            let level = level(second);
            assert!((level - expected).abs() < 0.01, "{level} at {second} s");
        }
        // 440 Hz at 0.6 rises by 0.104 from one sample to the next at most; the fade adds a little.
        let jumps = heard[320..].windows(2).map(|it| (it[1] - it[0]).abs());
        let settled = jumps.skip(RATE as usize).take(1_000);
        assert!(settled.fold(0.0, f32::max) < 0.11);
    }

    #[test]
    fn samples_that_are_no_numbers_do_not_decide_for_good() {
        let frame = |n: u32| match n {
            0..1000 => [f32::NAN, 0.1],
            _ => [0.0, 0.1],
        };
        let (heard, _) = mono(LOUDEST, 1, frame);
        assert_eq!(heard[15_000], 0.1);
    }
}
