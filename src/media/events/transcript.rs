//! `transcript`: what was said.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::redaction::Redaction;
use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::{three_places, three_places_of};

/// What was said in one stretch of speech, or in several close together.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Transcript {
    /// Seconds since the run began at which speech starts.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which speech ends.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// The words.
    pub text: String,
    /// What was taken out of the text and of `words`; absent where they are all that was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
    /// When each word was said, in their order; only where asked for (`words`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
    /// ISO 639-1 code of the language.
    pub language: Arc<str>,
    /// Probability of that language among all that the model knows, 0 to 1; only where it is found out (`auto`).
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "three_places_of"
    )]
    pub language_prob: Option<f32>,
    /// Mean log probability of the tokens, 0 or less; nearer 0 is surer.
    #[serde(serialize_with = "three_places")]
    pub avg_logprob: f32,
    /// Least log probability of a token, 0 or less.
    #[serde(serialize_with = "three_places")]
    pub min_logprob: f32,
    /// Probability that there is no speech at all, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub no_speech_prob: f32,
    /// Share of the time between start and end in which the VAD hears a voice, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub voiced: f32,
    /// Whether speech goes on: this is what has been said so far, and will be told again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
    /// Whether the text is believed.
    pub accepted: bool,
    /// Why it is not; absent if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// Milliseconds from the end of speech to this event; absent for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// Manifest id and the first 12 hex digits of the file's sha256.
    pub model: Arc<str>,
}

/// A word and when it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// As it stands in the text, with its comma or full stop.
    pub word: String,
    /// Seconds since the run began at which it starts.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which it ends.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Least probability of its tokens, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub probability: f32,
}

/// Why a text is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// There is none, or no letter in it.
    NoText,
    /// There are bytes in it that are no text.
    BrokenText,
    /// It is longer than anybody speaks in that time.
    TooLong,
    /// The same words come again and again, or one sentence twice.
    Repeats,
    /// There is likely no speech, or other words are as likely.
    Unlikely,
    /// Heard once more, it is something else.
    Unstable,
}

impl Doubt {
    /// As it stands in the event.
    fn name(self) -> &'static str {
        match self {
            Doubt::NoText => "no_text",
            Doubt::BrokenText => "broken_text",
            Doubt::TooLong => "too_long",
            Doubt::Repeats => "repeats",
            Doubt::Unlikely => "unlikely",
            Doubt::Unstable => "unstable",
        }
    }
}

fn is_false(it: &bool) -> bool {
    !it
}

impl Report for Transcript {
    const NAME: &'static str = "transcript";
    const SPOKEN: bool = true;

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        match (&*self.text, self.accepted) {
            ("", _) if self.redaction.is_some() => to.write_str("something was said"),
            (text, _) if self.partial => write!(to, "\"{text} …\""),
            (text, true) => write!(to, "\"{text}\""),
            ("", false) => to.write_str("no words"),
            (text, false) => write!(to, "not sure: \"{text}\""),
        }
    }

    fn tone(&self) -> Tone {
        match self.accepted && !self.partial {
            true => Tone::Strong,
            false => Tone::Faint,
        }
    }

    fn lasting(&self) -> Option<Transcript> {
        self.lag_ms?;
        Some(Transcript {
            lag_ms: None,
            ..self.clone()
        })
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }

    fn unsure(&self) -> Option<&'static str> {
        match self.partial {
            true => Some("partial"),
            false => self.doubt.map(Doubt::name),
        }
    }
}
