//! What a model must be to find objects: one picture in, outputs that a head knows, a name for every class.

use std::path::Path;
use std::sync::Arc;

use super::heads::{self, Head};
use super::labels;
use crate::inference::onnx::tensor::{About, Port};
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::contract::small_file;
use crate::pipeline::file::problem::suggest;

/// A model that finds objects, understood.
pub struct Detector {
    /// Width of its input.
    pub width: usize,
    /// Height of its input.
    pub height: usize,
    /// What decodes its outputs.
    pub head: Box<dyn Head>,
    /// A name for every class.
    pub labels: Vec<Arc<str>>,
    /// By class: whether it is among those chosen.
    pub wanted: Vec<bool>,
}

impl Detector {
    /// Makes sense of a model, with the names of its classes in a file if one is given, and of them those chosen.
    ///
    /// # Errors
    /// What is wrong with which of the options `model`, `labels_file` and `labels`.
    pub fn of(model: &About, names: Option<&Path>, chosen: &[String]) -> Result<Detector, Misuse> {
        let [width, height] = input_size(model)?;
        let head = heads::recognise(&model.outputs, width, height).map_err(|(why, known)| {
            let message = format!("{}: {why}", model.name);
            Misuse::new("model", message, known)
        })?;
        let labels = match names {
            Some(path) => given(path, model, head.classes())?,
            None => own(model, &*head),
        };
        let wanted = wanted(&labels, chosen)?;
        Ok(Detector {
            width,
            height,
            head,
            labels,
            wanted,
        })
    }
}

/// Width and height of a model that takes one picture as `[1, 3, height, width]` floats.
///
/// # Errors
/// What it takes, if that is something else.
pub fn input_size(model: &About) -> Result<[usize; 2], Misuse> {
    let positive = |size: i64| usize::try_from(size).ok().filter(|it| *it > 0);
    let size = match &model.inputs[..] {
        [input] if input.is_f32 => match input.shape[..] {
            [1 | -1, 3, height, width] => positive(width).zip(positive(height)),
            _ => None,
        },
        _ => None,
    };
    size.map(<[usize; 2]>::from).ok_or_else(|| {
        let shown = |it: &Port| format!("{} {:?}", it.name, it.shape);
        let inputs: Vec<String> = model.inputs.iter().map(shown).collect();
        let message = format!("{} takes {}", model.name, inputs.join(", "));
        let help = "a detector takes one picture [1, 3, height, width] of floats, of fixed size";
        Misuse::new("model", message, help)
    })
}

/// The lines of a file that a person wrote.
///
/// # Errors
/// That it cannot be read.
pub fn names(path: &Path) -> Result<Vec<Arc<str>>, Misuse> {
    let missing = |error| {
        let why = format!("{}: {error}", path.display());
        Misuse::missing("labels_file", why)
    };
    let text = small_file::read(path).map_err(missing)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Ok(lines.map(Arc::from).collect())
}

fn given(path: &Path, model: &About, classes: usize) -> Result<Vec<Arc<str>>, Misuse> {
    let names = names(path)?;
    if names.len() != classes {
        let (name, labels) = (&model.name, names.len());
        let message = format!("{name} has {classes} classes and {labels} labels");
        let help = "name each class of the model, one a line, in its order";
        return Err(Misuse::new("labels_file", message, help));
    }
    Ok(names)
}

/// The names that the manifest or the file tells, or else those of the head's family, or just numbers.
fn own(model: &About, head: &dyn Head) -> Vec<Arc<str>> {
    let told = model.labels.iter().map(String::as_str).chain(head.names());
    let mut told = told.filter_map(labels::list);
    let fitting = told.find(|it| it.len() == head.classes());
    fitting.unwrap_or_else(|| {
        (0..head.classes())
            .map(|it| it.to_string().into())
            .collect()
    })
}

fn wanted(labels: &[Arc<str>], chosen: &[String]) -> Result<Vec<bool>, Misuse> {
    let is_unknown = |it: &&String| !labels.iter().any(|label| **label == ***it);
    if let Some(unknown) = chosen.iter().find(is_unknown) {
        let help = suggest(unknown, labels.iter().map(|it| &**it));
        let message = format!("the model knows no `{unknown}`");
        return Err(Misuse::new("labels", message, help));
    }
    let is_wanted = |label: &Arc<str>| chosen.is_empty() || chosen.iter().any(|it| **it == **label);
    Ok(labels.iter().map(is_wanted).collect())
}
