//! Whisper through whisper.cpp: one stretch of speech in, text and how far to trust it out.

mod alignment;
mod gate;
pub mod gpu;
pub mod header;
pub mod heard;
pub mod languages;
mod log;
mod model;
mod pass;
pub mod processor;
mod repeats;
mod spoken;
mod windows;
mod words;

use self::heard::{About, Heard, Told, Wanted};
use self::model::Model;
use self::pass::Ear;
use crate::media::audio::SAMPLE_RATE;
use crate::media::events::Doubt;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Silence before the sound when it is heard a second time.
const LATER: usize = SAMPLE_RATE as usize / 10;

/// A model with the state of one node.
pub struct Whisper {
    ear: Ear,
    /// ISO 639-1 code of the language that is spoken, or `auto`.
    language: String,
    /// What is told of it.
    pub told: Told,
}

impl Whisper {
    /// Loads a model, or shares one that another node has loaded.
    ///
    /// # Errors
    /// `Fatal` if the model cannot be had or is none, or cannot hear that language.
    pub fn open(wanted: &Wanted, context: &Context) -> Result<Whisper> {
        let Model {
            context: model,
            name,
            late,
        } = model::open(wanted, context)?;
        let state = model
            .create_state()
            .map_err(|error| Error::fatal(format!("{name}: {error}")))?;
        let told = Told {
            name,
            window: windows::samples_of(model.model_n_audio_ctx()),
        };
        let ear = Ear {
            model,
            state,
            threads: context.runtime.threads,
            prompt: wanted.prompt.clone(),
            words: wanted.words,
            late,
            samples: Vec::new(),
        };
        Ok(Whisper {
            ear,
            language: wanted.language.clone(),
            told,
        })
    }

    /// Writes down 16 kHz mono samples. More than the model's window holds (30 s, of small models
    /// less) is cut where it is quiet.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails.
    pub fn transcribe(&mut self, samples: &[f32], about: &About) -> Result<Heard> {
        let mut heard: Option<Heard> = None;
        for piece in windows::pieces(samples, self.told.window) {
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
        let all = self.ear.model.model_n_audio_ctx();
        let short = windows::context(samples.len(), all);
        self.ear.take(samples, 0);
        let (language, language_prob) = self.language(about)?;
        let mut heard = self.ear.pass(short, &language)?;
        if gate::needs_second_look(&heard) && !about.partial {
            self.ear.take(samples, LATER);
            let again = self.ear.pass((short + 64).min(all), &language)?;
            heard.doubt = gate::second_look(&heard, &again.text);
        }
        // A shortened encoder window is several times as fast, and at times makes Whisper stumble.
        let stumbles = matches!(
            heard.doubt,
            Some(Doubt::TooLong | Doubt::Repeats | Doubt::BrokenText)
        );
        if stumbles && short < all && !about.partial {
            self.ear.take(samples, 0);
            heard = self.ear.pass(all, &language)?;
        }
        Ok(Heard {
            language_prob,
            ..heard
        })
    }

    /// The language of the samples at hand, and its probability if it had to be found out.
    fn language(&mut self, about: &About) -> Result<(String, Option<f32>)> {
        if self.language != "auto" {
            return Ok((self.language.clone(), None));
        }
        let languages = self.ear.languages()?;
        let samples = self.ear.samples.len();
        let (language, probability) = spoken::chosen(&languages, samples, about.spoken.as_deref());
        Ok((language.to_owned(), Some(probability)))
    }
}
