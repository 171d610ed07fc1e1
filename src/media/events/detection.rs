//! `detection`: objects in one frame.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::objects::Object;

/// So many objects are named in a sentence.
const NAMED: usize = 4;

/// Objects in one frame, strongest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// The file of a still picture, as the pipeline file leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// `[width, height]` of the frame in pixels.
    pub frame: [u32; 2],
    /// What was found; never empty.
    pub objects: Arc<[Object]>,
    /// Manifest id and the first 12 hex digits of the file's sha256.
    pub model: Arc<str>,
    /// ONNX Runtime execution provider that ran the model.
    pub provider: Arc<str>,
}

impl Report for Detection {
    const NAME: &'static str = "detection";

    /// `person 0.91 at 412,188; 2 more`: the strongest and a count.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        for (at, object) in self.objects.iter().take(NAMED).enumerate() {
            let between = if at > 0 { "; " } else { "" };
            let [x, y, ..] = object.bounds;
            write!(
                to,
                "{between}{} {:.2} at {x:.0},{y:.0}",
                object.label, object.score
            )?;
        }
        match self.objects.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(to, "; {more} more"),
        }
    }

    fn tone(&self) -> Tone {
        Tone::Strong
    }

    fn is_passing(&self) -> bool {
        true
    }

    fn objects(&self) -> &[Object] {
        &self.objects
    }
}
