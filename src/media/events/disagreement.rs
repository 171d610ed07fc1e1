//! `disagreement`: two models do not see the same.

use std::fmt::{self, Write};
use std::sync::{Arc, Weak};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Report, Tone};
use crate::media::frame::Frame;
use crate::media::objects::Object;

/// A model and its shadow do not see the same in a frame. Told when the shadow is done, which is later than the frame.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Disagreement {
    /// `[width, height]` of the frame in pixels.
    pub frame: [u32; 2],
    /// What the model alone has found.
    pub objects: Arc<[Object]>,
    /// What its shadow alone has found.
    pub missed: Arc<[Object]>,
    /// In how much they agree.
    pub agreed: usize,
    /// The model.
    pub model: Arc<str>,
    /// Its shadow.
    pub shadow: Arc<str>,
    /// The frame, as long as the detector holds it: until it tells the next. Events are kept in many places, and pictures are large.
    #[serde(skip)]
    pub picture: Weak<Frame>,
}

impl Report for Disagreement {
    const NAME: &'static str = "disagreement";

    /// `yolox-nano alone finds person 0.52; yolox-s alone finds nothing`.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        let sides = [(&self.model, &self.objects), (&self.shadow, &self.missed)];
        for (at, (model, objects)) in sides.into_iter().enumerate() {
            let between = if at > 0 { "; " } else { "" };
            write!(to, "{between}{model} alone finds ")?;
            match &objects[..] {
                [] => to.write_str("nothing")?,
                [one] => write!(to, "{} {:.2}", one.label, one.score)?,
                [first, more @ ..] => {
                    let count = more.len();
                    write!(to, "{} {:.2} and {count} more", first.label, first.score)?;
                }
            }
        }
        Ok(())
    }

    fn tone(&self) -> Tone {
        Tone::Faint
    }

    fn objects(&self) -> &[Object] {
        match &self.objects[..] {
            [] => &self.missed,
            own => own,
        }
    }
}
