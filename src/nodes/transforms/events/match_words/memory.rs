//! What a source said last: where a phrase may have begun, and what was told of speech that went on.

use std::collections::HashMap;
use std::time::Duration;

use super::heard::{Heard, Hit};
use crate::media::events::Transcript;

/// Matches in speech that went on that are remembered until it has been heard as a whole.
const MOST_TOLD: usize = 100;

/// Seconds by which times may be off that are the same.
const ROUNDING: f64 = 0.01;

/// What a source said last.
#[derive(Default)]
pub struct Memory {
    /// The last words that may begin a phrase.
    last: Vec<Heard>,
    /// Seconds since the run began at which they ended.
    end: f64,
    /// The number of the next word.
    next: u64,
    /// Words before these numbers belong to matches of that phrase that were told.
    free: HashMap<usize, u64>,
    /// What was found in speech that went on.
    told: Vec<Told>,
}

/// Something that was found in what had been said so far.
struct Told {
    what: usize,
    /// Of the transcript.
    start: f64,
    end: f64,
}

impl Memory {
    /// The number of the next word.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The words before a transcript that belong to no match of a phrase.
    pub fn free(&self, what: usize) -> &[Heard] {
        let free = self.free.get(&what).copied().unwrap_or_default();
        let first = self.last.partition_point(|it| it.number < free);
        &self.last[first..]
    }

    /// Forgets the words before a transcript if the pause between them is long.
    pub fn wait_for(&mut self, said: &Transcript, across: Duration) {
        let pause = said.start - self.end;
        if !(-ROUNDING..=across.as_secs_f64() + ROUNDING).contains(&pause) {
            self.last.clear();
        }
    }

    /// What was not told of the same speech before it was over.
    pub fn fresh(&self, said: &Transcript, hits: &[Hit]) -> Vec<Hit> {
        let same = |it: &&Told| it.start < said.end && said.start < it.end;
        let mut told: HashMap<usize, usize> = HashMap::new();
        for it in self.told.iter().filter(same) {
            *told.entry(it.what).or_default() += 1;
        }
        let is_fresh = |hit: &&Hit| match told.get_mut(&hit.what) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        hits.iter().filter(is_fresh).cloned().collect()
    }

    /// Remembers what is told of speech that goes on.
    pub fn tell(&mut self, said: &Transcript, fresh: &[Hit]) {
        self.told.extend(fresh.iter().map(|it| Told {
            what: it.what,
            start: said.start,
            end: said.end,
        }));
        let over = self.told.len().saturating_sub(MOST_TOLD);
        self.told.drain(..over);
    }

    /// Remembers the last `most` words, and which of them belong to a match.
    pub fn keep(&mut self, said: &Transcript, words: Vec<Heard>, most: usize, hits: &[Hit]) {
        self.told.retain(|it| it.end > said.end);
        for (what, next) in hits.iter().filter_map(|it| Some((it.what, it.next?))) {
            self.free.insert(what, next);
        }
        self.next += words.len() as u64;
        self.last.extend(words);
        let over = self.last.len().saturating_sub(most);
        self.last.drain(..over);
        self.end = said.end;
    }
    /// How much it remembers: words, matches, phrases.
    #[cfg(test)]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.last.len(), self.told.len(), self.free.len())
    }
}
