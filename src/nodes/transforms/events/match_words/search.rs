//! Where phrases and patterns are in what was said.

use std::sync::Arc;

use regex::Regex;

use super::heard::{Heard, Hit};
use super::memory::Memory;
use crate::media::events::Transcript;
use crate::nodes::parts::words::phrase::Phrase;
use crate::nodes::parts::words::{self, Token};

/// What is looked for.
pub struct Search {
    pub phrases: Vec<Phrase>,
    /// As they are written, and ready for use.
    pub patterns: Vec<(Arc<str>, Regex)>,
    /// Letters by which a word may differ.
    pub slips: usize,
}

impl Search {
    /// Words of the longest phrase.
    pub fn longest(&self) -> usize {
        let lengths = self.phrases.iter().map(|it| it.words.len());
        lengths.max().unwrap_or_default()
    }

    /// A phrase or pattern, as it stands in the pipeline file.
    pub fn written(&self, what: usize) -> &Arc<str> {
        match self.phrases.get(what) {
            Some(phrase) => &phrase.written,
            None => &self.patterns[what - self.phrases.len()].0,
        }
    }

    /// The words of a transcript, and what is found in them and those before.
    pub fn hits(&self, said: &Transcript, memory: &Memory) -> (Vec<Heard>, Vec<Hit>) {
        let text = words::masked(&said.text, said.redaction.as_ref());
        let tokens = words::tokens(&text);
        let heard = heard(said, &tokens, memory.next());
        let mut hits = Vec::new();
        for (what, phrase) in self.phrases.iter().enumerate() {
            let all: Vec<&Heard> = memory.free(what).iter().chain(&heard).collect();
            hits.extend(self.of_phrase(what, phrase, &all));
        }
        for (at, (_, regex)) in self.patterns.iter().enumerate() {
            let what = self.phrases.len() + at;
            let found = regex.find_iter(&text).map(|it| it.range());
            let found = found.filter(|it| !it.is_empty() && !text[it.clone()].contains('\0'));
            hits.extend(found.map(|place| {
                let inside = |it: &Token| it.place.start < place.end && place.start < it.place.end;
                let words = tokens.iter().zip(&heard).filter(|it| inside(it.0));
                let words: Vec<&Heard> = words.map(|it| it.1).collect();
                hit(what, &words, said, said.text[place].to_owned())
            }));
        }
        hits.sort_by(|a, b| a.start.total_cmp(&b.start));
        (heard, hits)
    }

    /// A phrase again and again, of which none begins in the one before.
    fn of_phrase(&self, what: usize, phrase: &Phrase, all: &[&Heard]) -> Vec<Hit> {
        let (mut hits, mut at, count) = (Vec::new(), 0, phrase.words.len());
        while let Some(words) = all.get(at..at + count) {
            let Some(distance) = phrase.distance(words, self.slips) else {
                at += 1;
                continue;
            };
            let (first, last) = (words[0], words[count - 1]);
            let written: Vec<&str> = words.iter().map(|it| it.written.as_str()).collect();
            hits.push(Hit {
                what,
                next: Some(last.number + 1),
                start: first.start,
                end: last.end,
                by_words: first.by_words && last.by_words,
                heard: written.join(" "),
                distance,
            });
            at += count;
        }
        hits
    }
}

/// A pattern in these words of a transcript; if in none, somewhere in it.
fn hit(what: usize, words: &[&Heard], said: &Transcript, heard: String) -> Hit {
    let (first, last) = (words.first(), words.last());
    Hit {
        what,
        next: None,
        start: first.map_or(said.start, |it| it.start),
        end: last.map_or(said.end, |it| it.end),
        by_words: first
            .zip(last)
            .is_some_and(|it| it.0.by_words && it.1.by_words),
        heard,
        distance: 0,
    }
}

/// The words of a transcript with their times.
fn heard(said: &Transcript, tokens: &[Token], next: u64) -> Vec<Heard> {
    let places = words::places(&said.text, &said.words);
    let word = |(number, token): (u64, &Token)| {
        let mut places = places.iter();
        let word = places
            .find(|it| it.0.contains(&token.place.start))
            .map(|it| it.1);
        Heard {
            number,
            plain: token.plain.clone(),
            written: said.text[token.place.clone()].to_owned(),
            start: word.map_or(said.start, |it| it.start),
            end: word.map_or(said.end, |it| it.end),
            by_words: word.is_some(),
        }
    };
    (next..).zip(tokens).map(word).collect()
}
