//! `sound`: something is heard that is no word.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::motion::Phase;
use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// A sound has begun, or is over.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sound {
    /// Whether it begins or is over.
    pub phase: Phase,
    /// What it is: a name of the model's classes.
    pub label: Arc<str>,
    /// The highest score so far, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// Seconds since the run began at which it began, half a second more or less.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which it was heard last; so far, when it begins.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
}

impl Report for Sound {
    const NAME: &'static str = "sound";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let Sound { label, score, .. } = self;
        match self.phase {
            Phase::Start => write!(to, "{label} {score:.2}"),
            Phase::End => write!(to, "{label} was heard for {:.1} s", self.end - self.start),
        }
    }

    fn tone(&self) -> Tone {
        match self.phase {
            Phase::Start => Tone::Strong,
            Phase::End => Tone::Plain,
        }
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
