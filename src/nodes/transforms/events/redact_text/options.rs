//! Options of `redact_text`.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::events::Mode;
use crate::nodes::parts::words::list;
use crate::nodes::parts::words::phrase::Phrase;
use crate::pipeline::contract::error::Misuse;

/// Options of `redact_text`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `redacted` puts markers such as `[number]` in the place of numbers, e-mail addresses, house numbers with their
    /// street, and `words`; names of people are gone where they are among `words` only. Numbers are words with a digit
    /// in them and, in English, number words: those above twelve, those that follow each other, and those that no word
    /// follows (`two dogs` stay, `my code is two` does not). E-mail addresses can be spoken: `john dot smith at example
    /// dot com`. Streets are known by English words such as `road`. That is done as well as it can be, and more is
    /// taken out rather than less; of what has been said so far the last eight words are not told. `keywords_only`
    /// leaves nothing but `words`, `presence_only` no word at all: that something was said, when, and in which language.
    #[serde(default)]
    pub mode: Mode,
    /// Words and phrases: those that are taken out or, with `keywords_only`, those that are left. Case, accents and
    /// punctuation do not count.
    #[serde(default)]
    pub words: Vec<String>,
    /// A text file with more of them, one a line; what begins with `#` is a comment.
    #[serde(default)]
    pub words_file: Option<PathBuf>,
}

impl Config {
    /// What is wrong with them.
    pub fn misuses(&self) -> Vec<Misuse> {
        let mut misuses = list::misuses("words", &self.words);
        let has_none = self.words.is_empty() && self.words_file.is_none();
        if self.mode == Mode::KeywordsOnly && has_none {
            let message = "without `words` or `words_file` nothing would be left";
            let help = "name the words that may be told, or write \"presence_only\"";
            misuses.push(Misuse::new("mode", message, help));
        }
        if self.mode == Mode::PresenceOnly && !has_none {
            let option = match self.words.is_empty() {
                true => "words_file",
                false => "words",
            };
            let message = "with `mode = \"presence_only\"` no word is told";
            let help = "remove them, or write \"keywords_only\"";
            misuses.push(Misuse::new(option, message, help));
        }
        misuses
    }

    /// All words and phrases, also those of the file. Relative paths start at `base`.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn phrases(&self, base: &Path) -> Result<Vec<Phrase>, Misuse> {
        let mut phrases = list::parse(&self.words);
        if let Some(file) = &self.words_file {
            phrases.extend(list::read("words_file", &base.join(file))?);
        }
        Ok(phrases)
    }
}
