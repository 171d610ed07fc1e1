//! `zone`: something has entered a zone, left it, loiters in it, or has crossed a line.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::digits::{tenths, three_places_of};

/// One thing that is followed, and a part of the frame.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Zone {
    /// What it did.
    pub action: Action,
    /// Name of the zone or line.
    pub zone: Arc<str>,
    /// Which one it is: the id of its `track` events.
    pub track: u64,
    /// What it is, in the model's words.
    pub label: Arc<str>,
    /// Where it was seen then: `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
    /// How many are in the zone then; of a line, how many have crossed it in this direction since the run began.
    pub count: u64,
    /// Seconds that it has stayed; only when it has left and when it loiters.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "three_places_of"
    )]
    pub seconds: Option<f64>,
    /// Where it went over the line, as seen from its `from` to its `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// How it has left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What something did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is in the zone.
    Enter,
    /// It is there no longer.
    Exit,
    /// It has crossed the line.
    Cross,
    /// It has stayed for long.
    Loiter,
}

/// A side of who goes along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// On the left.
    Left,
    /// On the right.
    Right,
}

impl Direction {
    /// The right one, or the other.
    pub fn to(is_right: bool) -> Direction {
        match is_right {
            true => Direction::Right,
            false => Direction::Left,
        }
    }

    /// Name in events and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Left => "left",
            Direction::Right => "right",
        }
    }
}

/// How something has left a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was seen outside.
    Left,
    /// It was seen inside, and then no more.
    Gone,
    /// It was inside when the zone was taken out of the pipeline file.
    Removed,
}

impl Report for Zone {
    const NAME: &'static str = "zone";

    /// `person 3 has entered porch, 2 are there`.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let (zone, seconds) = (&self.zone, self.seconds.unwrap_or_default());
        write!(to, "{} {} ", self.label, self.track)?;
        match (self.action, self.reason) {
            (Action::Enter, _) => write!(to, "has entered {zone}")?,
            (Action::Exit, Some(Reason::Gone)) => {
                write!(to, "is seen no more in {zone} after {seconds:.1} s")?;
            }
            (Action::Exit, Some(Reason::Removed)) => {
                write!(
                    to,
                    "was in {zone} for {seconds:.1} s, which is there no more"
                )?;
            }
            (Action::Exit, _) => write!(to, "has left {zone} after {seconds:.1} s")?,
            (Action::Loiter, _) => write!(to, "is in {zone} for {seconds:.0} s")?,
            (Action::Cross, _) => {
                let direction = self.direction.map_or("", Direction::name);
                return write!(
                    to,
                    "has crossed {zone} to the {direction}, {} so far",
                    self.count
                );
            }
        }
        match self.count {
            0 => write!(to, ", nobody is there"),
            1 => write!(to, ", 1 is there"),
            count => write!(to, ", {count} are there"),
        }
    }

    fn tone(&self) -> Tone {
        match self.action {
            Action::Exit => Tone::Plain,
            Action::Enter | Action::Cross | Action::Loiter => Tone::Strong,
        }
    }
}
