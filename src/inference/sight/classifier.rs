//! Models that name whole pictures: what they are shown, and their outputs as classes with scores.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::Input;
use super::labelled::Labelled;
use super::options::Shown;
use super::picture::{Picture, Place};
use super::{tasks, wrong};
use crate::inference::onnx::tensor::{About, Port};
use crate::media::events::Class;
use crate::pipeline::contract::error::Misuse;

/// By how much rounding may take a sum of probabilities away from 1.
const ROUNDING: f32 = 0.01;

/// How a model that names pictures is to be understood.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Options {
    /// Which classes it has and which are reported.
    #[serde(flatten)]
    pub labelled: Labelled,
    /// What it is shown.
    #[serde(flatten)]
    pub shown: Shown,
}

/// A model that names pictures, understood.
pub struct Classifier {
    /// What it is shown.
    pub picture: Picture,
    labels: Vec<Arc<str>>,
    wanted: Vec<bool>,
    /// Whether what it puts out are probabilities already.
    is_probable: bool,
}

impl Classifier {
    /// Makes sense of a model by its file, the true shapes of its outputs and, where it has been run, the numbers of the
    /// first.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn of(
        model: &About,
        outputs: &[Port],
        first: &[f32],
        options: &Options,
        base: &Path,
    ) -> Result<Classifier, Misuse> {
        tasks::check(model, "classify")?;
        Input::of(model, options.shown.size)?;
        let classes = outputs.first().and_then(vector).ok_or_else(|| {
            let wants = "`classify` reads a score a class, `[1, classes]`";
            wrong::unread(model, outputs, wants)
        })?;
        let Options { labelled, shown } = options;
        let names = labelled.names(model, &[classes], base)?;
        let (labels, wanted) = labelled.all(model, names, None, Some(classes))?;
        Ok(Classifier {
            picture: shown.picture(usual(model).noted(model)),
            labels,
            wanted,
            is_probable: are_probabilities(first),
        })
    }

    /// The surest classes that are asked for, `top` at most, each with at least `score`.
    ///
    /// # Errors
    /// In words, if an output is no number.
    pub fn classes(&self, numbers: &[f32], score: f32, top: usize) -> Result<Vec<Class>, String> {
        if !numbers.iter().all(|it| it.is_finite()) {
            return Err("the model puts out what is no number".to_owned());
        }
        let scores = match self.is_probable {
            true => numbers.to_vec(),
            false => softmax(numbers),
        };
        let wanted = scores.iter().zip(&self.labels).zip(&self.wanted);
        let sure = wanted.filter(|((it, _), wanted)| **wanted && **it >= score);
        let class = |((score, label), _): ((&f32, &Arc<str>), &bool)| Class {
            label: Arc::clone(label),
            score: *score,
        };
        let mut classes: Vec<Class> = sure.map(class).collect();
        classes.sort_by(|a, b| b.score.total_cmp(&a.score));
        classes.truncate(top);
        Ok(classes)
    }
}

/// As such models are trained: those of Ultralytics on parts of the highest level, others as on ImageNet; both see the
/// middle.
fn usual(model: &About) -> Picture {
    match tasks::told(model) {
        Some(_) => Picture::CROPPED,
        None => Picture {
            place: Place::Crop,
            ..Picture::IMAGENET
        },
    }
}

/// How many numbers stand in a row, if a row is all there is; one that is left open is the one of a batch.
pub fn vector(port: &Port) -> Option<usize> {
    let mut sizes = port.shape.iter().filter(|it| ![1, -1].contains(*it));
    let size = sizes.next()?;
    let is_row = sizes.next().is_none() && port.shape.iter().position(|it| it == size) <= Some(1);
    usize::try_from(*size).ok().filter(|_| is_row)
}

fn are_probabilities(numbers: &[f32]) -> bool {
    let is_part = |it: &f32| (-ROUNDING..=1.0 + ROUNDING).contains(it);
    let sum: f32 = numbers.iter().sum();
    numbers.iter().all(is_part) && (sum - 1.0).abs() <= ROUNDING
}

/// Numbers of any size as parts of 1.
pub fn softmax(numbers: &[f32]) -> Vec<f32> {
    let most = numbers.iter().copied().fold(f32::MIN, f32::max);
    let parts: Vec<f32> = numbers.iter().map(|it| (it - most).exp()).collect();
    let sum: f32 = parts.iter().sum();
    parts.into_iter().map(|it| it / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{facts, port};

    fn understood(shape: &[i64], first: &[f32], options: &Options) -> Result<Classifier, Misuse> {
        let model = facts(32, 32, &[("out", shape, first)]).model;
        Classifier::of(&model, &model.outputs, first, options, Path::new(""))
    }

    fn said(first: &[f32], labels: &[&str], score: f32, top: usize) -> Vec<(String, f32)> {
        let mut options = Options::default();
        options.labelled.labels = labels.iter().map(|it| (*it).to_owned()).collect();
        let shape = [1, first.len() as i64];
        let classifier = understood(&shape, first, &options).expect("it is understood");
        let classes = classifier.classes(first, score, top).expect("numbers");
        classes
            .into_iter()
            .map(|it| (it.label.to_string(), it.score))
            .collect()
    }

    #[test]
    fn probabilities_stay_and_other_numbers_become_some() {
        let named = |pairs: &[(&str, f32)]| -> Vec<(String, f32)> {
            pairs.iter().map(|it| (it.0.to_owned(), it.1)).collect()
        };
        let sure = [0.25, 0.625, 0.125];
        assert_eq!(
            said(&sure, &[], 0.2, 5),
            named(&[("1", 0.625), ("0", 0.25)])
        );
        assert_eq!(said(&sure, &[], 0.0, 1), named(&[("1", 0.625)]));
        assert_eq!(said(&sure, &["2"], 0.1, 5), named(&[("2", 0.125)]));
        // ln 1, ln 3: a quarter and three.
        let logits = said(&[0.0, 1.098_612_3], &[], 0.1, 5);
        assert!((logits[0].1 - 0.75).abs() < 1e-6 && (logits[1].1 - 0.25).abs() < 1e-6);
        let large = said(&[1000.0, -1000.0], &[], 0.0, 5);
        assert_eq!(large, named(&[("0", 1.0), ("1", 0.0)]));
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        let model = understood(&[1, 2], &[0.5, 0.5], &Options::default());
        let model = model.expect("it is understood");
        assert!(model.classes(&[f32::NAN, 0.5], 0.1, 5).is_err());
    }

    #[test]
    fn a_row_of_scores_is_told_from_what_else_models_put_out() {
        let size = |shape: &[i64]| vector(&port("out", shape));
        assert_eq!(size(&[1, 1000]), Some(1000));
        assert_eq!(size(&[-1, 1000]), Some(1000));
        assert_eq!(size(&[1, 1280, 1, 1]), Some(1280));
        assert_eq!(size(&[10]), Some(10));
        assert_eq!(size(&[1, 84, 8400]), None);
        assert_eq!(size(&[1, 1, 6]), None);
        assert_eq!(size(&[-1, -1]), None);
    }

    #[test]
    fn a_detector_is_pointed_to_its_node_and_names_must_fit() {
        let detector = understood(&[1, 7, 21], &[], &Options::default());
        let wrong = detector.err().expect("it is no classifier");
        assert_eq!(wrong.option, "model");
        assert!(wrong.help.contains("`detect` is for it"), "{}", wrong.help);
        let mut options = Options::default();
        options.labelled.labels = vec!["owl".to_owned()];
        let unknown = understood(&[1, 3], &[], &options).err();
        assert_eq!(unknown.expect("it knows no owl").option, "labels");
    }
}
