//! One clock for all that comes out of a stream: the medium's own timestamps, as capture times.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::media::clock::{Clock, Time};

/// For so long the quickest way through the network counts: a camera's clock and ours part by a millisecond meanwhile.
const WINDOW: Duration = Duration::from_secs(10);
/// Timestamps and arrival never part by so much, unless the camera's clock was set.
const JUMP: f64 = 10.0;

/// Turns timestamps of a live stream into capture times: what came through quickest says when that was, and all
/// streams of the camera share it, so that picture and sound stay as they belong together.
pub struct StreamClock {
    clock: Clock,
    delays: Mutex<Option<Delays>>,
}

/// Seconds by which our clock is ahead of a timestamp when that arrives.
#[derive(Clone, Copy)]
struct Delays {
    least: f64,
    /// Of the window before.
    least_before: f64,
    since: Time,
}

impl StreamClock {
    /// Begins with the first timestamp.
    pub fn new(clock: Clock) -> StreamClock {
        StreamClock {
            clock,
            delays: Mutex::default(),
        }
    }

    /// What has this timestamp in seconds has just arrived, and was complete in the camera at `end`: when it was captured,
    /// and whether the camera's clock was set since the last one.
    pub fn place(&self, stamp: f64, end: f64) -> (Time, bool) {
        self.place_at(stamp, end, self.clock.now())
    }

    fn place_at(&self, stamp: f64, end: f64, now: Time) -> (Time, bool) {
        let mut delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = now.as_secs_f64() - end;
        let known = delays.filter(|it| (delay - it.usual()).abs() < JUMP);
        let jumped = delays.is_some() && known.is_none();
        let mut next = known.unwrap_or(Delays {
            least: delay,
            least_before: delay,
            since: now,
        });
        if now.since(next.since) > WINDOW {
            (next.least_before, next.least, next.since) = (next.least, delay, now);
        }
        next.least = next.least.min(delay);
        *delays = Some(next);
        (Time::from_secs_f64(stamp + next.usual()), jumped)
    }
}

impl Delays {
    fn usual(&self) -> f64 {
        self.least.min(self.least_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Capture times in milliseconds of what has these timestamps and arrives then, both in seconds.
    fn placed(arrivals: &[(f64, f64)]) -> Vec<String> {
        let clock = StreamClock::new(Clock::start());
        let place = |&(stamp, now): &(f64, f64)| {
            let (at, jumped) = clock.place_at(stamp, stamp, Time::from_secs_f64(now));
            let mark = if jumped { "!" } else { "" };
            format!("{:.0}{mark}", at.as_secs_f64() * 1000.0)
        };
        arrivals.iter().map(place).collect()
    }

    #[test]
    fn what_is_held_up_was_captured_no_later() {
        let arrivals = [
            (70.0, 1.0),
            (70.1, 1.3),
            (70.2, 1.31),
            (70.3, 1.3),
            (70.4, 1.5),
        ];
        assert_eq!(placed(&arrivals), ["1000", "1100", "1200", "1300", "1400"]);
        // Half a second was waiting when we came.
        let arrivals = [(0.0, 1.0), (0.5, 1.0), (0.6, 1.1)];
        assert_eq!(placed(&arrivals), ["1000", "1000", "1100"]);
    }

    #[test]
    fn a_slow_clock_is_followed_and_one_that_was_set_begins_anew() {
        let slow = |it: u32| (f64::from(it) * 0.999, f64::from(it));
        let arrivals: Vec<_> = (0..100).map(slow).collect();
        let last = placed(&arrivals).pop().expect("there are some");
        // A tenth of a second after 99 s; what is forgotten after two windows leaves 20 ms of it.
        assert!(("98979"..="99000").contains(&&*last), "{last}");
        let arrivals = [(5.0, 1.0), (5.5, 1.5), (3600.0, 2.0), (3600.5, 2.5)];
        assert_eq!(placed(&arrivals), ["1000", "1500", "2000!", "2500"]);
    }

    /// A camera's day: pictures a second apart, pieces of sound of a tenth of a second, and a network that holds up some
    /// of them. The camera's clock is 100 ppm slow; it is lost twice and begins anew, and once its clock is set.
    #[test]
    fn picture_and_sound_stay_together_over_a_day_through_two_reconnects() {
        const SLOW: f64 = 0.9999;
        let mut random = fastrand::Rng::with_seed(24);
        let (mut apart, mut late) = (0.0f64, 0.0f64);
        let mut clock = StreamClock::new(Clock::start());
        for second in 1..86_400u32 {
            if second == 30_000 || second == 60_000 {
                clock = StreamClock::new(Clock::start());
            }
            let set = if second > 45_000 { 3_600.0 } else { 0.0 };
            let mut place = |truth: f64, lasts: f64| {
                let stamp = truth * SLOW + set;
                let held_up = if random.u8(0..10) == 0 {
                    0.3
                } else {
                    random.f64() * 0.005
                };
                let arrives = Time::from_secs_f64(truth + lasts + 0.02 + held_up);
                clock
                    .place_at(stamp, stamp + lasts, arrives)
                    .0
                    .as_secs_f64()
            };
            let truth = f64::from(second);
            let sounds = (0..10).map(|tenth| place(truth - 1.0 + f64::from(tenth) / 10.0, 0.1));
            let sound = sounds.last().expect("there are ten") + 0.1;
            let picture = place(truth, 0.0);
            // Its first seconds are those in which the quickest way is found.
            if second % 30_000 > 20 {
                apart = apart.max((picture - sound).abs());
                late = late.max((picture - truth).abs());
            }
        }
        println!(
            "{:.1} ms apart, {:.1} ms late",
            apart * 1000.0,
            late * 1000.0
        );
        assert!(apart < 0.04 && late < 0.1, "{apart} s apart, {late} s late");
    }
}
