//! `classify`: what a frame, or each object in it, shows, by any model that names whole pictures.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::sight::classifier::{Classifier, Options};
use crate::inference::sight::eye::{Eye, fatal};
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::events::{Class, Classification, Looked as Part, Of};
use crate::media::frame::Frame;
use crate::media::objects::{Object, Objects};
use crate::nodes::parts::at_hand;
use crate::nodes::parts::looked::{self, Looked, MOST_OBJECTS};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// Options of `classify`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Classify>,
    /// How it is understood.
    #[serde(flatten)]
    pub options: Options,
    /// Least confidence that is reported. Where no class is so sure, nothing is told.
    #[serde(default = "default_score")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub score: f32,
    /// So many classes are told at most, the surest.
    #[serde(default = "default_top")]
    #[schemars(range(min = 1, max = 100))]
    pub top: usize,
    /// Of the sides of an object's box, the part that is looked at more on each side.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub margin: f32,
}

fn default_score() -> f32 {
    0.2
}

fn default_top() -> usize {
    3
}

/// A classifier.
pub struct Classify {
    eye: Eye,
    classifier: Classifier,
    score: f32,
    top: usize,
    margin: f32,
}

impl Runs for Classify {
    const TASK: Task = Task::Classify;
}

impl Node for Classify {
    const NAME: &'static str = "classify";
    const ALSO: &'static [&'static str] = &[
        "classifier",
        "classification",
        "image_classification",
        "recognise",
        "recognize",
        "recognition",
        "imagenet",
        "mobilenet",
        "resnet",
        "efficientnet",
        "scene",
    ];
    const ABOUT: &'static str = "Names what frames show, or each object in them where it is given objects, with an ONNX \
        model that puts out a score a class. Scores that are no probabilities become some.";
    const EXAMPLE: &'static str = "model = \"models/weather.onnx\"\n\
        sha256 = \"6c1f0a5f2d3b4e8897a6b5c4d3e2f1000f1e2d3c4b5a69788796a5b4c3d2e1f0\"\ntop = 1";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let model = config.model.check().into_iter();
        model.chain(config.options.labelled.check()).collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let options = &config.options;
        at_hand::model(&config.model, Self::NAME, base, |about| {
            Classifier::of(about, &about.outputs, &[], options, base)
        })
    }

    fn open(config: &Config, context: &Context) -> Result<Classify> {
        let (name, sum) = (&config.model.name, config.model.sha256());
        let options = &config.options;
        let (mut eye, first) = Eye::open(name, sum, &options.shown, context)?;
        let numbers = first.numbers.first().map_or(&[][..], |it| it);
        let about = &eye.session.about;
        let classifier = Classifier::of(about, &first.outputs, numbers, options, &context.base);
        let classifier = classifier.map_err(fatal)?;
        eye.show(classifier.picture, false);
        Ok(Classify {
            score: config.score,
            top: config.top,
            margin: config.margin,
            eye,
            classifier,
        })
    }
}

impl Transform for Classify {
    type In = Looked;
    type Out = Of<Classification>;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, item: Looked, out: &mut Emit<Self::Out>) -> Result<()> {
        match item {
            Looked::Frame(frame) => self.frame(&frame, out),
            Looked::Objects(objects) => self.objects(&objects, out),
        }
    }
}

impl Classify {
    fn frame(&mut self, frame: &Arc<Frame>, out: &mut Emit<Of<Classification>>) -> Result<()> {
        let (width, height) = (frame.width, frame.height);
        let classes = self.classes(frame, [0, 0, width, height])?;
        let [x, y] = frame.origin();
        let of = frame.part.is_some().then(|| Part {
            label: None,
            track: None,
            bounds: [x, y, width, height].map(|it| it as f32),
        });
        self.tell(frame.whole(), classes, of, out);
        Ok(())
    }

    fn objects(&mut self, objects: &Objects, out: &mut Emit<Of<Classification>>) -> Result<()> {
        let frame = looked::frame(objects)?;
        for object in objects.found.iter().take(MOST_OBJECTS) {
            let part = looked::pixels(object.bounds, [frame.width, frame.height], self.margin);
            let Some(part) = part else { continue };
            let classes = self.classes(frame, part)?;
            self.tell(frame, classes, Some(looked_at(object)), out);
        }
        Ok(())
    }

    fn classes(&mut self, frame: &Frame, part: [u32; 4]) -> Result<Vec<Class>> {
        let (outputs, _) = self.eye.look(frame, part)?;
        let array = outputs.array(0)?;
        let classes = self
            .classifier
            .classes(&array.numbers, self.score, self.top);
        classes.map_err(Error::Retry)
    }

    fn tell(
        &self,
        frame: &Frame,
        classes: Vec<Class>,
        of: Option<Part>,
        out: &mut Emit<Of<Classification>>,
    ) {
        let Some(Class { label, score }) = classes.first().cloned() else {
            return;
        };
        let classification = Classification {
            file: frame.file.clone(),
            frame: [frame.width, frame.height],
            label,
            score,
            classes,
            of,
            model: Arc::clone(&self.eye.session.about.name),
            provider: Arc::clone(self.eye.session.provider()),
        };
        out.event(&frame.source, frame.at, Some(frame.seq), classification);
    }
}

fn looked_at(object: &Object) -> Part {
    Part {
        label: Some(Arc::clone(&object.label)),
        track: object.more.as_ref().and_then(|it| it.track),
        bounds: object.bounds,
    }
}
