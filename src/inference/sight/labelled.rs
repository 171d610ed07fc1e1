//! Which names the classes of a model have, and which of them are asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::labels;
use crate::inference::onnx::tensor::About;
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::contract::small_file;
use crate::pipeline::file::problem::suggest;

/// Names that are numbers, where the number of classes is not known: more than any detector has.
const MOST_NUMBERED: usize = 1000;

/// Which classes a model has and which are reported.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Labelled {
    /// What to report, in the model's words. Default: everything it knows.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A text file with the names of the model's classes, one a line, in the model's order. Default: those that
    /// the model's file tells, or numbers.
    #[serde(default)]
    pub labels_file: Option<PathBuf>,
    /// The names of the model's classes themselves, in the model's order, in place of `labels_file`; or `"coco"` for the 80
    /// of COCO.
    #[serde(default)]
    pub classes: Option<Classes>,
}

/// The names of classes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Classes {
    /// A list that is known by a name.
    Known(String),
    /// One by one.
    Listed(Vec<String>),
}

/// Names, and from which option they are; none if from the model's file.
pub struct Names {
    /// In the model's order.
    pub names: Vec<Arc<str>>,
    option: Option<&'static str>,
}

impl Labelled {
    /// What is wrong with the options, without touching the world.
    pub fn check(&self) -> Vec<Misuse> {
        let both = self.labels_file.is_some() && self.classes.is_some();
        let both = both.then(|| {
            let message = "the names of the classes are told twice";
            Misuse::new("classes", message, "keep `classes` or `labels_file`")
        });
        both.into_iter()
            .chain(self.listed().and_then(Result::err))
            .collect()
    }

    fn listed(&self) -> Option<Result<Vec<Arc<str>>, Misuse>> {
        let listed = match self.classes.as_ref()? {
            Classes::Known(text) => labels::list(text),
            Classes::Listed(names) => (!names.is_empty()
                && !names.iter().any(|it| it.trim().is_empty()))
            .then(|| names.iter().map(|it| Arc::from(it.as_str())).collect()),
        };
        let wrong = || {
            let help = "a list of names, `[\"person\", \"car\"]`, or \"coco\"";
            Misuse::new("classes", "these are no names of classes", help)
        };
        Some(listed.ok_or_else(wrong))
    }

    /// The names that the options tell, or else the first list that the manifest or the file has for so many classes, or
    /// else the first list.
    ///
    /// # Errors
    /// That the file of names cannot be read.
    pub fn names(
        &self,
        model: &About,
        classes: &[usize],
        base: &Path,
    ) -> Result<Option<Names>, Misuse> {
        let told = |names, option| Names {
            names,
            option: Some(option),
        };
        if let Some(path) = &self.labels_file {
            return Ok(Some(told(of_file(&base.join(path))?, "labels_file")));
        }
        if let Some(listed) = self.listed() {
            return Ok(Some(told(listed?, "classes")));
        }
        let mut lists: Vec<Vec<Arc<str>>> = model
            .labels
            .iter()
            .filter_map(|it| labels::list(it))
            .collect();
        let fitting = lists.iter().position(|it| classes.contains(&it.len()));
        let at = fitting.unwrap_or(0);
        let names = (at < lists.len()).then(|| lists.swap_remove(at));
        Ok(names.map(|names| Names {
            names,
            option: None,
        }))
    }

    /// A name for every class, and whether it is asked for.
    ///
    /// # Errors
    /// That there are more or less names than classes, or that a label asked for is none of them.
    pub fn all(
        &self,
        model: &About,
        names: Option<Names>,
        usual: Option<&str>,
        classes: Option<usize>,
    ) -> Result<(Vec<Arc<str>>, Vec<bool>), Misuse> {
        let usual = || {
            usual.and_then(labels::list).map(|names| Names {
                names,
                option: None,
            })
        };
        let labels = match (names.or_else(usual), classes) {
            (Some(told), Some(classes)) if told.names.len() != classes => {
                return Err(told.unfit(&model.name, classes));
            }
            (Some(told), _) => told.names,
            (None, classes) => {
                let numbers = 0..classes.unwrap_or(MOST_NUMBERED);
                numbers.map(|it| it.to_string().into()).collect()
            }
        };
        let wanted = self.wanted(&labels)?;
        Ok((labels, wanted))
    }

    fn wanted(&self, labels: &[Arc<str>]) -> Result<Vec<bool>, Misuse> {
        let chosen = &self.labels;
        let is_unknown = |it: &&String| !labels.iter().any(|label| **label == ***it);
        if let Some(unknown) = chosen.iter().find(is_unknown) {
            let help = suggest(unknown, labels.iter().map(|it| &**it));
            let message = format!("the model knows no `{unknown}`");
            return Err(Misuse::new("labels", message, help));
        }
        let is_wanted =
            |label: &Arc<str>| chosen.is_empty() || chosen.iter().any(|it| **it == **label);
        Ok(labels.iter().map(is_wanted).collect())
    }
}

impl Names {
    fn unfit(&self, model: &str, classes: usize) -> Misuse {
        let names = self.names.len();
        let message = format!("{model} has {classes} classes and {names} labels");
        match self.option {
            Some(option) => Misuse::new(
                option,
                message,
                "name each class of the model, in its order",
            ),
            None => {
                let help = "its file names other classes: name them in `classes` or `labels_file`, or tell its `family`";
                Misuse::new("model", message, help)
            }
        }
    }
}

/// The lines of a file that a person wrote.
///
/// # Errors
/// That it cannot be read.
pub fn of_file(path: &Path) -> Result<Vec<Arc<str>>, Misuse> {
    let missing = |error| {
        let why = format!("{}: {error}", path.display());
        Misuse::missing("labels_file", why)
    };
    let text = small_file::read(path).map_err(missing)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Ok(lines.map(Arc::from).collect())
}
