//! What is usual at each hour of the day, and whether the last hours were.
//!
//! Hours are counted from the start of the run, on the capture clock: a clock that is set, or a film that is played
//! again, changes nothing.

use std::collections::VecDeque;
use std::time::Duration;

use crate::media::clock::Time;

/// Hours of a day.
pub const DAY: usize = 24;
/// One of them.
pub const HOUR: Duration = Duration::from_secs(3_600);
/// Only after so many days it is known what is usual: a week end is among them.
const ENOUGH_DAYS: usize = 7;
/// So many days are remembered.
const MOST_DAYS: usize = 14;
/// So many deviations are no chance.
const DEVIATIONS: f32 = 2.0;
/// It takes so many hours one after the other to be sure, and so many to be sure that it is over.
pub const LEAST: u32 = 3;
const OVER: u32 = 2;

/// Which hour of the day it is.
pub fn of_day(hour: u64) -> usize {
    (hour % DAY as u64) as usize
}

/// The hour of a capture time.
pub fn of(at: Time) -> u64 {
    at.since(Time::ZERO).as_secs() / HOUR.as_secs()
}

/// A figure by the hour of the day, over two weeks.
#[derive(Default)]
pub struct Hours {
    slots: [VecDeque<f32>; DAY],
    /// How many of the last hours were lower than ever, higher than ever, or neither.
    low: u32,
    high: u32,
    usual: u32,
}

impl Hours {
    /// An hour has had this figure, which means nothing if it differs by `least` only. One that says little (`counts` is
    /// false) is learnt only.
    pub fn close(&mut self, hour: u64, figure: f32, least: f32, counts: bool) {
        let days = &mut self.slots[of_day(hour)];
        if counts && days.len() >= ENOUGH_DAYS {
            let count = days.len() as f32;
            let mean = days.iter().sum::<f32>() / count;
            let variance = days.iter().map(|it| (it - mean).powi(2)).sum::<f32>() / count;
            let lowest = days.iter().copied().fold(f32::MAX, f32::min);
            let highest = days.iter().copied().fold(f32::MIN, f32::max);
            let off = (figure - mean) / variance.sqrt().max(least);
            let is_low = figure < lowest - least && off < -DEVIATIONS;
            let is_high = figure > highest + least && off > DEVIATIONS;
            let next = |is_so, before: u32| if is_so { before.saturating_add(1) } else { 0 };
            self.low = next(is_low, self.low);
            self.high = next(is_high, self.high);
            self.usual = next(!is_low && !is_high, self.usual);
        }
        days.truncate(MOST_DAYS - 1);
        days.push_front(figure);
    }

    /// What is usual at an hour of the day, on average, if enough is known.
    pub fn usual(&self, hour: u64) -> Option<f32> {
        let days = &self.slots[of_day(hour)];
        let mean = || days.iter().sum::<f32>() / days.len() as f32;
        (days.len() >= ENOUGH_DAYS).then(mean)
    }

    /// Whether the last hours were lower than ever.
    pub fn is_low(&self) -> bool {
        self.low >= LEAST
    }

    /// Whether they were higher than ever.
    pub fn is_high(&self) -> bool {
        self.high >= LEAST
    }

    /// Whether they were neither.
    pub fn is_usual(&self) -> bool {
        self.usual >= OVER
    }
}
