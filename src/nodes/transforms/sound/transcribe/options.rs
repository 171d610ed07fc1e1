//! Options of `transcribe`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::speech::whisper::heard::Wanted;
use crate::inference::speech::whisper::languages;
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::nodes::parts::shadow::options::Options as Shadow;
use crate::pipeline::contract::error::Misuse;

/// Whisper takes 224 tokens before the speech; of some four letters each.
const LONGEST_PROMPT: usize = 800;
/// Utterances of files are heard together across such pauses.
const FILES: Duration = Duration::from_secs(5);

/// What whisper.cpp runs.
#[derive(Clone)]
pub struct Ggml;

impl Runs for Ggml {
    const TASK: Task = Task::Transcribe;
    const FILE: &'static str = "a ggml file";
}

/// Options of `transcribe`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Ggml>,
    /// ISO 639-1 code of the language that is spoken, or `auto`. English-only models know `en`.
    #[serde(default = "english")]
    pub language: String,
    /// Text that could come before the speech: it is written down in that style, with those names. At most 800
    /// characters with `vocabulary`.
    #[serde(default)]
    pub prompt: String,
    /// Words and names that are likely to be said.
    #[serde(default)]
    pub vocabulary: Vec<String>,
    /// Whether the times of all words are told too, by one more run of the decoder. Tried with tiny.en and base.
    #[serde(default)]
    pub words: bool,
    /// Utterances of a source with shorter pauses between them are heard together, up to 14 s: whole sentences are
    /// heard better, and later. Default: 0 for devices, 5000 for files.
    #[schemars(range(min = 0, max = 28_000))]
    pub join_ms: Option<u64>,
    /// What was said so long ago is not written down any more: a `gap` event says so. Before that, utterances are
    /// heard together. For devices.
    #[serde(default = "default_max_lag_ms")]
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub max_lag_ms: u64,
    /// Which model stands in its shadow.
    #[serde(flatten)]
    pub shadow: Shadow,
}

fn english() -> String {
    "en".to_owned()
}

fn default_max_lag_ms() -> u64 {
    30_000
}

impl Config {
    /// What is wrong with them.
    pub fn misuses(&self) -> Vec<Misuse> {
        let mut misuses = self.model.check();
        misuses.extend(self.shadow.check::<Ggml>());
        let (name, language) = (&self.model.name, &self.language);
        misuses.extend(match languages::number(language) {
            None if language != "auto" => Some(languages::unknown(language)),
            _ => languages::tokens(name).and_then(|it| languages::deaf(name, it, language)),
        });
        let prompt = self.whole_prompt();
        if prompt.chars().count() > LONGEST_PROMPT {
            let message = "Whisper does not take so much text before the speech";
            let help = "800 characters at most, with `vocabulary`";
            misuses.push(Misuse::new("prompt", message, help));
        }
        if prompt.contains('\0') {
            let message = "there is a zero byte in the text";
            misuses.push(Misuse::new("prompt", message, "leave it out"));
        }
        misuses
    }

    /// How speech is to be heard.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            model: self.model.name.clone(),
            sha256: self.model.sha256().map(ToOwned::to_owned),
            language: self.language.clone(),
            prompt: self.whole_prompt(),
            words: self.words,
        }
    }

    /// Longest pause in what is heard together, of devices and of files.
    pub fn join(&self) -> [Duration; 2] {
        let wanted = self.join_ms.map(Duration::from_millis);
        [wanted.unwrap_or_default(), wanted.unwrap_or(FILES)]
    }

    fn whole_prompt(&self) -> String {
        let words = self.vocabulary.join(", ");
        let end = if words.is_empty() { "" } else { "." };
        format!("{} {words}{end}", self.prompt).trim().to_owned()
    }
}
