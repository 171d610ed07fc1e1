//! `health`: sources that give nothing of use, or something else than usual.

use std::fmt::{self, Write};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::digits::three_places;

/// A source that gives nothing of use or something else than usual, or does no longer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// What is or was wrong.
    pub condition: Condition,
    /// Whether it is so now.
    pub active: bool,
    /// For how many seconds it has been, or was, so.
    #[serde(serialize_with = "three_places")]
    pub seconds: f64,
    /// What it was told from, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What can be wrong with a source, or other than usual.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
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
    /// Nothing is left of the scene: the camera is covered, or the light went out at once.
    Covered,
    /// The scene is there, but not its details: the lens is sprayed, dirty or out of focus.
    Blurred,
    /// Another scene is seen: the camera was turned, or something stands before it.
    Turned,
    /// The camera sees nothing as it has become dark; it does at night.
    Dark,
    /// The camera sees nothing as light dazzles it.
    Bright,
    /// The camera has switched to its night vision, without colours.
    Infrared,
    /// High tones are missing, or everything is fainter: something covers the microphone.
    Muffled,
    /// There is more noise than usual, such as rain, or a fault.
    Noisy,
    /// A model finds less than usual at these hours.
    Fewer,
    /// A model finds more than usual at these hours.
    More,
    /// A model is less sure of what it finds than usual at these hours.
    Unsure,
    /// The machine is short of processor time or memory, or too hot, and less is done with what the source gives.
    Strained,
}

impl Condition {
    /// The word for it, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Away => "away",
            Condition::Frozen => "frozen",
            Condition::Silent => "silent",
            Condition::Clipped => "clipped",
            Condition::Covered => "covered",
            Condition::Blurred => "blurred",
            Condition::Turned => "turned",
            Condition::Dark => "dark",
            Condition::Bright => "bright",
            Condition::Infrared => "infrared",
            Condition::Muffled => "muffled",
            Condition::Noisy => "noisy",
            Condition::Fewer => "fewer",
            Condition::More => "more",
            Condition::Unsure => "unsure",
            Condition::Strained => "strained",
        }
    }

    /// Whether somebody should look after it. Night, sun and rain come and go by themselves.
    pub fn is_alarm(self) -> bool {
        use Condition::{Bright, Dark, Infrared, Noisy};
        !matches!(self, Dark | Bright | Infrared | Noisy)
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
            reason: None,
        }
    }

    /// The same with what it was told from.
    pub fn because(self, reason: impl Into<String>) -> Health {
        let reason = Some(reason.into());
        Health { reason, ..self }
    }
}

impl Report for Health {
    const NAME: &'static str = "health";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let (name, seconds) = (self.condition.name(), self.seconds);
        match self.active {
            true => write!(to, "{name} for {seconds:.0} s")?,
            false => write!(to, "no longer {name}, after {seconds:.0} s")?,
        }
        match &self.reason {
            Some(reason) => write!(to, ": {reason}"),
            None => Ok(()),
        }
    }

    fn tone(&self) -> Tone {
        match self.active && self.condition.is_alarm() {
            true => Tone::Alarm,
            false => Tone::Plain,
        }
    }
}
