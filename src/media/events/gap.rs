//! `gap`: media that was lost.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// Media that was lost.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Seconds since the run began at which media stopped.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which media came back.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Why, in words.
    pub reason: String,
}

impl Gap {
    /// Media was lost between `from` and `to`.
    pub fn new(from: Time, to: Time, reason: impl Into<String>) -> Gap {
        Gap {
            start: from.as_secs_f64(),
            end: to.as_secs_f64(),
            reason: reason.into(),
        }
    }
}

impl Report for Gap {
    const NAME: &'static str = "gap";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let seconds = self.end - self.start;
        write!(to, "lost {seconds:.1} s: {}", self.reason)
    }

    fn tone(&self) -> Tone {
        Tone::Alarm
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
