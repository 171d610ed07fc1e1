//! One clock for pixels and samples: monotonic capture time, with the wall clock as a label on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;

/// A step of the wall clock larger than this moves the labels; smaller ones are slew and noise.
const STEP_NS: i64 = 500_000_000;

/// Capture time: nanoseconds since the run began, counted through suspend.
///
/// Files count from the same zero: the capture time of a file's frame is its presentation time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than everything: where nothing is still to come.
    pub const END: Time = Time(u64::MAX);

    /// From seconds since the run began; negative values become zero.
    pub fn from_secs_f64(seconds: f64) -> Time {
        Time((seconds.max(0.0) * 1e9).round() as u64)
    }

    /// Seconds since the run began.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Nanoseconds since the run began.
    pub fn as_nanos(self) -> u64 {
        self.0
    }

    /// From nanoseconds since the run began.
    pub fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The time from `earlier` to `self`, zero if it is not earlier.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self` moved back by `by`, not before the start of the run.
    pub fn before(self, by: Duration) -> Time {
        Time(self.0.saturating_sub(by.as_nanos() as u64))
    }

    /// `self` moved on by `by`.
    pub fn after(self, by: Duration) -> Time {
        Time(self.0.saturating_add(by.as_nanos() as u64))
    }
}

/// Reads capture time and turns it into wall-clock labels. Cheap to clone; all clones agree.
#[derive(Clone, Debug)]
pub struct Clock {
    origin_ns: i64,
    /// Wall clock minus capture time.
    anchor_ns: Arc<AtomicI64>,
    /// Whether labels are those of a recording, which no wall clock moves.
    recorded: bool,
    /// When time zero of each file was that is played at its own pace.
    played: Arc<RwLock<BTreeMap<Arc<str>, Time>>>,
}

impl Clock {
    /// Starts the clock of a run: now is time zero.
    pub fn start() -> Clock {
        let origin_ns = read_ns(libc::CLOCK_BOOTTIME);
        let anchor_ns = Arc::new(AtomicI64::new(read_ns(libc::CLOCK_REALTIME)));
        Clock {
            origin_ns,
            anchor_ns,
            recorded: false,
            played: Arc::default(),
        }
    }

    /// Starts the clock of a run over recordings that began at this moment, from which its labels count.
    pub fn of_recording(began: Timestamp) -> Clock {
        let anchor_ns = i64::try_from(began.as_nanosecond()).unwrap_or_default();
        Clock {
            anchor_ns: Arc::new(AtomicI64::new(anchor_ns)),
            recorded: true,
            ..Clock::start()
        }
    }

    /// A file is played at its own pace by this source, and its time zero was at `origin`.
    pub fn plays(&self, source: &Arc<str>, origin: Time) {
        let mut played = self.played.write().unwrap_or_else(PoisonError::into_inner);
        played.insert(Arc::clone(source), origin);
    }

    /// When time zero of what a source plays was; none of devices, and of files that are read as fast as can be.
    pub fn origin_of(&self, source: &str) -> Option<Time> {
        let played = self.played.read().unwrap_or_else(PoisonError::into_inner);
        played.get(source).copied()
    }

    /// Capture time of something that happens now.
    pub fn now(&self) -> Time {
        Time((read_ns(libc::CLOCK_BOOTTIME) - self.origin_ns).max(0) as u64)
    }

    /// The wall-clock label of a capture time. Follows the wall clock when that steps.
    pub fn wall(&self, at: Time) -> Timestamp {
        let wall_ns = i128::from(self.anchor()) + i128::from(at.0);
        Timestamp::from_nanosecond(wall_ns).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Nanoseconds from the start of the run to the moment that has this wall-clock label, less than none if it was before.
    pub fn since_start(&self, wall: Timestamp) -> i128 {
        wall.as_nanosecond() - i128::from(self.anchor())
    }

    /// Wall clock minus capture time.
    fn anchor(&self) -> i64 {
        let anchor = self.anchor_ns.load(Relaxed);
        let fresh = read_ns(libc::CLOCK_REALTIME) - self.now().0 as i64;
        match !self.recorded && (fresh - anchor).abs() > STEP_NS {
            true => {
                self.anchor_ns.store(fresh, Relaxed);
                fresh
            }
            false => anchor,
        }
    }
}

fn read_ns(clock: libc::clockid_t) -> i64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid timespec that outlives the call. std has no CLOCK_BOOTTIME.
    let status = unsafe { libc::clock_gettime(clock, &mut now) };
    assert_eq!(status, 0, "Linux always has clock {clock}");
    // The fields are 32-bit on some ARM targets.
    #[allow(clippy::unnecessary_cast)]
    {
        now.tv_sec as i64 * 1_000_000_000 + now.tv_nsec as i64
    }
}

/// Turns sample counts of a live device into capture times, following the device's slow drift.
///
/// A sound card's crystal is off by some 50 ppm, four seconds a day, so counting samples alone
/// walks away from the clock. Each chunk moves the estimate by one hundredth of what it is off.
#[derive(Debug)]
pub struct SampleClock {
    rate: u32,
    start_ns: f64,
    samples: u64,
}

impl SampleClock {
    /// `start`: capture time of sample 0.
    pub fn new(rate: u32, start: Time) -> SampleClock {
        SampleClock {
            rate,
            start_ns: start.0 as f64,
            samples: 0,
        }
    }

    /// Capture time of the sample that comes next.
    pub fn next(&self) -> Time {
        let next = self.start_ns + self.samples as f64 * 1e9 / f64::from(self.rate);
        Time(next.max(0.0) as u64)
    }

    /// Capture time of the first of `count` new samples, whose last was captured at about `now`.
    pub fn advance(&mut self, count: usize, now: Time) -> Time {
        let first = self.next();
        self.samples += count as u64;
        let last = self.start_ns + self.samples as f64 * 1e9 / f64::from(self.rate);
        self.start_ns += (now.0 as f64 - last) / 100.0;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_clock_follows_a_drifting_device() {
        // 48 samples in 48_000 come too early: 0.1 % fast, far worse than any sound card.
        let mut clock = SampleClock::new(48_000, Time::ZERO);
        let mut worst = 0.0f64;
        for chunk in 1..=6_000u64 {
            let now = Time((chunk as f64 * 480.0 / 48_048.0 * 1e9) as u64);
            let first = clock.advance(480, now);
            let truth = (chunk - 1) as f64 * 480.0 / 48_048.0;
            worst = worst.max((first.as_secs_f64() - truth).abs());
        }
        assert!(worst < 0.002, "off by {worst} s after a minute");
    }

    #[test]
    fn wall_labels_are_capture_time_plus_anchor() {
        let clock = Clock::start();
        let span = clock
            .wall(Time::from_secs_f64(2.5))
            .duration_since(clock.wall(Time::ZERO));
        assert_eq!(span.as_millis(), 2500);
    }

    #[test]
    fn a_recordings_labels_are_its_own() {
        let began: Timestamp = "2026-11-28T23:00:00.480Z".parse().expect("a time");
        let clock = Clock::of_recording(began);
        let label = clock.wall(Time::from_secs_f64(3600.0));
        assert_eq!(label.to_string(), "2026-11-29T00:00:00.48Z");
    }
}
