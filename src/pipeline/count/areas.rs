//! Parts of a camera's picture and lines across it: where they are, for those who draw them, and what was counted there.

use std::sync::Arc;

use serde::Serialize;

/// A zone, or a line, of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Area {
    /// The source node whose frames it is a part of.
    pub source: Arc<str>,
    /// What events call it.
    pub name: Arc<str>,
    /// Corners of a zone, or both ends of a line: `[x, y]` in parts of the frame's width and height.
    pub points: Vec<[f64; 2]>,
    /// What was counted.
    #[serde(flatten)]
    pub count: Count,
}

/// What was counted of a zone or a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Count {
    /// How many are in the zone.
    Zone {
        /// Now.
        inside: u64,
    },
    /// How many have crossed the line so far.
    Line {
        /// To the left.
        left: u64,
        /// To the right.
        right: u64,
    },
}

/// Tells what is counted at the moment.
pub type Live = Arc<dyn Fn() -> Vec<Area> + Send + Sync>;
