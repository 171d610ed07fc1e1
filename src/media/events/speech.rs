//! `speech`: somebody has spoken.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// One stretch of speech.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Speech {
    /// Seconds since the run began at which speech starts.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which speech ends.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Mean speech probability, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub probability: f32,
}

impl Report for Speech {
    const NAME: &'static str = "speech";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "speech, {:.1} s", self.end - self.start)
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
