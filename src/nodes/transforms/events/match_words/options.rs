//! Options of `match_words`.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::search::Search;
use crate::nodes::parts::words::list;
use crate::pipeline::contract::error::Misuse;

/// A pattern takes so many bytes at most.
const LARGEST: usize = 1024 * 1024;
/// Patterns at most.
const MOST: usize = 100;

/// Options of `match_words`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is waited for, in words. Case, accents, apostrophes and punctuation do not count, and `2` is `two`, up to
    /// twenty and in tens.
    #[serde(default)]
    pub phrases: Vec<String>,
    /// Regular expressions, as Rust's `regex` has them, that are looked for in the text of a transcript. Case does not
    /// count.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// By so many letters a word may differ from that of a phrase, but by no more than one of four to six letters, and
    /// so on; shorter words and numbers must be the same.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3))]
    pub spelling: u8,
    /// A phrase may begin in one transcript and go on in the next of that source if the pause between them is no
    /// longer.
    #[serde(default = "default_across_ms")]
    #[schemars(range(min = 0, max = 60_000))]
    pub across_ms: u64,
}

fn default_across_ms() -> u64 {
    1_500
}

impl Config {
    /// What is wrong with them.
    pub fn misuses(&self) -> Vec<Misuse> {
        if self.phrases.is_empty() && self.patterns.is_empty() {
            let message = "there is nothing to look for";
            let help = "write `phrases = [\"help\"]`, or `patterns`";
            return vec![Misuse::new("phrases", message, help)];
        }
        let mut misuses = list::misuses("phrases", &self.phrases);
        if self.patterns.len() > MOST {
            let message = format!("there are more than {MOST} patterns");
            misuses.push(Misuse::new(
                "patterns",
                message,
                "write one for several: `a|b`",
            ));
        }
        let patterns = self.patterns.iter().take(MOST).enumerate();
        misuses.extend(patterns.filter_map(|(at, it)| pattern(at, it).err()));
        misuses
    }

    /// What is looked for.
    ///
    /// # Errors
    /// The first pattern that is none.
    pub fn search(&self) -> Result<Search, Misuse> {
        let patterns = self.patterns.iter().enumerate().map(|(at, written)| {
            let regex = pattern(at, written)?;
            Ok((Arc::from(written.as_str()), regex))
        });
        Ok(Search {
            phrases: list::parse(&self.phrases),
            patterns: patterns.collect::<Result<_, Misuse>>()?,
            slips: usize::from(self.spelling),
        })
    }
}

fn pattern(at: usize, written: &str) -> Result<Regex, Misuse> {
    let wrong = |message: String, help: &str| Misuse::new(format!("patterns[{at}]"), message, help);
    let built = RegexBuilder::new(written)
        .case_insensitive(true)
        .size_limit(LARGEST)
        .build();
    let regex = built.map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => last_line(&other.to_string()),
        };
        let help =
            "in double quotes TOML takes `\\` away: write single ones, such as '\\b\\d{4}\\b'";
        wrong(format!("this is no pattern: {why}"), help)
    })?;
    match regex.is_match("") {
        false => Ok(regex),
        true => Err(wrong(
            "it matches where nothing is said".to_owned(),
            "say what must be there: `+` instead of `*`",
        )),
    }
}

/// What is wrong, without the picture of where.
fn last_line(error: &str) -> String {
    let line = error.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
