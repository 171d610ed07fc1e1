//! `track`: something has come, is still there, or has left.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::{tenths, three_places};

/// One thing that is followed from frame to frame.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Track {
    /// Where in its course it is.
    pub phase: Step,
    /// Which one it is: unique in the run and the node.
    #[serde(rename = "track")]
    pub id: u64,
    /// What it is, in the model's words.
    pub label: Arc<str>,
    /// Confidence when it was last seen, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// Where it was last seen: `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
    /// Seconds since the run began at which it was first seen.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which it was last seen.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// In how many frames it was seen.
    pub frames: u64,
    /// The frame in which it is surest and largest; only at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Sight>,
}

/// One frame's sight of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sight {
    /// Seconds since the run began.
    #[serde(serialize_with = "three_places")]
    pub t: f64,
    /// Sequence number of the frame.
    pub seq: u64,
    /// Confidence, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
}

/// Where in its course a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It has come.
    Start,
    /// It is still there.
    Update,
    /// It has left, or is seen no longer.
    End,
}

impl Report for Track {
    const NAME: &'static str = "track";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let (label, id, seconds) = (&self.label, self.id, self.end - self.start);
        match self.phase {
            Step::Start => write!(to, "{label} {id} has come"),
            Step::Update => write!(to, "{label} {id} is there for {seconds:.0} s"),
            Step::End => write!(to, "{label} {id} has left after {seconds:.1} s"),
        }
    }

    fn tone(&self) -> Tone {
        match self.phase {
            Step::Start => Tone::Strong,
            Step::Update => Tone::Faint,
            Step::End => Tone::Plain,
        }
    }

    fn is_passing(&self) -> bool {
        self.phase == Step::Update
    }

    fn end(&self, _: Time) -> Time {
        Time::from_secs_f64(self.end)
    }
}
