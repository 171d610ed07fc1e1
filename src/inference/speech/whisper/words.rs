//! When each word was said: whisper.cpp follows where the decoder looks in the sound (dynamic time warping, as
//! OpenAI's `timing.py`), which tells where each token ends; the sound itself tells where it is quiet.

use crate::media::audio::SAMPLE_RATE;
use crate::media::events::Word;

/// Where it is quiet within so many seconds of a boundary, that is the boundary.
const NEAR: f64 = 0.03;
/// Power is taken over 10 ms.
const STEP: usize = SAMPLE_RATE as usize / 100;
/// Quiet is what has less than this share of the amplitude of the loud parts.
const QUIET: f32 = 0.05;

/// A piece of a word, as the decoder writes it.
pub struct Token {
    /// Its text, which may be a part of a letter; empty at the end.
    pub bytes: Vec<u8>,
    /// Natural logarithm of its probability.
    pub logprob: f32,
    /// Seconds at which the decoder stops to look at its sound.
    pub end: Option<f64>,
}

/// Adds so many samples to the times of words.
pub fn shift(words: &mut [Word], samples: usize) {
    let seconds = samples as f64 / f64::from(SAMPLE_RATE);
    for word in words {
        word.start += seconds;
        word.end += seconds;
    }
}

/// The words of tokens, in seconds since the sound began. The decoder stops to look so many seconds `late`.
pub fn of(tokens: &[Token], samples: &[f32], late: f64) -> Vec<Word> {
    let quiet = quiet_steps(samples);
    let mut words: Vec<Word> = Vec::new();
    let mut last = sounds_from(&quiet);
    let texts: Vec<&Token> = tokens.iter().filter(|it| !it.bytes.is_empty()).collect();
    for spelt in texts.chunk_by(|_, next| !next.bytes.starts_with(b" ")) {
        let told = spelt.iter().filter_map(|it| it.end).next_back();
        let end = told.map_or(last.1, |it| (it - late).max(last.0));
        let boundary = quiet_near(&quiet, end);
        let bytes: Vec<u8> = spelt.iter().flat_map(|it| it.bytes.clone()).collect();
        let least = spelt.iter().map(|it| it.logprob).fold(0.0, f32::min);
        words.push(Word {
            word: String::from_utf8_lossy(&bytes).trim().to_owned(),
            start: last.1,
            end: boundary.0.max(last.1),
            probability: least.exp(),
        });
        last = (boundary.0.max(last.1), boundary.1.max(last.1));
    }
    words
}

/// For every 10 ms, whether nobody speaks in it.
fn quiet_steps(samples: &[f32]) -> Vec<bool> {
    let power = |step: &[f32]| step.iter().map(|it| it * it).sum::<f32>() / STEP as f32;
    let powers: Vec<f32> = samples.chunks(STEP).map(power).collect();
    let mut sorted = powers.clone();
    sorted.sort_by(f32::total_cmp);
    let loud = sorted.get(sorted.len() * 19 / 20).copied().unwrap_or(0.0);
    powers
        .iter()
        .map(|it| *it <= loud * QUIET * QUIET)
        .collect()
}

/// The silence before the first sound, as a boundary.
fn sounds_from(quiet: &[bool]) -> (f64, f64) {
    let first = quiet.iter().position(|it| !it).unwrap_or(0);
    (0.0, first as f64 / 100.0)
}

/// Where one word ends and the next begins, if there is a pause close to `at`.
fn quiet_near(quiet: &[bool], at: f64) -> (f64, f64) {
    let last = quiet.len().saturating_sub(1);
    let step = |seconds: f64| ((seconds * 100.0).round().max(0.0) as usize).min(last);
    let near = step(at - NEAR)..=step(at + NEAR);
    let middle = step(at);
    let found = near
        .filter(|it| quiet.get(*it) == Some(&true))
        .min_by_key(|it| it.abs_diff(middle));
    let Some(found) = found else {
        return (at, at);
    };
    let before = quiet[..found].iter().rev().take_while(|it| **it).count();
    let after = quiet[found..].iter().take_while(|it| **it).count();
    (
        (found - before) as f64 / 100.0,
        (found + after) as f64 / 100.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, end: f64) -> Token {
        Token {
            bytes: text.as_bytes().to_vec(),
            logprob: -0.1,
            end: Some(end),
        }
    }

    #[test]
    fn words_are_put_together_and_pauses_belong_to_none() {
        // Sound from 0.2 to 0.6 s and from 0.8 to 1.2 s.
        let mut samples = vec![0.0; 24_000];
        samples[3_200..9_600].fill(0.5);
        samples[12_800..19_200].fill(0.5);
        let tokens = [
            token(" liv", 0.5),
            token("ing", 0.7),
            token(" room", 1.2),
            token(".", 1.3),
            token("", 1.4),
        ];
        let found = of(&tokens, &samples, 0.05);
        let times: Vec<_> = found
            .iter()
            .map(|it| (&*it.word, it.start, it.end))
            .collect();
        assert_eq!(times, [("living", 0.2, 0.6), ("room.", 0.8, 1.2)]);
        assert!(of(&[], &samples, 0.0).is_empty() && of(&tokens, &[], 0.0).len() == 2);
    }
}
