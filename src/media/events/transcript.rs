//! `transcript`: what was said.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// What was said in one stretch of speech.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Transcript {
    /// Seconds since the run began at which speech starts.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which speech ends.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// The words.
    pub text: String,
    /// ISO 639-1 code of the language.
    pub language: Arc<str>,
    /// Mean log probability of the tokens, 0 or less; nearer 0 is surer.
    #[serde(serialize_with = "three_places")]
    pub avg_logprob: f32,
    /// Probability that there is no speech at all, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub no_speech_prob: f32,
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

/// Why a text is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// There is none.
    NoText,
    /// There are bytes in it that are no text.
    BrokenText,
    /// It is longer than anybody speaks in that time.
    TooLong,
    /// The same words come again and again, or one sentence twice.
    Repeats,
    /// There is likely no speech, or other words are as likely.
    Unlikely,
}

impl Report for Transcript {
    const NAME: &'static str = "transcript";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        match (&*self.text, self.accepted) {
            (text, true) => write!(to, "\"{text}\""),
            ("", false) => to.write_str("no words"),
            (text, false) => write!(to, "not sure: \"{text}\""),
        }
    }

    fn tone(&self) -> Tone {
        match self.accepted {
            true => Tone::Strong,
            false => Tone::Faint,
        }
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
