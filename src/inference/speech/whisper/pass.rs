//! whisper.cpp at work: one pass over the samples at hand.

use std::sync::Arc;

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperError, WhisperSegment, WhisperState,
};

use super::heard::Heard;
use super::words::{self, Token};
use super::{gate, windows};
use crate::media::audio::SAMPLE_RATE;
use crate::pipeline::contract::error::{Error, Result};

/// whisper.cpp drops shorter input; silence is added up to here.
const SHORTEST: usize = SAMPLE_RATE as usize;
/// A token is some four letters and nobody says more of them in a second.
const TOKENS_PER_SECOND: usize = 8;
/// Tokens granted to any stretch of speech, however short.
const TOKENS_AT_LEAST: usize = 16;
/// What is longer may be several sentences with pauses, after which the decoder falls silent at times unless it marks
/// when each begins and ends.
const ONE_SENTENCE: usize = 5 * SAMPLE_RATE as usize;
/// Tokens granted to such marks.
const MOST_MARKS: usize = 32;

/// Full scale is 1, and some files go beyond it.
const LOUDEST: f32 = 1000.0;

/// A model with a state of its own.
pub struct Ear {
    pub model: Arc<WhisperContext>,
    pub state: WhisperState,
    pub threads: usize,
    /// Text before the speech.
    pub prompt: String,
    /// Whether the times of words are wanted.
    pub words: bool,
    /// So many seconds after the end of a word is that told.
    pub late: f64,
    /// What is heard.
    pub samples: Vec<f32>,
}

impl Ear {
    /// Makes samples those at hand, after so much silence.
    pub fn take(&mut self, samples: &[f32], silence: usize) {
        self.samples.clear();
        self.samples.resize(silence, 0.0);
        self.samples.extend(samples.iter().map(|it| usable(*it)));
        let longest = windows::samples_of(self.model.model_n_audio_ctx());
        self.samples.truncate(longest);
    }

    /// How likely each language that the model knows is, by its code.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails.
    pub fn languages(&mut self) -> Result<Vec<(&'static str, f32)>> {
        let samples = self.samples.len();
        // whisper.cpp reads beyond the end of what is shorter than its window's half.
        self.samples.resize(samples.max(SHORTEST), 0.0);
        let done = self.state.pcm_to_mel(&self.samples, self.threads);
        self.samples.truncate(samples);
        done.map_err(failed)?;
        let (_, probabilities) = self.state.lang_detect(0, self.threads).map_err(failed)?;
        let named = |(id, it)| Some((whisper_rs::get_lang_str(id)?, it));
        Ok((0..).zip(probabilities).filter_map(named).collect())
    }

    /// Writes down the samples at hand, with so many encoder positions.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails.
    pub fn pass(&mut self, positions: i32, language: &str) -> Result<Heard> {
        let samples = self.samples.len();
        self.samples.resize(samples.max(SHORTEST), 0.0);
        let most_tokens = TOKENS_PER_SECOND * samples / SAMPLE_RATE as usize + TOKENS_AT_LEAST;
        let params = self.params(positions, language, most_tokens);
        let done = self.state.full(params, &self.samples);
        self.samples.truncate(samples);
        done.map_err(failed)?;
        let (text, tokens) = self.tokens();
        let sum: f32 = tokens.iter().map(|it| it.logprob).sum();
        let mut heard = Heard {
            text,
            language: Arc::from(language),
            avg_logprob: sum / tokens.len().max(1) as f32,
            min_logprob: tokens.iter().map(|it| it.logprob).fold(0.0, f32::min),
            no_speech_prob: self.no_speech()?,
            ..Heard::default()
        };
        heard.doubt = gate::doubt(&heard, tokens.len(), most_tokens);
        if self.words {
            heard.words = words::of(&tokens, &self.samples, self.late);
        }
        Ok(heard)
    }

    fn params<'a>(
        &self,
        positions: i32,
        language: &'a str,
        most_tokens: usize,
    ) -> FullParams<'a, 'static> {
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        params.set_n_threads(i32::try_from(self.threads).unwrap_or(1));
        params.set_language(Some(language));
        params.set_audio_ctx(positions);
        let is_short = self.samples.len() <= ONE_SENTENCE;
        let marks = if is_short { 0 } else { MOST_MARKS };
        params.set_max_tokens(i32::try_from(most_tokens + marks).unwrap_or(i32::MAX));
        params.set_no_context(true);
        params.set_single_segment(true);
        params.set_no_timestamps(is_short);
        params.set_suppress_nst(true);
        // Each step decodes again: two are enough to leave a loop.
        params.set_temperature_inc(0.4);
        params.set_print_special(false);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        if !self.prompt.is_empty() {
            params.set_initial_prompt(&self.prompt);
        }
        params
    }

    /// What was written.
    fn tokens(&self) -> (String, Vec<Token>) {
        let (mut text, mut tokens) = (String::new(), Vec::new());
        let end = self.model.token_eot();
        for segment in self.state.as_iter() {
            text.push_str(&segment.to_str_lossy().unwrap_or_default());
            tokens.extend((0..segment.n_tokens()).filter_map(|at| token(&segment, at, end)));
        }
        (text.trim().to_owned(), tokens)
    }

    /// How likely there is no speech, of what the encoder has heard: what the decoder makes of nothing but the token
    /// that starts a transcript, as OpenAI does it. whisper.cpp reads its own number from a row of another token
    /// (its pull request 4068).
    fn no_speech(&mut self) -> Result<f32> {
        let decoded = self
            .state
            .decode(&[self.model.token_sot()], 0, self.threads);
        let logits = decoded.and_then(|()| self.state.get_logits());
        let logits = logits.map_err(failed)?;
        Ok(probability(logits, self.model.token_nosp() as usize))
    }
}

fn failed(error: WhisperError) -> Error {
    Error::retry(format!("whisper.cpp failed: {error}"))
}

/// The token at a place, if it is text or the one that `end`s it.
fn token(segment: &WhisperSegment<'_>, at: i32, end: i32) -> Option<Token> {
    let token = segment.get_token(at)?;
    let data = token.token_data();
    let bytes = token.to_bytes().ok().filter(|_| data.id < end);
    (data.id <= end).then(|| Token {
        bytes: bytes.map(<[u8]>::to_vec).unwrap_or_default(),
        logprob: data.plog,
        end: (data.t_dtw >= 0).then_some(data.t_dtw as f64 / 100.0),
    })
}

/// The probability of one of several outcomes of which the logits are given; 1 if they are no numbers.
fn probability(logits: &[f32], of: usize) -> f32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: f32 = logits.iter().map(|it| (it - most).exp()).sum();
    let probability = (logits[of] - most).exp() / all;
    if probability.is_finite() {
        probability
    } else {
        1.0
    }
}

/// A sample that whisper.cpp can square and sum: what is no number, or no sound, becomes silence or very loud.
fn usable(sample: f32) -> f32 {
    match sample.is_finite() {
        true => sample.clamp(-LOUDEST, LOUDEST),
        false => 0.0,
    }
}
