//! What was found in one frame.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::media::clock::Time;
use crate::media::digits::{tenths, three_places, three_places_of};
use crate::media::frame::Frame;

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
    /// What only some detectors and the nodes after them know; where nobody does, it costs a pointer.
    #[serde(flatten)]
    pub more: Option<Box<More>>,
}

/// An object as events tell of it.
#[derive(Deserialize)]
struct Told {
    label: Arc<str>,
    score: f32,
    #[serde(rename = "box")]
    bounds: [f32; 4],
    area: Option<f32>,
    #[serde(default)]
    zones: Arc<[Arc<str>]>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Object, D::Error> {
        let Told {
            label,
            score,
            bounds,
            area,
            zones,
        } = Told::deserialize(from)?;
        let more = More {
            area,
            zones,
            ..More::default()
        };
        Ok(Object {
            label,
            score,
            bounds,
            more: (more != More::default()).then(|| Box::new(more)),
        })
    }
}

/// What may be known of an object beside its box.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct More {
    /// Which one it is, from frame to frame: unique in the run and the source.
    #[serde(skip)]
    pub track: Option<u64>,
    /// Points of it, such as eyes and shoulders: `[x, y]` in pixels of the source frame, in the model's order.
    #[serde(skip)]
    pub landmarks: Vec<[f32; 2]>,
    /// Which pixels of its box it covers.
    #[serde(skip)]
    pub mask: Option<Arc<Mask>>,
    /// The part of the frame that its mask covers, 0 to 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "three_places_of"
    )]
    pub area: Option<f32>,
    /// Names of the zones that it is in.
    #[serde(skip_serializing_if = "is_empty")]
    pub zones: Arc<[Arc<str>]>,
    /// What it looks like, to be compared with others.
    #[serde(skip)]
    pub vector: Option<Arc<[f32]>>,
}

/// Which pixels of a box an object covers, laid over the box whatever its size.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Cells in a row.
    pub width: u32,
    /// How much of each cell is covered, 0 to 255, rows from the top.
    pub cells: Vec<u8>,
}

/// What was found in one frame, also when that is nothing. Written, it has the fields of a `detection`.
#[derive(Clone, Debug, Serialize)]
pub struct Objects {
    /// The source node that captured the frame.
    pub source: Arc<str>,
    /// Sequence number of the frame.
    pub seq: u64,
    /// Capture time of the frame.
    #[serde(rename = "t", serialize_with = "seconds")]
    pub at: Time,
    /// `[width, height]` of the frame in pixels.
    #[serde(rename = "frame")]
    pub size: [u32; 2],
    /// The file of a still picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// The frame itself, unless it was let go.
    #[serde(skip)]
    pub frame: Option<Arc<Frame>>,
    /// Whether a detector has looked at all of the frame: else there may be more in it.
    #[serde(skip)]
    pub complete: bool,
    /// What was found, strongest first.
    #[serde(rename = "objects")]
    pub found: Arc<[Object]>,
    /// Manifest id and the first 12 hex digits of the model's sha256.
    pub model: Arc<str>,
    /// ONNX Runtime execution provider that ran the model.
    pub provider: Arc<str>,
    /// Where it was looked whether something is there, for those who draw it.
    #[serde(skip)]
    pub areas: Arc<[Area]>,
}

/// A part of the frame, or a line across it.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// What events call it.
    pub name: Arc<str>,
    /// Corners, or both ends of a line: `[x, y]` in parts of the frame's width and height.
    pub points: Vec<[f32; 2]>,
}

fn is_empty(zones: &[Arc<str>]) -> bool {
    zones.is_empty()
}

fn seconds<S: Serializer>(at: &Time, to: S) -> Result<S::Ok, S::Error> {
    three_places(&at.as_secs_f64(), to)
}

impl Objects {
    /// The same without the picture, for those who keep many: two seconds of 720p are 80 MB.
    pub fn without_frame(&self) -> Objects {
        Objects {
            frame: None,
            ..self.clone()
        }
    }
}
