//! Text that is no TOML: each mistake once, with what to write instead.

use std::ops::Range;

use toml::de::Error;

use super::problem::Problem;
use super::slips::truth;

/// What is told of a mistake, by a part of what the parser says.
const REMEDIES: [(&str, &str); 9] = [
    (
        "escape",
        "in '…' a backslash is a backslash; or write it twice",
    ),
    (
        "unicode",
        "in '…' a backslash is a backslash; or write it twice",
    ),
    (
        "duplicate key",
        "a name can be there once: give this another, or remove it",
    ),
    ("must be quoted", "text stands in quotes: \"…\""),
    (
        "unexpected key or value",
        "one value stands on a line; a number has a point, not a comma; text has quotes",
    ),
    (
        "mantissa",
        "a number has digits before and after its point: 0.5",
    ),
    (
        "fraction",
        "a number has digits before and after its point: 5.0",
    ),
    (
        "key with no value",
        "a line is `name = value`, or `[sources.NAME]` above such lines",
    ),
    (
        "literal string",
        "a quote is open until the end of the line: close it",
    ),
];

/// What is wrong with a text, from what a parser says that goes on after a mistake and trips over it again.
pub fn problems(errors: &[Error], text: &str) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|it| it.span().map(|it| it.start));
    // Whether all of a table is there twice.
    let mut doubled = None;
    for error in errors {
        let problem = problem(error, text);
        let at = line_of(text, problem.span.start);
        let before = problems.last().map(|it| line_of(text, it.span.start));
        let is_duplicate = problem.message.contains("duplicate key");
        let header = text[..at].rfind("\n[").map(|it| it + 1);
        if before == Some(at) || (is_duplicate && doubled.is_some() && doubled == header) {
            continue;
        }
        if is_duplicate && text[at..].trim_start().starts_with('[') {
            doubled = Some(at);
        }
        problems.push(problem);
    }
    problems
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}

fn problem(error: &Error, text: &str) -> Problem {
    let span = error.span().unwrap_or(text.len()..text.len());
    let start = (span.start..=text.len()).find(|&it| text.is_char_boundary(it));
    let span = start.unwrap_or(text.len())..span.end.max(start.unwrap_or(0));
    let message = error.message();
    let rest = &text[span.start..];
    let end = rest.find(|it: char| !it.is_alphanumeric());
    let word = &rest[..end.unwrap_or(rest.len())];
    // The parser guesses from the first letter what a word was to be.
    let is_word = word.starts_with(char::is_alphabetic)
        && ["invalid boolean", "invalid float", "must be quoted"]
            .iter()
            .any(|it| message.contains(it));
    if !is_word {
        let remedy = REMEDIES.iter().find(|(said, _)| message.contains(said));
        let help = remedy.map_or("see https://toml.io for the syntax", |it| it.1);
        let first = message
            .contains("duplicate key")
            .then(|| first_of(text, span.start));
        let problem = Problem::new(span, message, help);
        return match first.flatten() {
            Some(first) => problem.with_first(first),
            None => problem,
        };
    }
    let help = match truth(word) {
        Some(truth) => format!("write `{truth}`, in small letters and without quotes"),
        None => format!("write it in quotes: \"{word}\""),
    };
    Problem::new(span, format!("`{word}` is no value"), help)
}

/// The line above that gives the name which stands at `at` once more: the same heading, or one below the same heading.
fn first_of(text: &str, at: usize) -> Option<Range<usize>> {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let above = &text[..line_of(text, at)];
    let again = name(text[above.len()..].lines().next()?);
    let is_heading = again.starts_with('[');
    let mut end = above.len();
    for line in above.split_inclusive('\n').rev() {
        let start = end - line.len();
        end = start;
        if name(line) == again {
            return Some(start..start + line.trim_end().len());
        }
        if !is_heading && line.starts_with('[') {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice_is_found_where_it_is_first() {
        let text = "[a]\nx = 1\n[b]\nx = 2\ny = 3\nx = 4\n[a]\n";
        let at = |word| text.rfind(word).unwrap_or_default();
        assert_eq!(first_of(text, at("x = 4")), Some(14..19));
        assert_eq!(first_of(text, at("[a]")), Some(0..3));
        assert_eq!(first_of(text, at("y = 3")), None);
    }
}
