//! `detect`: objects in frames, by any detector that `inference::sight::heads` knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::onnx::declared;
use crate::inference::onnx::session::{self, Session};
use crate::inference::onnx::tensor::{Outputs, Tensor, Values};
use crate::inference::sight::detector::{self, Detector};
use crate::inference::sight::fit::Letterbox;
use crate::inference::sight::heads::Head;
use crate::inference::sight::labels;
use crate::inference::sight::nms::{Candidate, sort, suppress};
use crate::inference::sight::picture::Fit;
use crate::inference::store::manifest::{self, Task};
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::events::{Detection, Of};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::{Object, Objects};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::file::problem::suggest;
use crate::ports;

/// Pictures with more proposals than this are noise; suppression takes quadratic time.
const MOST_CANDIDATES: usize = 3_000;

/// Options of `detect`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Detect>,
    /// What to report, in the model's words. Default: everything it knows.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A text file with the names of the model's classes, one a line, in the model's order. Default: those that
    /// the model's file tells, or numbers.
    #[serde(default)]
    pub labels_file: Option<PathBuf>,
    /// Least confidence that is reported.
    #[serde(default = "default_score")]
    #[schemars(range(min = 0.01, max = 1.0))]
    pub score: f32,
    /// Of two boxes of a label that overlap more than this (intersection over union), the weaker
    /// is dropped.
    #[serde(default = "default_overlap")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub overlap: f32,
}

fn default_score() -> f32 {
    0.4
}

fn default_overlap() -> f32 {
    0.45
}

/// A detector with buffers for one frame at a time.
pub struct Detect {
    session: Session,
    head: Box<dyn Head>,
    letterbox: Letterbox,
    shape: Vec<i64>,
    labels: Vec<Arc<str>>,
    /// By class: whether it is reported.
    wanted: Vec<bool>,
    score: f32,
    overlap: f32,
    provider: Arc<str>,
    candidates: Vec<Candidate>,
}

ports! {
    /// What was found in a frame: for those who work on it, also when that is nothing; and as an event
    /// when there is something to tell.
    pub enum Found {
        Objects(Arc<Objects>),
        Detection(Of<Detection>),
    }
}

impl Runs for Detect {
    const TASK: Task = Task::Detect;
}

impl Node for Detect {
    const NAME: &'static str = "detect";
    const ALSO: &'static [&'static str] = &[
        "detector",
        "detection",
        "object_detection",
        "object_detector",
        "objects",
        "yolo",
        "yolox",
        "yolov8",
        "ssd",
        "yunet",
        "face",
        "faces",
        "face_detection",
        "person",
        "people",
        "onnx",
        "inference",
        "model",
    ];
    const ABOUT: &'static str = "Finds objects in frames with an ONNX model (YOLOX, YuNet), whose \
        input size, layout and decoder are read from its file.";
    const EXAMPLE: &'static str = "model = \"yolox-nano\"\nlabels = [\"person\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut misuses = config.model.check();
        let known = manifest::find(&config.model.name).and_then(|it| it.labels.as_deref());
        let known: Vec<Arc<str>> = known.and_then(labels::list).unwrap_or_default();
        let is_known = config.labels_file.is_none() && !known.is_empty();
        for label in config.labels.iter().filter(|_| is_known) {
            if !known.iter().any(|it| **it == **label) {
                let message = format!("`{}` knows no `{label}`", config.model.name);
                let help = suggest(label, known.iter().map(|it| &**it));
                misuses.push(Misuse::new("labels", message, help));
            }
        }
        misuses
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let names = config.labels_file.as_ref().map(|it| base.join(it));
        let ModelOptions { name, .. } = &config.model;
        let understood = declared::at_hand(name, config.model.sha256(), base).and_then(|it| {
            let is_sure = it.is_complete || detector::input_size(&it.about).is_err();
            let understood = Detector::of(&it.about, names.as_deref(), &config.labels);
            let is_told = |it: &Misuse| is_sure || it.option != "model";
            understood.err().filter(is_told).map_or(Ok(()), Err)
        });
        let wrong = understood.err();
        // Of a model that cannot be understood nothing else is looked at.
        let is_model = wrong.as_ref().is_some_and(|it| it.option == "model");
        let names = names.filter(|_| is_model).map(|it| detector::names(&it));
        wrong
            .into_iter()
            .chain(names.and_then(Result::err))
            .collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Detect> {
        let mut session = session::open(&config.model.name, config.model.sha256(), context)?;
        let names = config.labels_file.as_ref().map(|it| context.resolve(it));
        let detector = Detector::of(&session.about, names.as_deref(), &config.labels)
            .map_err(|it| Error::fatal(format!("{}; {}", it.message, it.help)))?;
        let (width, height) = (detector.width, detector.height);
        let shape = vec![1, Frame::CHANNELS as i64, height as i64, width as i64];
        let nothing = vec![0.0; Frame::CHANNELS * width * height];
        infer(&mut session, &*detector.head, &shape, &nothing)?;
        Ok(Detect {
            letterbox: Letterbox::new(width, height, detector.head.picture()),
            shape,
            head: detector.head,
            labels: detector.labels,
            wanted: detector.wanted,
            score: config.score,
            overlap: config.overlap,
            provider: Arc::from(session.provider.name()),
            candidates: Vec::new(),
            session,
        })
    }
}

