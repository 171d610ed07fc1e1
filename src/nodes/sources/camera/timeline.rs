//! The times of a file's pictures: its own, as long as they go on, and joined on where they jump.

use std::time::Duration;

use crate::media::clock::Time;
use crate::media::events::Gap;
use crate::nodes::parts::stream::origin::LONGEST_PAUSE;

/// In a list of films pictures that are so many seconds apart are missing, or so many times as far as those before.
const MISSING: f64 = 2.0;
const MISSING_STEPS: f64 = 8.0;
/// Where nothing is known of a file's rate.
const USUAL_STEP: f64 = 0.04;

/// Turns a medium's own timestamps into capture times that never go back.
pub struct Timeline {
    /// When the first picture was taken, in seconds.
    begins_at: f64,
    /// Whether the times are those of a list of films, whose pauses stay.
    is_list: bool,
    /// The latest picture: its own time and that given to it, in seconds.
    latest: Option<(f64, f64)>,
    /// Seconds between the latest two pictures.
    step: Option<f64>,
}

impl Timeline {
    /// Of a file whose first picture was taken at this second.
    pub fn new(begins_at: f64, is_list: bool) -> Timeline {
        Timeline {
            begins_at,
            is_list,
            latest: None,
            step: None,
        }
    }

    /// The capture time of a picture that has this timestamp, in seconds, and what is to be told if the times have
    /// jumped. `step` is how far pictures are apart where the timestamps do not say.
    pub fn place(&mut self, stamp: f64, step: impl FnOnce() -> Option<f64>) -> (Time, Option<Gap>) {
        let Some((own, given)) = self.latest else {
            self.latest = Some((stamp, self.begins_at));
            return (Time::from_secs_f64(self.begins_at), None);
        };
        let passed = stamp - own;
        if self.is_list && passed > MISSING.max(self.step.unwrap_or(0.0) * MISSING_STEPS) {
            return self.pause(stamp, given, passed);
        }
        let jumps = passed.is_finite() && !(0.0..=LONGEST_PAUSE).contains(&passed);
        let passed = match passed > 0.0 && !jumps {
            true => *self.step.insert(passed),
            false => *self
                .step
                .get_or_insert_with(|| step().unwrap_or(USUAL_STEP)),
        };
        let at = given + passed;
        self.latest = Some((stamp, at));
        let at = Time::from_secs_f64(at);
        let gap = jumps.then(|| {
            let seconds = stamp - own;
            let from = at.before(Duration::from_secs_f64(passed));
            Gap::new(from, at, format!("the file's times jump by {seconds:.1} s"))
        });
        (at, gap)
    }

    /// Pictures are missing between the latest and the one that has this timestamp.
    fn pause(&mut self, stamp: f64, given: f64, passed: f64) -> (Time, Option<Gap>) {
        self.latest = Some((stamp, given + passed));
        let [from, to] = [given, given + passed].map(Time::from_secs_f64);
        (to, Some(Gap::new(from, to, "nothing was recorded")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in milliseconds, with an exclamation mark where a jump is told.
    fn placed(stamps: &[f64]) -> Vec<String> {
        placed_by(Timeline::new(0.0, false), stamps)
    }

    fn placed_by(mut timeline: Timeline, stamps: &[f64]) -> Vec<String> {
        let place = |stamp: &f64| {
            let (at, gap) = timeline.place(*stamp, || Some(0.2));
            let mark = gap.map_or("", |_| "!");
            format!("{:.0}{mark}", at.as_secs_f64() * 1000.0)
        };
        stamps.iter().map(place).collect()
    }

    #[test]
    fn times_are_the_files_own_from_zero() {
        assert_eq!(placed(&[90_000.0, 90_000.1, 90_000.4]), ["0", "100", "400"]);
    }

    #[test]
    fn recordings_that_were_joined_go_on() {
        assert_eq!(
            placed(&[1.4, 1.5, 1.6, 1.4, 1.5]),
            ["0", "100", "200", "300!", "400"]
        );
        assert_eq!(
            placed(&[0.0, 0.5, 7200.0, 7200.5]),
            ["0", "500", "1000!", "1500"]
        );
    }

    #[test]
    fn a_list_begins_when_it_says_and_keeps_its_pauses() {
        let stamps = [0.0, 0.5, 1.0, 7200.0, 7200.5];
        assert_eq!(
            placed_by(Timeline::new(3.0, true), &stamps),
            ["3000", "3500", "4000", "7203000!", "7203500"]
        );
        // A camera that gives a picture every ten seconds misses none.
        let rare = placed_by(Timeline::new(0.0, true), &[0.0, 1.9, 5.0, 15.0]);
        assert_eq!(rare, ["0", "1900", "5000", "15000"]);
    }

    #[test]
    fn pictures_without_times_come_at_the_rate_of_the_file() {
        assert_eq!(placed(&[0.0, 0.0, 0.0]), ["0", "200", "400"]);
    }
}
