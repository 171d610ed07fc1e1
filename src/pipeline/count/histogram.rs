//! How often a time was how long: fixed buckets that any thread can count into.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper ends of the buckets in seconds: from a fast model on a small frame to a stuck disk.
pub const BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Counts of times. Its size never changes.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what is longer than all of them.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_ns: AtomicU64,
    last_ns: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// Upper end in seconds and count of each bucket; the last has no end.
    pub buckets: Vec<(f64, u64)>,
    /// All times together, in seconds.
    pub sum: f64,
    /// How many there were.
    pub count: u64,
    /// The latest, in seconds.
    pub last: f64,
}

impl Histogram {
    /// Counts one time.
    pub fn count(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        let nanos = time.as_nanos() as u64;
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_ns.fetch_add(nanos, Relaxed);
        self.last_ns.store(nanos, Relaxed);
    }

    /// Reads everything.
    pub fn read(&self) -> Times {
        let ends = BOUNDS.iter().copied().chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|count| count.load(Relaxed));
        let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
        Times {
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
            sum: self.sum_ns.load(Relaxed) as f64 / 1e9,
            last: self.last_ns.load(Relaxed) as f64 / 1e9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for ms in [5, 6, 30_000, 31_000] {
            histogram.count(Duration::from_millis(ms));
        }
        let times = histogram.read();
        let filled: Vec<f64> = times
            .buckets
            .iter()
            .filter(|it| it.1 > 0)
            .map(|it| it.0)
            .collect();
        assert_eq!(filled, [0.005, 0.01, 30.0, f64::INFINITY]);
        assert_eq!((times.count, times.last), (4, 31.0));
    }
}
