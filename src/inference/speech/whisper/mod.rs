//! Whisper through whisper.cpp: one stretch of speech in, text and how far to trust it out.

mod gate;
pub mod gpu;
pub mod header;
pub mod languages;
mod log;
mod model;
mod pass;
pub mod processor;
mod repeats;
mod spoken;
mod windows;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use whisper_rs::{WhisperContext, WhisperState};

use crate::media::events::{Doubt, Word};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Full scale is 1, and some files go beyond it.
const LOUDEST: f32 = 1000.0;

/// How speech is heard.
#[derive(Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// Manifest id or file of the model.
    pub model: String,
    /// What the file must sum up to.
    pub sha256: Option<String>,
    /// ISO 639-1 code of the language that is spoken, or `auto`.
    pub language: String,
    /// Text before the speech, in whose style and with whose words it is written down; none if empty.
    pub prompt: String,
    /// Whether the times of words are wanted.
    pub words: bool,
}

/// What is known about a stretch of speech beside its sound.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct About {
    /// Share of it in which the VAD hears a voice, 0 to 1.
    pub voiced: f32,
    /// Language that the same source has spoken before, if it is known.
    pub spoken: Option<Arc<str>>,
    /// Whether it goes on: then what is heard is not worth a second try.
    pub partial: bool,
}

/// What Whisper makes of a stretch of speech.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The words.
    pub text: String,
    /// When they were said, in seconds since the sound began; none if not wanted.
    pub words: Vec<Word>,
    /// ISO 639-1 code.
    pub language: Arc<str>,
    /// Its probability, if it was found out.
    pub language_prob: Option<f32>,
    /// Mean log probability of the tokens.
    pub avg_logprob: f32,
    /// Least log probability of a token.
    pub min_logprob: f32,
    /// Probability that there is no speech.
    pub no_speech_prob: f32,
    /// Why the text is not believed, if it is not.
    pub doubt: Option<Doubt>,
}

/// A model with the state of one node.
pub struct Whisper {
    model: Arc<WhisperContext>,
    state: WhisperState,
    threads: usize,
    wanted: Wanted,
    samples: Vec<f32>,
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
}

impl Whisper {
    /// Loads a model, or shares one that another node has loaded.
    ///
    /// # Errors
    /// `Fatal` if the model cannot be had or is none, or cannot hear that language.
    pub fn open(wanted: &Wanted, context: &Context) -> Result<Whisper> {
        let (model, name) = model::open(wanted, context)?;
        let state = model
            .create_state()
            .map_err(|error| Error::fatal(format!("{name}: {error}")))?;
        Ok(Whisper {
            state,
            threads: context.runtime.threads,
            wanted: wanted.clone(),
            samples: Vec::new(),
            name,
            model,
        })
    }

    /// Writes down 16 kHz mono samples. More than the model's window holds (30 s, of small models
    /// less) is cut where it is quiet.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails.
    pub fn transcribe(&mut self, samples: &[f32], about: &About) -> Result<Heard> {
        let longest = windows::samples_of(self.model.model_n_audio_ctx());
        let mut heard: Option<Heard> = None;
        for piece in windows::pieces(samples, longest) {
            let mut next = self.piece(&samples[piece.clone()], about)?;
            words::shift(&mut next.words, piece.start);
            heard = Some(match heard {
                Some(before) => windows::joined(before, next),
                None => next,
            });
        }
        Ok(heard.expect("there is a piece of anything"))
    }

    fn piece(&mut self, samples: &[f32], about: &About) -> Result<Heard> {
        self.samples.clear();
        self.samples.extend(samples.iter().map(|it| usable(*it)));
        let all = self.model.model_n_audio_ctx();
        let short = windows::context(samples.len(), all);
        let (language, language_prob) = self.language(about)?;
        let heard = self.pass(short, &language, about)?;
        let again = match heard.doubt {
            _ if about.partial => None,
            // A shortened encoder window is several times as fast, and at times makes Whisper stumble.
            Some(Doubt::TooLong | Doubt::Repeats | Doubt::BrokenText) if short < all => Some(all),
            _ => None,
        };
        let heard = match again {
            Some(context) => self.pass(context, &language, about)?,
            None => heard,
        };
        Ok(Heard {
            language: Arc::from(language),
            language_prob,
            ..heard
        })
    }
}

/// A sample that whisper.cpp can square and sum: what is no number, or no sound, becomes silence or very loud.
fn usable(sample: f32) -> f32 {
    match sample.is_finite() {
        true => sample.clamp(-LOUDEST, LOUDEST),
        false => 0.0,
    }
}
