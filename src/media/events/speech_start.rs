//! `speech_start`: somebody begins to speak.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::media::digits::three_places;

/// The beginning of speech, told at once. No `speech` event follows if it was no longer than `min_speech_ms`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpeechStart {
    /// Seconds since the run began at which speech starts.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Speech probability of the first 32 ms, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub probability: f32,
}

impl Report for SpeechStart {
    const NAME: &'static str = "speech_start";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str("speech begins")
    }
}
