//! The two ways in which models tell masks: one an object, or one a class.

use std::path::Path;
use std::sync::Arc;

use crate::inference::onnx::tensor::{About, Array};
use crate::inference::sight::classifier;
use crate::inference::sight::detector::{Detector, Options, Rules};
use crate::inference::sight::eye::{Eye, First};
use crate::inference::sight::masks::{Prototypes, covering};
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::{Fit, Picture};
use crate::inference::sight::semantic::{Region, Semantic};
use crate::inference::sight::{tasks, wrong};
use crate::media::objects::{More, Object};
use crate::pipeline::contract::error::{Error, Misuse, Result};

/// So many objects of a frame get a mask, the strongest.
const MOST_MASKS: usize = 300;

/// What makes masks of a model's outputs.
pub enum Reader {
    /// An object each.
    Instances(Detector),
    /// A class each.
    Semantic(Semantic),
}

impl Reader {
    /// Makes sense of a model by its file alone.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn declared(model: &About, options: &Options, base: &Path) -> Result<Reader, Misuse> {
        let detector = Detector::declared(model, options, base);
        Reader::choose(model, detector, options, |options| {
            Semantic::of(model, &model.outputs, &[], options, base)
        })
    }

    /// Makes sense of a model by its file and by what it puts out at first.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn of(eye: &Eye, first: &First, options: &Options, base: &Path) -> Result<Reader, Misuse> {
        let about = &eye.session.about;
        let numbers = first.numbers.first().map_or(&[][..], |it| it);
        let detector = Detector::of(about, &eye.input, first, options, base);
        Reader::choose(about, detector, options, |options| {
            Semantic::of(about, &first.outputs, numbers, options, base)
        })
    }

    fn choose(
        model: &About,
        detector: Result<Detector, Misuse>,
        options: &Options,
        semantic: impl FnOnce(&classifier::Options) -> Result<Semantic, Misuse>,
    ) -> Result<Reader, Misuse> {
        tasks::check(model, "segment")?;
        let is_other = |it: &Misuse| ["model", "family"].contains(&&*it.option);
        match detector {
            Ok(detector) if detector.head.masks().is_some() => Ok(Reader::Instances(detector)),
            Err(misuse) if !is_other(&misuse) || options.family.is_some() => Err(misuse),
            Ok(_) if options.family.is_some() => {
                let wants = "a model of this family has no masks";
                Err(wrong::unread(model, &model.outputs, wants))
            }
            // Only detectors have several outputs.
            Err(misuse) if model.outputs.len() > 1 => Err(misuse),
            _ => {
                let options = classifier::Options {
                    labelled: options.labelled.clone(),
                    shown: options.shown.clone(),
                };
                semantic(&options).map(Reader::Semantic)
            }
        }
    }

    /// What the model is shown, and whether it puts out as many rows as it finds.
    pub fn shown(&self) -> (Picture, bool) {
        match self {
            Reader::Instances(detector) => (detector.picture, detector.head.varies()),
            Reader::Semantic(semantic) => (semantic.picture, false),
        }
    }

    /// What it is taken for, for people.
    pub fn family(&self) -> &'static str {
        match self {
            Reader::Instances(detector) => detector.family,
            Reader::Semantic(_) => "semantic",
        }
    }

    /// The objects or classes of a frame with their masks.
    ///
    /// # Errors
    /// `Retry` if the model puts out what cannot be.
    pub fn read(
        &mut self,
        outputs: &[Array<'_>],
        fit: Fit,
        size: [usize; 2],
        rules: Rules,
    ) -> Result<Vec<Object>> {
        match self {
            Reader::Instances(detector) => instances(detector, outputs, fit, size, rules),
            Reader::Semantic(semantic) => {
                let regions = semantic.regions(&outputs[0], &fit).map_err(Error::Retry)?;
                let sure = regions.into_iter().filter(|it| it.score >= rules.score);
                Ok(sure.map(|it| of_region(semantic, it, fit)).collect())
            }
        }
    }
}

fn instances(
    detector: &mut Detector,
    outputs: &[Array<'_>],
    fit: Fit,
    size: [usize; 2],
    rules: Rules,
) -> Result<Vec<Object>> {
    let mut found: Vec<Candidate> = Vec::new();
    detector.pick(outputs, size, rules, &mut found)?;
    found.truncate(MOST_MASKS);
    let places = detector.head.masks().expect("it was asked for at first");
    let prototypes = Prototypes::of(outputs, places, size).map_err(Error::Retry)?;
    let object = |it: &Candidate| {
        let mut object = detector.object(it, outputs, fit);
        if let Some(mask) = prototypes.mask(it, fit.shown()) {
            let (mask, pixels) = covering(mask, object.bounds);
            let more: &mut More = object.more.get_or_insert_default();
            more.mask = Some(mask);
            more.area = Some(pixels / (fit.frame[0] * fit.frame[1]));
        }
        object
    };
    Ok(found.iter().map(object).collect())
}

fn of_region(semantic: &Semantic, region: Region, fit: Fit) -> Object {
    let more = More {
        mask: Some(Arc::new(region.mask)),
        area: Some(region.share),
        ..More::default()
    };
    Object {
        label: Arc::clone(&semantic.labels[region.class]),
        score: region.score,
        bounds: fit.to_frame(region.corners),
        more: Some(Box::new(more)),
    }
}
