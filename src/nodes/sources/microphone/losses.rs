//! Sound that was lost before it reached the ring: told by the device, or seen by the clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::media::clock::Time;
use crate::pipeline::contract::error::{Error, Result};

/// More than a sound server holds back at once, as a rule.
const LATE: Duration = Duration::from_millis(500);
/// What was held back nevertheless has come by then; the rest is lost.
const LATEST: Duration = Duration::from_secs(1);
/// So many losses in so short a time, and opening the device anew is worth a try.
const STORM: (usize, Duration) = (10, Duration::from_secs(10));

/// The losses of one open device.
#[derive(Default)]
pub struct Losses {
    /// The device has lost sound since the latest samples.
    told: bool,
    late_since: Option<Instant>,
    recent: VecDeque<Instant>,
}

impl Losses {
    /// The device says at this moment that it has lost sound (an xrun).
    ///
    /// # Errors
    /// `Retry` if that happens again and again.
    pub fn tell(&mut self, now: Instant) -> Result<()> {
        let (most, window) = STORM;
        self.told = true;
        self.recent.push_back(now);
        self.recent.retain(|at| now.duration_since(*at) < window);
        if self.recent.len() < most {
            return Ok(());
        }
        Err(Error::retry(format!(
            "the sound card has lost sound {most} times in {} s; is this machine overloaded?",
            window.as_secs()
        )))
    }

    /// Whether sound is missing between what was heard so far and what begins now, by all that is
    /// known at this moment.
    pub fn between(&mut self, heard_to: Time, begins: Time, now: Instant) -> bool {
        if begins.since(heard_to) <= LATE {
            self.late_since = None;
        } else {
            self.late_since.get_or_insert(now);
        }
        let late_for = |since| now.duration_since(since);
        let lost = self.told || self.late_since.map(late_for) > Some(LATEST);
        if lost {
            (self.told, self.late_since) = (false, None);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_what_is_told_and_what_the_clock_shows() {
        let (mut losses, begun) = (Losses::default(), Instant::now());
        let lost = |losses: &mut Losses, begins, seconds: f64| {
            let now = begun + Duration::from_secs_f64(seconds);
            losses.between(Time::from_secs_f64(1.0), Time::from_secs_f64(begins), now)
        };
        assert!(!lost(&mut losses, 1.4, 0.0), "late, not lost");
        assert!(!lost(&mut losses, 0.9, 0.1), "early");
        assert!(!lost(&mut losses, 4.0, 0.2), "it may still come");
        assert!(!lost(&mut losses, 1.1, 0.3), "it has come");
        assert!(!lost(&mut losses, 4.0, 0.4));
        assert!(lost(&mut losses, 4.0, 1.5), "it does not come");
        losses.tell(begun).expect("once is no storm");
        assert!(lost(&mut losses, 1.0, 1.6));
        assert!(!lost(&mut losses, 1.0, 1.7), "told once");
    }

    #[test]
    fn a_storm_of_losses_is_a_failure_and_old_ones_do_not_count() {
        let (mut losses, begun) = (Losses::default(), Instant::now());
        for second in 0..100 {
            let now = begun + Duration::from_secs(2 * second);
            losses.tell(now).expect("one in two seconds is no storm");
        }
        let later = begun + Duration::from_secs(300);
        assert!((1..10).all(|_| losses.tell(later).is_ok()));
        assert!(losses.tell(later).is_err());
    }
}
