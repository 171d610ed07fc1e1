//! `match`: words were said that somebody waits for.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// Words were said that somebody waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// Seconds since the run began at which they start. Where they begin in the transcript before, that is earlier
    /// than `t`.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which they end.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Whether start and end are those of the words; else they are those of the transcripts.
    pub by_words: bool,
    /// The phrase or the pattern, as it stands in the pipeline file.
    pub phrase: Arc<str>,
    /// What was heard.
    pub heard: String,
    /// Letters in which it differs from the phrase.
    pub distance: usize,
    /// Whether the transcript was believed.
    pub accepted: bool,
    /// Whether speech went on: it was found in what had been said so far, and is not told again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
}

fn is_false(it: &bool) -> bool {
    !it
}

impl Report for Found {
    const NAME: &'static str = "match";
    const SPOKEN: bool = true;

    /// `"turn on the light", as "turn on the lights"`.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "\"{}\"", self.phrase)?;
        match *self.heard == *self.phrase {
            true => Ok(()),
            false => write!(to, ", as \"{}\"", self.heard),
        }
    }

    fn tone(&self) -> Tone {
        Tone::Strong
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
