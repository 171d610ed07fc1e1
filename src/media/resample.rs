//! Any sample rate and channel count to 16 kHz mono, as a stream.

use std::ops::RangeInclusive;

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::media::audio::SAMPLE_RATE;
use crate::media::mono::{Channel, Mono};

/// Input frames per block of the resampler: 21 ms at 48 kHz.
const BLOCK: usize = 1024;
/// What sound cards do, and more; a file that claims another rate is damaged, and its samples, each turned into
/// thousands at 1 Hz, or the resampler's buffers would fill the memory.
const RATES: RangeInclusive<u32> = 1_000..=768_000;

/// Makes one channel of interleaved ones and resamples it by FFT. Compensates the resampler's delay.
pub struct ToMono16k {
    mono: Mono,
    channels: usize,
    rate: u32,
    resampler: Option<Fft<f32>>,
    /// Mono input that does not fill a block yet.
    waiting: Vec<f32>,
    block_out: Vec<f32>,
    /// Output samples still to drop, because they are the resampler's run-up and not signal.
    skip: usize,
    frames_in: u64,
    frames_out: u64,
}

impl ToMono16k {
    /// A converter from `rate` Hz with `channels` interleaved channels.
    ///
    /// # Errors
    /// In words, if no sound has so many channels, or not this one, or the rate is below 1 kHz or above 768 kHz.
    pub fn new(rate: u32, channels: usize, channel: Channel) -> Result<ToMono16k, String> {
        if !RATES.contains(&rate) {
            return Err(format!("{rate} Hz is no sound; 1 to 768 kHz can be read"));
        }
        let mono = Mono::new(rate, channels, channel)?;
        let resampler = match rate {
            SAMPLE_RATE => None,
            _ => Some(
                Fft::new_custom(
                    rate as usize,
                    SAMPLE_RATE as usize,
                    BLOCK,
                    2,
                    1,
                    WindowFunction::BlackmanHarris2,
                    FixedSync::Input,
                )
                .map_err(|error| format!("{rate} Hz cannot be resampled: {error}"))?,
            ),
        };
        let skip = resampler.as_ref().map_or(0, Resampler::output_delay);
        let longest = resampler.as_ref().map_or(0, Resampler::output_frames_max);
        Ok(ToMono16k {
            mono,
            channels,
            rate,
            resampler,
            waiting: Vec::with_capacity(2 * BLOCK),
            block_out: vec![0.0; longest],
            skip,
            frames_in: 0,
            frames_out: 0,
        })
    }

    /// Converts more interleaved samples and appends what is ready to `out`: -1 to 1, louder ones are clipped, and
    /// those of a damaged file that are no numbers are silence.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        let frames = (interleaved.len() / self.channels) as u64;
        self.frames_in += frames;
        let mono = match self.resampler {
            Some(_) => &mut self.waiting,
            None => &mut *out,
        };
        let had = mono.len();
        self.mono.push(interleaved, mono);
        for sample in &mut mono[had..] {
            *sample = match sample.is_nan() {
                true => 0.0,
                false => sample.clamp(-1.0, 1.0),
            };
        }
        if self.resampler.is_none() {
            self.frames_out += frames;
        } else {
            self.convert_blocks(out);
        }
    }

    /// What a person should know of the channels, once.
    pub fn warning(&mut self) -> Option<String> {
        let channel = self.mono.poles()?;
        Some(format!(
            "the channels are opposite and cancel each other out when they are mixed, as the two poles of one line do; \
             from here on only channel {channel} is heard, as `channel = {channel}` does from the beginning"
        ))
    }

    /// Appends the tail that the resampler still holds, so that the output is as long as the input.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let expected = self.frames_in * u64::from(SAMPLE_RATE) / u64::from(self.rate);
        while self.resampler.is_some() && self.frames_out < expected {
            self.waiting.resize(self.waiting.len() + BLOCK, 0.0);
            self.convert_blocks(out);
        }
        let surplus = self.frames_out.saturating_sub(expected) as usize;
        out.truncate(out.len().saturating_sub(surplus));
    }

    fn convert_blocks(&mut self, out: &mut Vec<f32>) {
        let Some(resampler) = &mut self.resampler else {
            return;
        };
        let mut used = 0;
        while self.waiting.len() - used >= resampler.input_frames_next() {
            let block = &self.waiting[used..];
            let length = block.len();
            let input =
                SequentialSlice::new(block, 1, length).expect("one channel as long as it is");
            let room = self.block_out.len();
            let mut output = SequentialSlice::new_mut(&mut self.block_out, 1, room)
                .expect("one channel as long as it is");
            let (read, written) = resampler
                .process_into_buffer(&input, &mut output, None)
                .expect("the buffers have the sizes that the resampler asked for");
            used += read;
            let skipped = self.skip.min(written);
            self.skip -= skipped;
            out.extend_from_slice(&self.block_out[skipped..written]);
            self.frames_out += (written - skipped) as u64;
        }
        self.waiting.drain(..used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by `make fuzz`: one sample that is no number stopped the resampler.
    #[test]
    fn samples_that_are_no_numbers_are_silence() {
        for rate in [SAMPLE_RATE, 44_100] {
            let mut convert = ToMono16k::new(rate, 1, Channel::default()).expect("a common rate");
            let mut mono = Vec::new();
            let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, 0.5];
            convert.push(&broken.repeat(2000), &mut mono);
            convert.finish(&mut mono);
            assert!(mono.len() > 3000 && mono.iter().all(|it| it.abs() < 2.0));
        }
    }

    /// Found by `make fuzz`: each sample of a file at 1 Hz became 16,000.
    #[test]
    fn rates_that_no_sound_has_are_refused() {
        for (rate, channels, said) in [
            (0, 1, "0 Hz"),
            (1, 1, "1 Hz"),
            (999, 1, "999 Hz"),
            (768_001, 1, "768001 Hz"),
            (10_000_000, 1, "10000000 Hz"),
            (48_000, 0, "0 channels"),
            (48_000, 255, "255 channels"),
        ] {
            let refused = ToMono16k::new(rate, channels, Channel::default());
            let refused = refused.err().expect("refused");
            assert!(refused.contains(said), "{refused}");
        }
    }

    /// A 440 Hz tone stays in phase and keeps its length, at every common rate and channel count.
    #[test]
    fn a_tone_keeps_its_phase_and_length() {
        for (rate, channels) in [
            (8_000, 1),
            (16_000, 2),
            (22_050, 1),
            (44_100, 2),
            (48_000, 6),
        ] {
            let tone = |n: usize, rate: u32| {
                (n as f32 * 440.0 * std::f32::consts::TAU / rate as f32).sin()
            };
            let interleaved: Vec<f32> = (0..rate as usize)
                .flat_map(|n| std::iter::repeat_n(tone(n, rate), channels))
                .collect();
            let mut convert =
                ToMono16k::new(rate, channels, Channel::default()).expect("a common rate");
            let mut mono = Vec::new();
            for chunk in interleaved.chunks(777 * channels) {
                convert.push(chunk, &mut mono);
            }
            convert.finish(&mut mono);
            assert_eq!(mono.len(), 16_000, "{rate} Hz, {channels} channels");
            let worst = (1000..15_000)
                .map(|n| (mono[n] - tone(n, SAMPLE_RATE)).abs())
                .fold(0.0, f32::max);
            // The resampler tells its delay in whole samples; half a sample is 0.09 at 440 Hz.
            assert!(
                worst < 0.1,
                "{rate} Hz, {channels} channels: off by {worst}"
            );
        }
    }
}
