//! `segment`: which pixels objects or classes cover, by models of instance and of semantic segmentation.

mod reader;

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use self::reader::Reader;
use crate::inference::sight::detector::{Options, Rules};
use crate::inference::sight::eye::{Eye, fatal};
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::frame::Frame;
use crate::media::objects::Object;
use crate::nodes::parts::at_hand;
use crate::nodes::parts::found::{self, Found};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// Options of `segment`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Segment>,
    /// How it is understood.
    #[serde(flatten)]
    pub options: Options,
    /// Least confidence that is reported; of a class, the mean over its pixels.
    #[serde(default = "default_score")]
    #[schemars(range(min = 0.001, max = 1.0))]
    pub score: f32,
    /// Of two boxes of a label that overlap more than this (intersection over union), the weaker
    /// is dropped.
    #[serde(default = "default_overlap")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub overlap: f32,
    /// The least part of the picture that a mask covers which is reported, 0 to 1.
    #[serde(default = "default_min_area")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_area: f32,
}

fn default_score() -> f32 {
    0.4
}

fn default_overlap() -> f32 {
    0.45
}

fn default_min_area() -> f32 {
    0.000_5
}

/// A model that makes masks.
pub struct Segment {
    eye: Eye,
    reader: Reader,
    rules: Rules,
    min_area: f32,
}

impl Runs for Segment {
    const TASK: Task = Task::Segment;
}

impl Node for Segment {
    const NAME: &'static str = "segment";
    const ALSO: &'static [&'static str] = &[
        "segmentation",
        "segmenter",
        "semantic",
        "semantic_segmentation",
        "instance_segmentation",
        "mask",
        "masks",
        "deeplab",
        "unet",
        "segformer",
        "yolo_seg",
        "yolov8_seg",
        "yolact",
    ];
    const ABOUT: &'static str = "Finds which pixels things cover: a mask an object with YOLO models that segment, or one a \
        class with models that name the class of every pixel. Objects come with a box, the part of the picture that \
        they cover (`area`) and their mask. A class that is called `background` is reported only where `labels` asks for it.";
    const EXAMPLE: &'static str = "model = \"models/deeplab_v3.onnx\"\n\
        sha256 = \"48a46b346ca7e2e96760b8a10a302046a3b5a9ce55e59d4c659c36d9cbd44118\"\nmin_area = 0.01";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let model = config.model.check().into_iter();
        model.chain(config.options.check()).collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        at_hand::model(&config.model, Self::NAME, base, |about| {
            Reader::declared(about, &config.options, base)
        })
    }

    fn open(config: &Config, context: &Context) -> Result<Segment> {
        let (name, sum) = (&config.model.name, config.model.sha256());
        let (mut eye, first) = Eye::open(name, sum, &config.options.shown, context)?;
        let reader = Reader::of(&eye, &first, &config.options, &context.base).map_err(fatal)?;
        let (picture, varies) = reader.shown();
        eye.show(picture, varies);
        context.describe("family", reader.family());
        Ok(Segment {
            rules: Rules {
                score: config.score,
                overlap: config.overlap,
            },
            min_area: config.min_area,
            eye,
            reader,
        })
    }
}

impl Transform for Segment {
    type In = Arc<Frame>;
    type Out = Found;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Self::Out>) -> Result<()> {
        let size = [self.eye.input.width, self.eye.input.height];
        let (outputs, fit) = self.eye.see(&frame)?;
        let arrays = outputs.arrays()?;
        let mut found = self.reader.read(&arrays, fit, size, self.rules)?;
        let least = self.min_area;
        let area = |it: &Object| it.more.as_ref().and_then(|it| it.area).unwrap_or(0.0);
        found.retain(|it| area(it) >= least);
        found::tell(&self.eye.session, &frame, found.into(), out);
        Ok(())
    }
}
