//! The times of a file's pictures: its own, as long as they go on, and joined on where they jump.

use std::time::Duration;

use crate::media::clock::Time;
use crate::media::events::Gap;

/// Pictures of a file may be so far apart; what is further is a clock that was set.
const LONGEST_PAUSE: f64 = 60.0;
/// Where nothing is known of a file's rate.
const USUAL_STEP: f64 = 0.04;

/// Turns a medium's own timestamps into capture times that never go back.
#[derive(Default)]
pub struct Timeline {
    /// The latest picture: its own time and that given to it, in seconds.
    latest: Option<(f64, f64)>,
    /// Seconds between the latest two pictures.
    step: Option<f64>,
}

impl Timeline {
    /// The capture time of a picture that has this timestamp, in seconds, and what is to be told if the times have
    /// jumped. `step` is how far pictures are apart where the timestamps do not say.
    pub fn place(&mut self, stamp: f64, step: impl FnOnce() -> Option<f64>) -> (Time, Option<Gap>) {
        let Some((own, given)) = self.latest else {
            self.latest = Some((stamp, 0.0));
            return (Time::ZERO, None);
        };
        let passed = stamp - own;
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in milliseconds, with an exclamation mark where a jump is told.
    fn placed(stamps: &[f64]) -> Vec<String> {
        let mut timeline = Timeline::default();
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
    fn pictures_without_times_come_at_the_rate_of_the_file() {
        assert_eq!(placed(&[0.0, 0.0, 0.0]), ["0", "200", "400"]);
    }
}
