//! Words of a text and how they are compared: without case, accents, apostrophes and punctuation.

pub mod fold;
pub mod list;
pub mod phrase;

use std::ops::Range;

use crate::media::events::{Redaction, Word};

/// Stands for every byte of what was taken out of a text: a word that nothing is like.
const GONE: char = '\0';

/// A word of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Bytes of the text.
    pub place: Range<usize>,
    /// As it is compared.
    pub plain: String,
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.plain
    }
}

/// The words of a text. Scripts that are written without spaces have a word for every sign.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Option<usize> = None;
    let mut close = |from: &mut Option<usize>, to: usize| {
        let Some(start) = from.take() else { return };
        let end = start + text[start..to].trim_end_matches(fold::APOSTROPHES).len();
        let plain = fold::plain(&text[start..end]);
        let place = start..end;
        tokens.push(Token { place, plain });
    };
    for (at, c) in text.char_indices() {
        let goes_on = open.is_some() && (fold::is_mark(c) || fold::APOSTROPHES.contains(&c));
        if !goes_on && !c.is_alphanumeric() && c != GONE {
            close(&mut open, at);
        } else if fold::stands_alone(c) {
            close(&mut open, at);
            close(&mut Some(at), at + c.len_utf8());
        } else {
            open.get_or_insert(at);
        }
    }
    close(&mut open, text.len());
    tokens
}

/// The words that stand in the text, in their order, and where they do.
pub fn places<'a>(text: &str, words: &'a [Word]) -> Vec<(Range<usize>, &'a Word)> {
    let mut from = 0;
    let place = |it: &'a Word| {
        let start = from + text[from..].find(it.word.as_str())?;
        from = start + it.word.len();
        Some((start..from, it))
    };
    words.iter().filter_map(place).collect()
}

/// The text with nothing to be found where something was taken out, byte by byte.
pub fn masked(text: &str, redaction: Option<&Redaction>) -> String {
    let mut masked = text.to_owned();
    for place in gone(text, redaction).into_iter().rev() {
        let nothing = GONE.to_string().repeat(place.len());
        masked.replace_range(place, &nothing);
    }
    masked
}

/// Bytes of the text that stand for what was taken out.
pub fn gone(text: &str, redaction: Option<&Redaction>) -> Vec<Range<usize>> {
    let byte = |characters: usize| {
        let mut starts = text.char_indices().map(|(at, _)| at);
        starts.nth(characters).unwrap_or(text.len())
    };
    let spans = redaction.into_iter().flat_map(|it| &it.spans);
    spans.map(|it| byte(it.start)..byte(it.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::events::{Hidden, Mode, Span};

    fn plain(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|it| it.plain).collect()
    }

    #[test]
    fn words_are_what_is_said_and_not_how_it_is_written() {
        assert_eq!(
            plain("Don’t turn-on the 'Café', O'Brien!"),
            ["dont", "turn", "on", "the", "cafe", "obrien"]
        );
        assert_eq!(
            plain("GRÜSSE grüße Gru\u{308}ße"),
            ["grusse", "grusse", "grusse"]
        );
        assert_eq!(
            plain("İzmir, Łódź; Ångström"),
            ["izmir", "lodz", "angstrom"]
        );
        assert_eq!(plain("打开灯 now"), ["打", "开", "灯", "now"]);
        assert_eq!(plain("… ' — !"), [""; 0]);
        let text = "say ‘yes’ now";
        let places = tokens(text).into_iter().map(|it| text[it.place].to_owned());
        assert_eq!(places.collect::<Vec<_>>(), ["say", "yes", "now"]);
    }

    #[test]
    fn nothing_is_found_where_something_was_taken_out() {
        let spans = vec![Span {
            kind: Hidden::Number,
            start: 8,
            end: 16,
        }];
        let redaction = Redaction {
            mode: Mode::Redacted,
            spans,
        };
        let masked = masked("mein é: [number] ja", Some(&redaction));
        assert_eq!(masked, "mein é: \0\0\0\0\0\0\0\0 ja");
        assert_eq!(plain(&masked), ["mein", "e", "\0\0\0\0\0\0\0\0", "ja"]);
    }
}
