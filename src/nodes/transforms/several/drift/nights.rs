//! At which hours a camera has seen nothing but black before: where the lamp goes out each evening, that is no alarm.

use super::hours::{self, DAY, HOUR, of_day};
use crate::media::clock::Time;

/// An hour of which so much was black before is one at which black is usual.
const USUAL: f32 = 0.2;
/// So much does the last day count.
const LAST_DAY: f32 = 0.3;

/// How much of each hour of the day was black.
#[derive(Default)]
pub struct Nights {
    black: [Option<f32>; DAY],
    hour: u64,
    looks: u32,
    blacks: u32,
}

impl Nights {
    /// It was black, or not.
    pub fn note(&mut self, is_black: bool, at: Time) {
        let hour = hours::of(at);
        if hour != self.hour {
            self.close();
            self.hour = hour;
        }
        self.looks += 1;
        self.blacks += u32::from(is_black);
    }

    fn close(&mut self) {
        if self.looks > 0 {
            let share = self.blacks as f32 / self.looks as f32;
            let before = &mut self.black[of_day(self.hour)];
            let mean = before.map_or(share, |it| it + (share - it) * LAST_DAY);
            *before = Some(mean);
        }
        (self.looks, self.blacks) = (0, 0);
    }

    /// Whether it is often black about this time of the day.
    pub fn is_usual(&self, at: Time) -> bool {
        let about = [at, at.after(HOUR), at.before(HOUR)];
        let hours = about.map(hours::of);
        hours
            .iter()
            .any(|it| self.black[of_day(*it)].is_some_and(|it| it >= USUAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lamp_that_goes_out_each_evening_is_known_the_next_day() {
        let mut nights = Nights::default();
        let at = |hour: f64| Time::from_secs_f64(hour * 3_600.0);
        for minute in 0..36 * 60 {
            let hour = f64::from(minute) / 60.0;
            let is_dark = (22.0..30.0).contains(&hour);
            assert!(!is_dark || !nights.is_usual(at(hour)) || hour > 23.0);
            nights.note(is_dark, at(hour));
        }
        assert!(nights.is_usual(at(46.2)) && nights.is_usual(at(45.5)));
        assert!(!nights.is_usual(at(36.5)));
    }
}
