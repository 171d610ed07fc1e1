//! `health`: sources that give nothing of use.

use std::fmt::{self, Write};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::report::{Report, Tone};
use crate::media::digits::three_places;

/// A source that gives nothing of use, or does again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Health {
    /// What is or was wrong.
    pub condition: Condition,
    /// Whether it is so now.
    pub active: bool,
    /// For how many seconds it has been, or was, so.
    #[serde(serialize_with = "three_places")]
    pub seconds: f64,
}

/// What can be wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A device or stream cannot be opened, or gives nothing; the log and the `gap` that ends it say why.
    Away,
    /// The picture does not change at all, not even by noise.
    Frozen,
    /// All samples are exactly zero.
    Silent,
    /// Samples are cut off all the time: the sound is too loud for the sound card.
    Clipped,
}

impl Condition {
    /// The word for it, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Away => "away",
            Condition::Frozen => "frozen",
            Condition::Silent => "silent",
            Condition::Clipped => "clipped",
        }
    }
}

impl Health {
    /// It has been so, or was so, for so long.
    pub fn new(condition: Condition, active: bool, lasted: Duration) -> Health {
        let seconds = lasted.as_secs_f64();
        Health {
            condition,
            active,
            seconds,
        }
    }
}

impl Report for Health {
    const NAME: &'static str = "health";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let (name, seconds) = (self.condition.name(), self.seconds);
        match self.active {
            true => write!(to, "{name} for {seconds:.0} s"),
            false => write!(to, "no longer {name}, after {seconds:.0} s"),
        }
    }

    fn tone(&self) -> Tone {
        match self.active {
            true => Tone::Alarm,
            false => Tone::Plain,
        }
    }
}
