//! `motion`: something moves, or no longer.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// Something has begun to move, or moves no longer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Motion {
    /// Whether it begins or is over.
    pub phase: Phase,
    /// Seconds since the run began at which it began.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began of the last frame in which something moved; so far, when it begins.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// The largest part of the picture that moved in a frame so far, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub area: f32,
}

/// Where in its course something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It begins.
    Start,
    /// It is over.
    End,
}

impl Report for Motion {
    const NAME: &'static str = "motion";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        match self.phase {
            Phase::Start => to.write_str("something moves"),
            Phase::End => write!(to, "moved for {:.1} s", self.end - self.start),
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
