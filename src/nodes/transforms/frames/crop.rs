//! `crop`: parts of frames as frames, so that another model looks closer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::frame::{Frame, Part};
use crate::media::objects::Objects;
use crate::nodes::parts::looked::{self, Looked, MOST_OBJECTS};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// Options of `crop`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The same part of every frame: `[x, y, width, height]` in parts of the frame's width and height, `[0.5, 0, 0.5, 1]` for
    /// its right half. Default: the boxes of the objects that come in.
    pub region: Option<[f32; 4]>,
    /// Of the sides of an object's box, the part that is cut out more on each side.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub margin: f32,
    /// Of objects that are narrower or lower than so many pixels, margin included, nothing is cut out.
    #[schemars(range(min = 1, max = 10_000))]
    pub min_size: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            region: None,
            margin: 0.1,
            min_size: 16,
        }
    }
}

/// A pair of scissors.
pub struct Crop {
    config: Config,
}

impl Node for Crop {
    const NAME: &'static str = "crop";
    const ALSO: &'static [&'static str] = &[
        "cut",
        "cutout",
        "cropper",
        "region",
        "roi",
        "region_of_interest",
        "zoom",
        "tile",
        "closeup",
        "thumbnail",
    ];
    const ABOUT: &'static str = "Makes frames of parts of frames, of each object's box (of the 100 strongest in a frame) or of a \
        fixed `region`, so that a second model looks closer. A part keeps number and time of its frame and knows its place in \
        it: boxes that a `detect` behind it finds are in pixels of the whole frame, and what works on its objects sees the whole \
        frame. `track` belongs before it: behind it each part would be a frame of its own. As several parts may come of one frame, give those who take them from a device room, \
        `inputs = [{ from = \"NAME\", capacity = 20 }]`.";
    const EXAMPLE: &'static str = "margin = 0.2\nmin_size = 48";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let is_inside = |[x, y, width, height]: [f32; 4]| {
            let spans = |start: f32, side: f32| start >= 0.0 && side > 0.0 && start + side <= 1.0;
            spans(x, width) && spans(y, height)
        };
        let outside = config.region.filter(|it| !is_inside(*it)).map(|region| {
            let message = format!("{region:?} does not lie within the frame");
            let help =
                "[x, y, width, height] in parts of the frame: `[0.5, 0, 0.5, 1]` is its right half";
            Misuse::new("region", message, help)
        });
        outside.into_iter().collect()
    }

    fn open(config: &Config, _: &Context) -> Result<Crop> {
        let config = config.clone();
        Ok(Crop { config })
    }
}

impl Transform for Crop {
    type In = Looked;
    type Out = Arc<Frame>;
    const STATELESS: bool = true;

    fn apply(&mut self, item: Looked, out: &mut Emit<Self::Out>) -> Result<()> {
        match (item, self.config.region) {
            (Looked::Frame(frame), Some(region)) => fixed(&frame, region, out),
            (Looked::Objects(objects), Some(region)) => {
                fixed(looked::frame(&objects)?, region, out)
            }
            (Looked::Objects(objects), None) => self.each(&objects, out)?,
            (Looked::Frame(_), None) => {
                let told = "a frame says nothing of what is to be cut out: give `crop` a `region`, or objects, from `detect`";
                return Err(Error::fatal(told));
            }
        }
        Ok(())
    }
}

impl Crop {
    fn each(&self, objects: &Objects, out: &mut Emit<Arc<Frame>>) -> Result<()> {
        let frame = looked::frame(objects)?;
        let Config {
            margin, min_size, ..
        } = self.config;
        for object in objects.found.iter().take(MOST_OBJECTS) {
            let part = looked::pixels(object.bounds, [frame.width, frame.height], margin);
            if let Some(part) = part.filter(|it| it[2].min(it[3]) >= min_size) {
                out.send(cut(frame, part));
            }
        }
        Ok(())
    }
}

fn fixed(frame: &Arc<Frame>, [x, y, width, height]: [f32; 4], out: &mut Emit<Arc<Frame>>) {
    let size = [frame.width, frame.height];
    let [w, h] = size.map(|it| it as f32);
    if let Some(part) = looked::pixels([x * w, y * h, width * w, height * h], size, 0.0) {
        out.send(cut(frame, part));
    }
}

fn cut(frame: &Arc<Frame>, part: [u32; 4]) -> Arc<Frame> {
    let [x, y] = frame.origin();
    let mut cut = Frame::empty();
    frame.cut(part, &mut cut);
    Arc::new(Frame {
        source: Arc::clone(&frame.source),
        seq: frame.seq,
        at: frame.at,
        file: frame.file.clone(),
        part: Some(Part {
            of: Arc::clone(frame.whole()),
            at: [x + part[0], y + part[1]],
        }),
        ..cut
    })
}