impl Transform for Detect {
    type In = Arc<Frame>;
    type Out = Found;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Self::Out>) -> Result<()> {
        let (pixels, fit) = self.letterbox.fill(&frame).map_err(Error::Retry)?;
        let outputs = infer(&mut self.session, &*self.head, &self.shape, pixels)?;
        self.candidates.clear();
        self.head
            .decode(&outputs.all()?, self.score, &mut self.candidates);
        if !self.candidates.iter().all(Candidate::is_sound) {
            return Err(Error::retry("the model puts out what is no number"));
        }
        self.candidates.retain(|it| self.wanted[it.class]);
        sort(&mut self.candidates);
        self.candidates.truncate(MOST_CANDIDATES);
        if !self.head.suppressed() {
            suppress(&mut self.candidates, self.overlap);
        }
        self.tell(&frame, fit, out);
        Ok(())
    }
}

impl Detect {
    fn tell(&self, frame: &Arc<Frame>, fit: Fit, out: &mut Emit<Found>) {
        let object = |found: &Candidate| Object {
            label: Arc::clone(&self.labels[found.class]),
            score: found.score,
            bounds: fit.to_frame(found.corners),
            more: None,
        };
        let found: Arc<[Object]> = self.candidates.iter().map(object).collect();
        let (model, size) = (&self.session.about.name, [frame.width, frame.height]);
        if !found.is_empty() {
            let detection = Detection {
                file: frame.file.clone(),
                frame: size,
                objects: Arc::clone(&found),
                model: Arc::clone(model),
                provider: Arc::clone(&self.provider),
            };
            out.event(&frame.source, frame.at, Some(frame.seq), detection);
        }
        if out.wants(Lane::Objects) {
            out.send(Arc::new(Objects {
                source: Arc::clone(&frame.source),
                seq: frame.seq,
                at: frame.at,
                size,
                file: frame.file.clone(),
                frame: Some(Arc::clone(frame)),
                found,
                model: Arc::clone(model),
                provider: Arc::clone(&self.provider),
            }));
        }
    }
}

/// Runs the model; its outputs have the sizes that the head was chosen for.
fn infer<'a>(
    session: &'a mut Session,
    head: &dyn Head,
    shape: &[i64],
    pixels: &[f32],
) -> Result<Outputs<'a>> {
    let values = Values::Floats(pixels);
    let outputs = session.run(&[Tensor { shape, values }])?;
    for (at, size) in head.sizes().into_iter().enumerate() {
        if size > 0 && outputs.floats(at)?.len() != size {
            return Err(Error::retry(
                "the model's outputs have other shapes than its file says",
            ));
        }
    }
    Ok(outputs)
}
