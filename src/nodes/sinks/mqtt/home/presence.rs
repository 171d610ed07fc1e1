//! Whether something is there, by those who are followed and by what was seen of late.

use std::collections::BTreeSet;
use std::time::Instant;

/// No more are followed at a time.
const MOST: usize = 1_000;

/// Who is there of one kind, at one place.
#[derive(Default)]
pub struct Presence {
    followed: BTreeSet<u64>,
    /// Until when what was seen without being followed counts as there.
    until: Option<Instant>,
}

impl Presence {
    /// One has come, or is still there.
    pub fn come(&mut self, id: u64) {
        self.followed.insert(id);
        // Of more than that the ends were lost.
        if self.followed.len() > MOST {
            self.followed.pop_first();
        }
    }

    /// One has left.
    pub fn go(&mut self, id: u64) {
        self.followed.remove(&id);
    }

    /// One was seen.
    pub fn seen_until(&mut self, until: Instant) {
        self.until = Some(until);
    }

    /// Whether anybody is there.
    pub fn is_there(&self, now: Instant) -> bool {
        !self.followed.is_empty() || self.until.is_some_and(|it| now < it)
    }
}
