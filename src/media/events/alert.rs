//! `alert`: several things that were seen and heard mean something together.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Id;
use super::report::{Report, Tone};
use crate::media::clock::Time;
use crate::media::digits::{three_places, three_places_of};

/// A decision over several events.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// What has happened, in a sentence.
    pub text: String,
    /// Of which source, zone or track, where each is decided on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Seconds since the run began at which the first of it began.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began from which on all of it held.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Milliseconds from when all of it held to this event; absent for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
    /// What it rests on, in the order of the conditions; empty where something was missed.
    pub evidence: Vec<Evidence>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is good to know.
    Info,
    /// Somebody should look.
    #[default]
    Warning,
    /// Somebody must come.
    Alarm,
}

/// Something of which a condition held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The condition.
    pub condition: Arc<str>,
    /// The node that told it; of objects, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Arc<str>>,
    /// The event; of objects, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Kind of event, or `objects`.
    pub kind: Arc<str>,
    /// The source whose media it is about.
    pub source: Arc<str>,
    /// Its capture time: seconds since the run began.
    #[serde(serialize_with = "three_places")]
    pub t: f64,
    /// What it is about, in the model's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Arc<str>>,
    /// Which one it is about: the id of its `track` events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u64>,
    /// Confidence, 0 to 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "three_places_of"
    )]
    pub score: Option<f64>,
    /// The model that saw or heard it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Report for Alert {
    const NAME: &'static str = "alert";

    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str(&self.text)
    }

    fn tone(&self) -> Tone {
        match self.severity {
            Severity::Info => Tone::Plain,
            Severity::Warning => Tone::Strong,
            Severity::Alarm => Tone::Alarm,
        }
    }

    fn lasting(&self) -> Option<Alert> {
        self.lag_ms?;
        Some(Alert {
            lag_ms: None,
            ..self.clone()
        })
    }

    fn end(&self, at: Time) -> Time {
        at.max(Time::from_secs_f64(self.end))
    }
}
