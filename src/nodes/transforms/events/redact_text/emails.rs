//! E-mail addresses in what was said: written, or spoken as `john dot smith at example dot com`.

use std::ops::Range;

use super::numbers::among;
use crate::nodes::parts::words::{Token, fold};

/// Said for a sign within an address.
const SIGNS: &str = "dot underscore dash hyphen minus plus";
/// So many letters are spelt at most.
const SPELT: usize = 40;

/// Last parts of domains that are said.
const ENDINGS: &str = "com org net edu gov info io uk de fr eu";

/// Which words of the text are addresses, or domains by themselves.
pub fn find(text: &str, words: &[Token]) -> Vec<Range<usize>> {
    let mut found = addresses(text, words);
    let last = (2..words.len() + 1).filter(|end| is_domain_end(text, words, *end));
    found.extend(last.map(|end| local_start(text, words, end - 1, 0)..end));
    found
}

/// Whether a domain ends before a word: `example.com`, `example dot com`.
fn is_domain_end(text: &str, words: &[Token], end: usize) -> bool {
    let last = &words[end - 1];
    let is_name =
        |it: &Token| it.plain.chars().count() > 1 && it.plain.chars().all(char::is_alphabetic);
    let is_written = is_glued(text, words, end - 1)
        && between(text, words, end - 1) == "."
        && is_name(last)
        && is_name(&words[end - 2])
        && text[last.place.clone()].starts_with(char::is_lowercase);
    is_written || (among(ENDINGS, &last.plain) && end > 2 && words[end - 2].plain == "dot")
}

/// Which words of the text are whole addresses.
fn addresses(text: &str, words: &[Token]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in 1..words.len() {
        let from = found.last().map_or(0, |it| it.end);
        let domain = match () {
            () if between(text, words, at) == "@" => at,
            () if words[at].plain == "at"
                && words.get(at + 1).is_some_and(|it| it.plain == "sign") =>
            {
                at + 2
            }
            () if words[at].plain == "at" => at + 1,
            () => continue,
        };
        let end = domain_end(text, words, domain);
        if let (Some(end), true) = (end, from < at) {
            found.push(local_start(text, words, at - 1, from)..end);
        }
    }
    found
}

/// What stands before a word and after the one before it.
fn between<'a>(text: &'a str, words: &[Token], at: usize) -> &'a str {
    text[words[at - 1].place.end..words[at].place.start].trim()
}

/// Whether a word stands to the one before it as within an address, with nothing but a sign between.
fn is_glued(text: &str, words: &[Token], at: usize) -> bool {
    let between = &text[words[at - 1].place.end..words[at].place.start];
    !between.is_empty() && between.chars().all(|it| "._-+%".contains(it))
}

/// Whether a word is said for a sign between the words beside it, with no end of a sentence there.
fn is_sign(text: &str, words: &[Token], at: usize) -> bool {
    at > 0
        && at + 1 < words.len()
        && among(SIGNS, &words[at].plain)
        && !text[words[at - 1].place.end..words[at + 1].place.start].contains(['.', '?', '!'])
}

/// The end of a domain, which has a dot in it.
fn domain_end(text: &str, words: &[Token], first: usize) -> Option<usize> {
    words.get(first)?;
    let (mut end, mut dots) = (first + 1, 0);
    while end < words.len() {
        if is_glued(text, words, end) {
            dots += usize::from(between(text, words, end) == ".");
            end += 1;
        } else if is_sign(text, words, end) {
            dots += usize::from(words[end].plain == "dot");
            end += 2;
        } else {
            break;
        }
    }
    // `At 5.30` is no domain.
    let is_name = words[end - 1].plain.contains(char::is_alphabetic);
    (dots > 0 && is_name).then_some(end)
}

/// The first word of what stands before the `at`: words with signs between them, and letters that are spelt.
fn local_start(text: &str, words: &[Token], last: usize, from: usize) -> usize {
    let is_short = |at: usize| {
        let plain = words[at].plain.as_str();
        plain.chars().count() == 1
            || fold::number(plain).is_some()
            || plain.contains(char::is_numeric)
    };
    let mut start = last;
    while start > from && last - start < SPELT {
        if is_glued(text, words, start) || (is_short(start) && is_short(start - 1)) {
            start -= 1;
        } else if is_sign(text, words, start - 1) && start - 1 > from {
            start -= 2;
        } else {
            break;
        }
    }
    start
}
