//! `detect`: objects in frames, by any detector that `inference::sight::heads` knows.

mod options;
mod shadow;
mod told;

use std::path::Path;
use std::sync::Arc;

pub use self::options::Config;
use self::options::Detects;
use self::shadow::Watch;
use self::told::Told;
use crate::inference::onnx::declared;
use crate::inference::sight::detector::{Detector, Rules};
use crate::inference::sight::finder::Finder;
use crate::inference::sight::input::Input;
use crate::inference::sight::labelled::Classes;
use crate::inference::sight::{labelled, labels};
use crate::inference::store::manifest;
use crate::media::frame::Frame;
use crate::nodes::parts::found;
use crate::nodes::parts::shadow::options::of_shadow;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::pipeline::file::problem::suggest;

/// A detector for one frame at a time.
pub struct Detect {
    finder: Finder,
    shadow: Option<Watch>,
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
        "yolov5",
        "yolov8",
        "yolo11",
        "yolo26",
        "detr",
        "rtdetr",
        "nanodet",
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
    const ABOUT: &'static str = "Finds objects in frames with an ONNX model (YOLO of all kinds, RT-DETR and \
        its heirs, NanoDet, SSD, YuNet, ...), whose family, input size, layout and labels are read from its file.";
    const EXAMPLE: &'static str = "model = \"yolox-nano\"\nlabels = [\"person\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut misuses = config.model.check();
        misuses.extend(config.options.check());
        misuses.extend(config.shadow.check::<Detects>());
        let named = &config.options.labelled;
        let is_told = named.labels_file.is_some() || named.classes.is_some();
        let known = known(&config.model.name).filter(|_| !is_told);
        let known = known.unwrap_or_default();
        for label in named.labels.iter().filter(|_| !known.is_empty()) {
            if !known.iter().any(|it| **it == **label) {
                let message = format!("`{}` knows no `{label}`", config.model.name);
                let help = suggest(label, known.iter().map(|it| &**it));
                misuses.push(Misuse::new("labels", message, help));
            }
        }
        misuses
    }

    fn names(config: &Config) -> Option<Vec<Arc<str>>> {
        let named = &config.options.labelled;
        let asked = named.labels.iter().map(|it| Arc::from(it.as_str()));
        match (&named.labels_file, &named.classes) {
            _ if !named.labels.is_empty() => Some(asked.collect()),
            (Some(_), _) => None,
            (None, Some(Classes::Listed(names))) => {
                Some(names.iter().map(|it| Arc::from(it.as_str())).collect())
            }
            (None, Some(Classes::Known(list))) => labels::list(list),
            (None, None) => known(&config.model.name),
        }
    }

    fn names_at_hand(config: &Config, base: &Path) -> Option<Vec<Arc<str>>> {
        let (name, sum) = (&config.model.name, config.model.sha256());
        let about = declared::at_hand(name, sum, base).ok()?.about;
        let named = config.options.labelled.names(&about, &[], base).ok()??;
        Some(named.names)
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let understood = |(name, sum): (&str, Option<&str>)| {
            let it = declared::at_hand(name, sum, base)?;
            // What ONNX Runtime works out of the shapes may be another family's.
            let is_sure =
                it.is_complete || Input::of(&it.about, config.options.shown.size).is_err();
            let understood = Detector::declared(&it.about, &config.options, base);
            let is_told = |it: &Misuse| is_sure || !["model", "family"].contains(&&*it.option);
            understood.err().filter(is_told).map_or(Ok(()), Err)
        };
        let wrong = understood((&config.model.name, config.model.sha256())).err();
        let shadow = config.shadow.model().map(understood);
        // Of a model that cannot be understood nothing else is looked at.
        let is_model = wrong.as_ref().is_some_and(|it| it.option == "model");
        let names = config
            .options
            .labelled
            .labels_file
            .as_ref()
            .filter(|_| is_model);
        let names = names.map(|it| labelled::of_file(&base.join(it)));
        wrong
            .into_iter()
            .chain(names.and_then(Result::err))
            .chain(shadow.and_then(Result::err).map(of_shadow))
            .collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Detect> {
        let model = (&*config.model.name, config.model.sha256());
        let rules = Rules {
            score: config.score,
            overlap: config.overlap,
        };
        let finder = Finder::open(model, &config.options, rules, context)?;
        let shadow = Watch::start(config, &finder.eye.session.about.name, context);
        Ok(Detect { finder, shadow })
    }
}

/// What a model of the manifest knows.
fn known(model: &str) -> Option<Vec<Arc<str>>> {
    labels::list(manifest::find(model)?.labels.as_deref()?)
}

impl Transform for Detect {
    type In = Arc<Frame>;
    type Out = Told;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Self::Out>) -> Result<()> {
        let found = self.finder.find(&frame)?;
        found::tell(&self.finder.eye.session, &frame, Arc::clone(&found), out);
        if let Some(shadow) = &mut self.shadow {
            shadow.follow(&frame, &found, out);
        }
        Ok(())
    }
}
