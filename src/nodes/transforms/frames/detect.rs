//! `detect`: objects in frames, by any detector that `inference::sight::heads` knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::onnx::session::{self, Session};
use crate::inference::onnx::tensor::{About, Outputs, Tensor, Values};
use crate::inference::sight::fit::Letterbox;
use crate::inference::sight::heads::{self, Head};
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
use crate::pipeline::contract::small_file;
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
    /// A text file with the names of the model's classes, one a line, in the model's order. Default: those of
    /// the model, or numbers.
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
    const ABOUT: &'static str = "Finds objects in frames with an ONNX model (YOLOX, YuNet), whose \
        input size, layout and decoder are read from its file.";
    const EXAMPLE: &'static str = "model = \"yolox-nano\"\nlabels = [\"person\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut misuses = config.model.check();
        let known = manifest::find(&config.model.name).and_then(|it| it.labels.as_deref());
        let known: Vec<Arc<str>> = known.map(labels::list).unwrap_or_default();
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

    fn open(config: &Config, context: &Context) -> Result<Detect> {
        let mut session = session::open(&config.model.name, config.model.sha256(), context)?;
        let (width, height) = input_size(&session.about)?;
        let head = heads::recognise(&session.about, width, height)
            .map_err(|why| Error::fatal(format!("{}: {why}", session.about.name)))?;
        let file = config.labels_file.as_ref().map(|it| context.resolve(it));
        let given = file.map(|path| lines(&path)).transpose()?;
        let labels = class_names(&session.about, given, head.classes())?;
        let wanted = wanted(&labels, &config.labels)?;
        let shape = vec![1, Frame::CHANNELS as i64, height as i64, width as i64];
        let nothing = vec![0.0; Frame::CHANNELS * width * height];
        infer(&mut session, &*head, &shape, &nothing)?;
        Ok(Detect {
            letterbox: Letterbox::new(width, height, head.picture()),
            shape,
            head,
            labels,
            wanted,
            score: config.score,
            overlap: config.overlap,
            provider: Arc::from(session.about.provider.name()),
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

/// Width and height of a model that takes one picture as `[1, 3, height, width]` floats.
fn input_size(model: &About) -> Result<(usize, usize)> {
    let size = match &model.inputs[..] {
        [input] if input.is_f32 => match input.shape[..] {
            [1 | -1, 3, height, width] => usize::try_from(height)
                .ok()
                .zip(usize::try_from(width).ok()),
            _ => None,
        },
        _ => None,
    };
    let inputs = model
        .inputs
        .iter()
        .map(|it| format!("{} {:?}", it.name, it.shape));
    match size {
        Some((height, width)) if height > 0 && width > 0 => Ok((width, height)),
        _ => Err(Error::fatal(format!(
            "{} takes {}; a detector takes one picture [1, 3, height, width] of floats, of fixed size",
            model.name,
            inputs.collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// The lines of a file that a person wrote.
fn lines(path: &Path) -> Result<Vec<Arc<str>>> {
    let shown = path.display();
    let text = small_file::read(path).map_err(|it| Error::fatal(format!("{shown}: {it}")))?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Ok(lines.map(Arc::from).collect())
}

/// A name for every class: those given, of the manifest or the file, or just numbers.
fn class_names(
    model: &About,
    given: Option<Vec<Arc<str>>>,
    classes: usize,
) -> Result<Vec<Arc<str>>> {
    let Some(given) = given.or_else(|| model.labels.as_deref().map(labels::list)) else {
        return Ok((0..classes)
            .map(|class| Arc::from(class.to_string()))
            .collect());
    };
    if given.len() != classes {
        let (name, labels) = (&model.name, given.len());
        return Err(Error::fatal(format!(
            "{name} has {classes} classes and {labels} labels"
        )));
    }
    Ok(given)
}

fn wanted(labels: &[Arc<str>], chosen: &[String]) -> Result<Vec<bool>> {
    if let Some(unknown) = chosen
        .iter()
        .find(|it| !labels.iter().any(|label| **label == ***it))
    {
        let help = suggest(unknown, labels.iter().map(|it| &**it));
        return Err(Error::fatal(format!(
            "the model knows no `{unknown}`; {help}"
        )));
    }
    let is_wanted = |label: &Arc<str>| chosen.is_empty() || chosen.iter().any(|it| **it == **label);
    Ok(labels.iter().map(is_wanted).collect())
}
