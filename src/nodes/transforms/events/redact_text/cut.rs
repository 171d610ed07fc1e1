//! What is taken out of a text, and the text and its words without it.

use std::ops::Range;

use crate::media::events::{Hidden, Span, Word};
use crate::nodes::parts::words;

/// A part of a text that is not told.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Bytes of the text.
    pub place: Range<usize>,
    /// What it is.
    pub kind: Hidden,
}

/// Cuts in their order. Those that overlap become one, of the kind of the longest.
pub fn merged(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.sort_by_key(|it| (it.place.start, std::cmp::Reverse(it.place.end)));
    let mut merged: Vec<Cut> = Vec::new();
    for cut in cuts {
        match merged.last_mut() {
            Some(last) if cut.place.start < last.place.end => {
                if cut.place.len() > last.place.len() {
                    last.kind = cut.kind;
                }
                last.place.end = last.place.end.max(cut.place.end);
            }
            _ => merged.push(cut),
        }
    }
    merged
}

/// A part of the text with markers in the place of cuts, and where these stand in it.
pub fn text(text: &str, part: Range<usize>, cuts: &[Cut]) -> (String, Vec<Span>) {
    let (mut out, mut spans, mut from) = (String::new(), Vec::new(), part.start);
    let inside = |it: &&Cut| part.start <= it.place.start && it.place.end <= part.end;
    for cut in cuts.iter().filter(inside) {
        out.push_str(&text[from..cut.place.start]);
        let start = out.chars().count();
        out.push_str(cut.kind.marker());
        from = cut.place.end;
        let end = out.chars().count();
        let kind = cut.kind;
        spans.push(Span { kind, start, end });
    }
    out.push_str(&text[from..part.end]);
    (out, spans)
}

/// The words with markers in the place of cuts: those that a cut lies in become one. Those that are not in the text are
/// not told.
pub fn words(text: &str, spoken: &[Word], cuts: &[Cut]) -> Vec<Word> {
    let mut told: Vec<(Range<usize>, Word)> = Vec::new();
    for (place, word) in words::places(text, spoken) {
        let begins_before = |it: &Cut| it.place.start < place.start && place.start < it.place.end;
        match told.last_mut() {
            Some((whole, last)) if cuts.iter().any(begins_before) => {
                whole.end = place.end;
                last.end = word.end;
                last.probability = last.probability.min(word.probability);
            }
            _ => told.push((place, word.clone())),
        }
    }
    let marked = told.into_iter().map(|(place, word)| Word {
        word: self::text(text, widened(place, cuts), cuts).0,
        ..word
    });
    marked.collect()
}

/// A place and all of the cuts that it holds a part of.
fn widened(place: Range<usize>, cuts: &[Cut]) -> Range<usize> {
    let touches = |it: &&Cut| it.place.start < place.end && place.start < it.place.end;
    let touched = cuts.iter().filter(touches);
    touched.fold(place.clone(), |all, cut| {
        all.start.min(cut.place.start)..all.end.max(cut.place.end)
    })
}

/// Of the text, and of each of its words, only what is kept.
pub fn kept(text: &str, spoken: &[Word], keep: &[Range<usize>]) -> (String, Vec<Word>) {
    let parts: Vec<&str> = keep.iter().map(|it| &text[it.clone()]).collect();
    let word = |(place, word): (Range<usize>, &Word)| {
        let parts = keep.iter().filter_map(|it| {
            let (start, end) = (place.start.max(it.start), place.end.min(it.end));
            (start < end).then(|| &text[start..end])
        });
        let word_kept = parts.collect::<Vec<_>>().join(" ");
        (!word_kept.is_empty()).then(|| Word {
            word: word_kept,
            ..word.clone()
        })
    };
    let words = words::places(text, spoken).into_iter().filter_map(word);
    (parts.join(" "), words.collect())
}
