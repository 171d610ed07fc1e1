//! What is wrong with a pipeline file: message, line, caret and remedy.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
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

    fn level(self) -> Level<'static> {
        match self {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
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
    /// Bytes of what was there first, where that is the trouble.
    pub first: Option<Range<usize>>,
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
            first: None,
        }
    }

    /// The same, of what is there for the second time.
    pub fn with_first(mut self, first: Range<usize>) -> Problem {
        self.first = Some(first);
        self
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

    /// The problem as a person reads it: the lines of the file with marks below what is wrong.
    pub fn render(&self, severity: Severity, file: &str, text: &str, coloured: bool) -> String {
        let Placed { line, column, .. } = self.placed(file, text);
        let first = self.first.iter().map(|it| (it, AnnotationKind::Context));
        let marked = first.chain([(&self.span, AnnotationKind::Primary)]);
        let mut marked: Vec<_> = marked
            .filter_map(|(span, kind)| Some((Line::of(text, span)?, kind)))
            .collect();
        marked.sort_by_key(|it| it.0.number);
        let mut report = Group::with_title(severity.level().primary_title(&self.message));
        if let Some((Line { number, .. }, _)) = marked.first() {
            let (shown, spans) = shown(&marked);
            let mut snippet = Snippet::source(shown).line_start(*number).path(file);
            for ((_, kind), span) in marked.iter().zip(spans) {
                let label =
                    matches!(kind, AnnotationKind::Context).then_some("the first one is here");
                snippet = snippet.annotation(kind.span(span).label(label));
            }
            report = report.element(snippet);
        } else {
            report = report.element(Origin::path(file).line(line).char_column(column));
        }
        if !self.help.is_empty() {
            report = report.element(Level::HELP.message(&self.help));
        }
        let renderer = if coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[report]) + "\n"
    }
}

/// A line of a file as it may be shown, with what is marked in it.
struct Line {
    number: usize,
    text: String,
    marked: Range<usize>,
}

impl Line {
    /// The line in which a span begins. One that no person wrote is not shown: it may be long, and a terminal may obey it.
    fn of(text: &str, span: &Range<usize>) -> Option<Line> {
        let start = floor_char(text, span.start);
        let end = floor_char(text, span.end).max(start);
        let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let whole = text[begin..].lines().next().unwrap_or_default();
        let is_readable = whole.len() <= LONGEST_LINE
            && !whole.contains(|it: char| it.is_control() && it != '\t');
        if whole.is_empty() || !is_readable {
            return None;
        }
        let marked = text[start..end].lines().next().unwrap_or_default();
        // The marks stand below what is shown, and secrets are not.
        let from = redact(&text[begin..start]).len();
        Some(Line {
            number: text[..begin].matches('\n').count() + 1,
            text: redact(whole),
            marked: from..from + redact(marked).len(),
        })
    }
}

/// The lines in one text, with what is marked in that; lines between them are empty, as they are folded.
fn shown(lines: &[(Line, AnnotationKind)]) -> (String, Vec<Range<usize>>) {
    let (mut text, mut spans) = (String::new(), Vec::new());
    let mut number = lines.first().map_or(0, |it| it.0.number);
    for (line, _) in lines {
        let mut at = text.len();
        if number < line.number || text.is_empty() {
            text.extend(std::iter::repeat_n('\n', line.number - number));
            number = line.number;
            at = text.len();
            text.push_str(&line.text);
        } else {
            at -= line.text.len();
        }
        spans.push(at + line.marked.start..at + line.marked.end);
    }
    (text, spans)
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
        let expected = "error: unknown option `modell`\n --> x.toml:2:1\n  |\n2 | modell = 1\n  | ^^^^^^\n  |\n  = help: did you mean `model`?\n";
        let rendered = problem.render(Severity::Error, "x.toml", text, false);
        assert_eq!(rendered, expected);
    }

    #[test]
    fn what_is_there_twice_is_shown_twice() {
        let text = "[a]\nx = 1\ny = 1\nz = 1\n\nx = 2\n";
        let problem = Problem::new(23..24, "duplicate key", "remove one").with_first(4..5);
        let rendered = problem.render(Severity::Error, "x.toml", text, false);
        println!("{rendered}");
        let (first, second) = (rendered.find("2 | x = 1"), rendered.find("6 | x = 2"));
        assert!(first.is_some() && first < second, "{rendered}");
        assert!(rendered.contains("- the first one is here"), "{rendered}");
        assert!(rendered.contains("x.toml:6:1"), "{rendered}");
        let coloured = problem.render(Severity::Error, "x.toml", text, true);
        assert!(coloured.contains('\u{1b}'), "{coloured}");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        let text = "a = \"\u{1b}[2J\"\n";
        let problem = Problem::new(0..1, "wrong", "");
        let rendered = problem.render(Severity::Warning, "x.toml", text, false);
        assert_eq!(rendered, "warning: wrong\n--> x.toml:1:1\n");
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("camra", ["camera", "microphone"]), Some("camera"));
        assert_eq!(nearest("gpu", ["camera", "microphone"]), None);
    }
}
