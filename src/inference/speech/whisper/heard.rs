//! What Whisper is asked, and what it answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::media::events::{Doubt, Word};

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

/// What is told of a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    /// Samples that it hears at once.
    pub window: usize,
}

/// What is known about a stretch of speech beside its sound.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct About {
    /// Language that the same source has spoken before, if it is known.
    pub spoken: Option<Arc<str>>,
    /// Whether it goes on: then what is heard is not worth a second try.
    pub partial: bool,
}

/// What Whisper makes of a stretch of speech.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
