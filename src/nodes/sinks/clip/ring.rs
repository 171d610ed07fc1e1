//! What a camera has sent lately, as it was coded: the pictures before something happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium};

/// The latest units of one source, in the order in which they came.
#[derive(Default)]
pub struct Ring {
    units: VecDeque<Arc<Coded>>,
    bytes: usize,
}

impl Ring {
    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a unit, and lets go of those that no clip can want that begins with a key picture so long ago or less.
    pub fn push(&mut self, unit: &Arc<Coded>, keep: Duration) {
        self.bytes += unit.data.len();
        self.units.push_back(Arc::clone(unit));
        while self
            .next_key()
            .is_some_and(|key| unit.at.since(key) >= keep)
        {
            self.drop_group();
        }
    }

    /// Lets go of the oldest group of pictures; says whether there was one.
    pub fn drop_group(&mut self) -> bool {
        let before = self.units.len();
        self.drop_first();
        while self.units.front().is_some_and(|it| !begins(it)) {
            self.drop_first();
        }
        self.units.len() < before
    }

    /// The units of a clip that begins at the last key picture before this time, or as early as possible.
    pub fn since(&self, wanted: Time) -> impl Iterator<Item = &Arc<Coded>> {
        let keys = || self.units.iter().enumerate().filter(|(_, it)| begins(it));
        let before = keys().take_while(|(_, it)| it.at <= wanted).last();
        let first = before.or_else(|| keys().next());
        let at = first.map_or(self.units.len(), |(at, _)| at);
        self.units.range(at..)
    }

    fn drop_first(&mut self) {
        if let Some(unit) = self.units.pop_front() {
            self.bytes -= unit.data.len();
        }
    }

    /// When the second group begins.
    fn next_key(&self) -> Option<Time> {
        let next = self.units.iter().skip(1).find(|it| begins(it));
        next.map(|it| it.at)
    }
}

/// Whether a film can begin with it.
pub fn begins(unit: &Coded) -> bool {
    unit.key && matches!(unit.stream.medium, Medium::Picture { .. })
}
