//! What is wrong with a pipeline file: message, line, caret and remedy.

use std::fmt::Write;
use std::ops::Range;

use serde::Serialize;

use crate::pipeline::contract::secret::redact;

/// Bytes of a line of the file that are shown at most.
const LONGEST_LINE: usize = 500;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file is right; what it names is missing or does not fit.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One mistake in a pipeline file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the file at fault.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// A problem with its place, for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Placed {
    /// The pipeline file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Problem {
    /// A problem at `span`.
    pub fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem {
            span,
            message: message.into(),
            help: help.into(),
        }
    }

    /// Where it is in `text`.
    pub fn placed(&self, file: &str, text: &str) -> Placed {
        let before = &text[..floor_char(text, self.span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Placed {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }

    /// The problem as a person reads it: the line of the file with carets below what is wrong.
    pub fn render(&self, severity: Severity, file: &str, text: &str) -> String {
        let Placed { line, column, .. } = self.placed(file, text);
        // A line that no person wrote is not shown: it may be long, and a terminal may obey it.
        let readable = |line: &&str| {
            line.len() <= LONGEST_LINE && !line.contains(|c: char| c.is_control() && c != '\t')
        };
        let source = text
            .lines()
            .nth(line - 1)
            .filter(readable)
            .unwrap_or_default();
        let start = floor_char(text, self.span.start);
        let end = floor_char(text, self.span.end).max(start);
        let marked = text[start..end].lines().next().unwrap_or_default();
        // The carets stand below what is shown, and secrets are not.
        let width = |text: &str| redact(text).chars().count();
        let carets = "^".repeat(width(marked).max(1));
        let margin = " ".repeat(line.to_string().len());
        let before: String = source.chars().take(column - 1).collect();
        let indent = " ".repeat(width(&before));
        let mut out = format!(
            "{}: {}\n{margin}--> {file}:{line}:{column}\n",
            severity.name(),
            self.message
        );
        if !source.is_empty() {
            let _ = writeln!(
                out,
                "{margin} |\n{line} | {source}\n{margin} | {indent}{carets}"
            );
        }
        if !self.help.is_empty() {
            let _ = writeln!(out, "{margin} = help: {}", self.help);
        }
        out
    }
}

/// The known name most like `name`, if one is near enough to be a slip of the finger.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?" if something is near, else the list of what is known.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there is none here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn floor_char(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_mistake() {
        let text = "[a]\nmodell = 1\n";
        let problem = Problem::new(4..10, "unknown option `modell`", "did you mean `model`?");
        let expected = "error: unknown option `modell`\n --> x.toml:2:1\n  |\n2 | modell = 1\n  | ^^^^^^\n  = help: did you mean `model`?\n";
        assert_eq!(problem.render(Severity::Error, "x.toml", text), expected);
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("camra", ["camera", "microphone"]), Some("camera"));
        assert_eq!(nearest("gpu", ["camera", "microphone"]), None);
    }
}
