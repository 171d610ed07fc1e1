//! `embed`: a vector of a frame, or of each object in it, by which alike ones are found.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::sight::embedder;
use crate::inference::sight::eye::{Eye, fatal};
use crate::inference::sight::options::Shown;
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::frame::Frame;
use crate::media::objects::{Object, Objects};
use crate::nodes::parts::at_hand;
use crate::nodes::parts::found;
use crate::nodes::parts::looked::{self, Looked, MOST_OBJECTS};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// What a frame is called among objects.
const FRAME: &str = "frame";

/// Options of `embed`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Embed>,
    /// What it is shown.
    #[serde(flatten)]
    pub shown: Shown,
    /// Of the sides of an object's box, the part that is looked at more on each side.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub margin: f32,
}

/// A model that makes vectors.
pub struct Embed {
    eye: Eye,
    margin: f32,
    label: Arc<str>,
}

impl Runs for Embed {
    const TASK: Task = Task::Embed;
}

impl Node for Embed {
    const NAME: &'static str = "embed";
    const ALSO: &'static [&'static str] = &[
        "embedding",
        "embedder",
        "embeddings",
        "encoder",
        "feature",
        "features",
        "vector",
        "vectors",
        "reidentification",
        "osnet",
        "similarity",
        "dino",
    ];
    const ABOUT: &'static str = "Gives each object it is given a vector of length 1, by which nodes after it tell whether two \
        look alike; of a frame it makes one object, `frame`. The 100 strongest objects of a frame get one.";
    const EXAMPLE: &'static str = "model = \"models/osnet_x0_25.onnx\"\n\
        sha256 = \"f9d1a35e4f7d1c2b3a495867768594a3b2c1d0e1f20314253647586970818293\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.model.check()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        at_hand::model(&config.model, Self::NAME, base, |about| {
            embedder::picture(about, &about.outputs, &config.shown)
        })
    }

    fn open(config: &Config, context: &Context) -> Result<Embed> {
        let (name, sum) = (&config.model.name, config.model.sha256());
        let (mut eye, first) = Eye::open(name, sum, &config.shown, context)?;
        let picture = embedder::picture(&eye.session.about, &first.outputs, &config.shown);
        eye.show(picture.map_err(fatal)?, false);
        Ok(Embed {
            margin: config.margin,
            label: Arc::from(FRAME),
            eye,
        })
    }
}

impl Transform for Embed {
    type In = Looked;
    type Out = Arc<Objects>;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, item: Looked, out: &mut Emit<Self::Out>) -> Result<()> {
        let made = match item {
            Looked::Frame(frame) => Arc::new(self.frame(&frame)?),
            Looked::Objects(objects) => Arc::new(self.objects(&objects)?),
        };
        out.send(made);
        Ok(())
    }
}

impl Embed {
    fn frame(&mut self, frame: &Arc<Frame>) -> Result<Objects> {
        let (width, height) = (frame.width, frame.height);
        let [x, y] = frame.origin();
        let mut object = Object {
            label: Arc::clone(&self.label),
            score: 1.0,
            bounds: [x, y, width, height].map(|it| it as f32),
            more: None,
        };
        self.embed(&mut object, frame, [0, 0, width, height])?;
        // Nobody has looked for anything in it.
        let complete = false;
        Ok(Objects {
            complete,
            ..found::objects(&self.eye.session, frame, Arc::new([object]))
        })
    }

    fn objects(&mut self, objects: &Objects) -> Result<Objects> {
        let frame = looked::frame(objects)?;
        let mut found = objects.found.to_vec();
        for object in found.iter_mut().take(MOST_OBJECTS) {
            let size = [frame.width, frame.height];
            if let Some(part) = looked::pixels(object.bounds, size, self.margin) {
                self.embed(object, frame, part)?;
            }
        }
        Ok(Objects {
            found: found.into(),
            ..objects.clone()
        })
    }

    fn embed(&mut self, object: &mut Object, frame: &Frame, part: [u32; 4]) -> Result<()> {
        let (outputs, _) = self.eye.look(frame, part)?;
        let vector = embedder::direction(&outputs.array(0)?.numbers).map_err(Error::Retry)?;
        object.more.get_or_insert_default().vector = Some(vector);
        Ok(())
    }
}
