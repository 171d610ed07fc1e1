//! An object that was found in a frame.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::media::digits::{tenths, three_places};

/// One object that a detector found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Object {
    /// What it is, in the model's words.
    pub label: Arc<str>,
    /// Confidence, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
}
