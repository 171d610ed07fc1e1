//! When the next one gives way, and when the last one no longer has to.

use super::strain::Strain;
use crate::pipeline::contract::pressure::WAYS;

/// Looks, one a second, until the next one gives way.
const SHORT: u32 = 5;
/// Calm looks until the last one no longer gives way.
const CALM: u32 = 20;
/// If it has to again within so many looks, calm has to last twice as long the next time, up to so long: without what gives
/// way the machine is calm, and with it is not.
const SOON: u32 = 60;
const LONGEST: u32 = 600;

/// What was seen so far.
#[derive(Debug)]
pub struct Judge {
    level: u8,
    short: u32,
    calm: u32,
    /// Calm looks that are wanted now.
    wanted: u32,
    /// Looks since the last one no longer had to give way.
    since: Option<u32>,
}

impl Default for Judge {
    fn default() -> Judge {
        Judge {
            level: 0,
            short: 0,
            calm: 0,
            wanted: CALM,
            since: None,
        }
    }
}

impl Judge {
    /// One look at the machine; how many give way from now on, if that changes.
    pub fn look(&mut self, strain: &Strain) -> Option<u8> {
        self.since = self.since.map(|it| it.saturating_add(1));
        let (is_short, is_calm) = (strain.reason().is_some(), strain.is_calm());
        self.short = if is_short { self.short + 1 } else { 0 };
        self.calm = if is_calm {
            self.calm.saturating_add(1)
        } else {
            0
        };
        if self.short >= SHORT && usize::from(self.level) < WAYS.len() {
            (self.short, self.level) = (0, self.level + 1);
            if self.since.take().is_some_and(|it| it < SOON) {
                self.wanted = LONGEST.min(2 * self.wanted);
            }
            return Some(self.level);
        }
        if self.calm >= self.wanted && self.level > 0 {
            (self.calm, self.level, self.since) = (0, self.level - 1, Some(0));
            return Some(self.level);
        }
        if self.level == 0 && self.calm > LONGEST {
            self.wanted = CALM;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strain(processor: f64) -> Strain {
        Strain {
            processor: Some(processor),
            ..Strain::default()
        }
    }

    /// Looks so often; gives what changed, and at which look.
    fn looks(judge: &mut Judge, count: u32, processor: f64) -> Vec<(u32, u8)> {
        let look = |at| Some((at, judge.look(&strain(processor))?));
        (1..=count).filter_map(look).collect()
    }

    #[test]
    fn one_after_the_other_gives_way_and_all_comes_back() {
        let mut judge = Judge::default();
        let rising = looks(&mut judge, 100, 80.0);
        assert_eq!(rising, [(5, 1), (10, 2), (15, 3), (20, 4), (25, 5)]);
        // Between the limits nothing changes.
        assert_eq!(looks(&mut judge, 1000, 45.0), []);
        let falling = looks(&mut judge, 200, 10.0);
        assert_eq!(falling, [(20, 4), (40, 3), (60, 2), (80, 1), (100, 0)]);
    }

    #[test]
    fn a_short_peak_is_nothing() {
        let mut judge = Judge::default();
        for _ in 0..100 {
            assert_eq!(looks(&mut judge, 4, 100.0), []);
            assert_eq!(looks(&mut judge, 1, 50.0), []);
        }
    }

    #[test]
    fn what_has_to_give_way_again_and_again_is_tried_more_and_more_seldom() {
        let mut judge = Judge::default();
        looks(&mut judge, 5, 80.0);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let back = looks(&mut judge, 2000, 10.0);
            pauses.push(back[0].0);
            looks(&mut judge, 5, 80.0);
        }
        assert_eq!(pauses[0], 20);
        // 2000 calm looks were long enough to forget each time.
        assert!(pauses.iter().all(|it| *it == 20), "{pauses:?}");
        let mut tries = Vec::new();
        let mut judge = Judge::default();
        looks(&mut judge, 5, 80.0);
        for _ in 0..7 {
            let mut calm = 1;
            while judge.look(&strain(10.0)).is_none() {
                calm += 1;
            }
            tries.push(calm);
            looks(&mut judge, 5, 80.0);
        }
        assert_eq!(tries, [20, 40, 80, 160, 320, 600, 600]);
    }
}
