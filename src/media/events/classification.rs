//! `classification`: what a frame, or an object in it, shows.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::digits::{tenths, three_places};

/// What a frame, or an object in it, shows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Classification {
    /// The file of a still picture, as the pipeline file leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// `[width, height]` of the frame in pixels.
    pub frame: [u32; 2],
    /// The surest class, in the model's words.
    pub label: Arc<str>,
    /// Its confidence, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// The classes that are sure enough, surest first; never empty.
    pub classes: Vec<Class>,
    /// What was looked at, if it is not the whole frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Looked>,
    /// Manifest id and the first 12 hex digits of the file's sha256.
    pub model: Arc<str>,
    /// ONNX Runtime execution provider that ran the model.
    pub provider: Arc<str>,
}

/// A class and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Class {
    /// What it is, in the model's words.
    pub label: Arc<str>,
    /// Confidence, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
}

/// The part of a frame that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Looked {
    /// What a detector found there, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Arc<str>>,
    /// Which one it is, if it is followed from frame to frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u64>,
    /// `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
}

impl Report for Classification {
    const NAME: &'static str = "classification";

    /// `sedan 0.91 (car at 412,188)`.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "{} {:.2}", self.label, self.score)?;
        let Some(of) = &self.of else { return Ok(()) };
        let [x, y, ..] = of.bounds;
        let what = of.label.as_deref().unwrap_or("part");
        write!(to, " ({what} at {x:.0},{y:.0})")
    }

    fn tone(&self) -> Tone {
        Tone::Strong
    }
}
