//! What the head of a ggml Whisper model tells.

use std::ops::RangeInclusive;

use super::foreign;
use super::form::{Bytes, HEAD_NUMBERS};
use super::kept::Kept;
use super::refusal::{Refusal, bounded, number, odd};

/// A model that knows English only has the first of these, one of 99 languages the next, and of 100 the last.
/// whisper.cpp gives the tokens that are no text their numbers by it.
pub const TOKENS: RangeInclusive<usize> = 51_864..=51_866;
/// Whisper hears 30 s at once, in steps of 20 ms, and writes 448 tokens. whisper.cpp begins with up to four tokens, and
/// writes them beyond a smaller window.
const SOUND_WINDOW: RangeInclusive<usize> = 1..=1500;
const TEXT_WINDOW: RangeInclusive<usize> = 8..=448;
/// Twice what the largest Whisper has.
const MOST_STATES: usize = 2560;
const MOST_LAYERS: usize = 64;
const MOST_BANDS: usize = 256;
/// The thousands of this number in the head are the version of the format.
const VERSIONS: usize = 1000;

/// The encoder or the decoder.
#[derive(Debug)]
pub struct Side {
    /// Positions at most.
    pub window: usize,
    /// Numbers in a position.
    pub states: usize,
    /// Blocks of attention.
    pub layers: usize,
}

/// What a model tells of itself.
#[derive(Debug)]
pub struct Head {
    /// Words and marks that it knows; see [`TOKENS`].
    pub tokens: usize,
    /// What hears.
    pub sounds: Side,
    /// What writes.
    pub texts: Side,
    /// Mel bands.
    pub bands: usize,
    /// How its tables are kept.
    pub kept: Kept,
}

/// Reads it, and refuses numbers that whisper.cpp would not survive, or that no Whisper has.
pub fn head(from: &mut Bytes) -> Result<Head, Refusal> {
    let mut numbers = [0; HEAD_NUMBERS];
    for it in &mut numbers {
        *it = number(from, "its head")?;
    }
    let [_magic, tokens, rest @ ..] = numbers;
    if !TOKENS.contains(&tokens) {
        return Err(foreign::another(tokens));
    }
    let [sound_window, states, heads, layers, rest @ ..] = rest;
    let sounds = side([sound_window, states, heads, layers], SOUND_WINDOW)?;
    let [text_window, states, heads, layers, bands, kept] = rest;
    let texts = side([text_window, states, heads, layers], TEXT_WINDOW)?;
    if sounds.states != states {
        return Err(odd(&format!("{} and {states} states", sounds.states)));
    }
    bounded("mel bands", bands, 1..=MOST_BANDS)?;
    let fits = |it: &Kept| states.is_multiple_of(it.values);
    let kept = Kept::of_head(kept % VERSIONS).filter(fits);
    let kept = kept.ok_or_else(|| odd("weights kept in a way that whisper.cpp does not read"))?;
    Ok(Head {
        tokens,
        sounds,
        texts,
        bands,
        kept,
    })
}

fn side(
    [window, states, heads, layers]: [usize; 4],
    windows: RangeInclusive<usize>,
) -> Result<Side, Refusal> {
    bounded("positions", window, windows)?;
    bounded("states", states, 1..=MOST_STATES)?;
    bounded("attention heads", heads, 1..=states)?;
    bounded("layers", layers, 1..=MOST_LAYERS)?;
    if !states.is_multiple_of(heads) {
        return Err(odd(&format!("{states} states in {heads} attention heads")));
    }
    Ok(Side {
        window,
        states,
        layers,
    })
}
