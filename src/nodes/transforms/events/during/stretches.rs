//! When something held: stretches of time, those that are close to each other as one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::media::clock::Time;

/// So much is known at a time: of what is over, the oldest goes first.
const MOST: usize = 4_096;

/// Stretches of time.
#[derive(Default)]
pub struct Stretches {
    /// Ends, by beginnings. None is within reach of the next.
    over: BTreeMap<Time, Time>,
    /// Beginnings of what goes on, by its name.
    going_on: HashMap<String, Time>,
}

impl Stretches {
    /// It held from one time to the other; what is not further than this from another stretch is one with it.
    pub fn add(&mut self, mut start: Time, mut end: Time, apart: Duration) {
        while let Some((&other, &until)) = self.over.range(..=end.after(apart)).next_back() {
            if until.after(apart) < start {
                break;
            }
            self.over.remove(&other);
            (start, end) = (start.min(other), end.max(until));
        }
        self.over.insert(start, end);
        if self.over.len() > MOST {
            self.over.pop_first();
        }
    }

    /// What goes by this name began.
    pub fn begin(&mut self, name: String, at: Time) {
        if self.going_on.len() < MOST {
            self.going_on.insert(name, at);
        }
    }

    /// What goes by this name, if it held, is over.
    pub fn end(&mut self, name: &str, at: Time, apart: Duration) {
        if let Some(start) = self.going_on.remove(name) {
            self.add(start, at.max(start), apart);
        }
    }

    /// Whether it held at any time between these.
    pub fn overlap(&self, from: Time, until: Time) -> bool {
        let last = self.over.range(..=until).next_back();
        last.is_some_and(|it| *it.1 >= from) || self.going_on.values().any(|it| *it <= until)
    }

    /// What was over before this is never asked for again.
    pub fn forget(&mut self, before: Time) {
        self.over.retain(|_, end| *end >= before);
    }
}
