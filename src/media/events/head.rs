//! What every event says about itself.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::id::Id;
use crate::media::clock::Time;
use crate::media::digits::three_places;

/// Who tells an event, of which source, when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Head {
    /// Which event it is, 16 hexadecimal digits: the same in every run over the same media.
    pub id: Id,
    /// The node that reports it.
    pub node: Arc<str>,
    /// The source whose media it is about.
    pub source: Arc<str>,
    /// Sequence number of the frame it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Wall-clock label of `t`: RFC 3339, UTC, milliseconds.
    #[serde(serialize_with = "milliseconds")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Capture time: seconds since the run began.
    #[serde(serialize_with = "three_places")]
    pub t: f64,
    /// Capture time, unrounded.
    #[serde(skip)]
    pub at: Time,
}

fn milliseconds<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.3}"))
}
