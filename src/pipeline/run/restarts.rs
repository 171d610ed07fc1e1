//! How soon a node that failed is started again, and what it is called meanwhile.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::pipeline::count::metrics::State;

/// First pause after a failure; doubled for every further one.
const FIRST: Duration = Duration::from_millis(500);
/// Longest pause, before jitter.
const LAST: Duration = Duration::from_secs(30);
/// First pause after a refusal; doubled for every further one.
const FIRST_AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// Longest pause after a refusal, before jitter: cameras that lock an account do it for up to half an hour.
const LAST_AFTER_REFUSAL: Duration = Duration::from_secs(30 * 60);
/// Pause after a panic: most are about one packet, and that one is gone.
const AT_ONCE: Duration = Duration::from_millis(20);
/// So many panics within `WINDOW` are forgiven.
const BUDGET: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);

/// What a node has failed of lately.
#[derive(Debug, Default)]
pub struct Restarts {
    /// Failures since the node last worked.
    failures: u32,
    /// Refusals since the node last worked.
    refusals: u32,
    /// Panics within the window.
    panics: VecDeque<Instant>,
}

impl Restarts {
    /// Whether nothing has failed since the node last worked.
    pub fn is_first(&self) -> bool {
        self.failures == 0
    }

    /// The node has done what it is for.
    pub fn worked(&mut self) {
        self.failures = 0;
        self.refusals = 0;
    }

    /// The pause after a failure: 0.5 s, doubled up to 30 s.
    pub fn after_failure(&mut self) -> (Duration, State) {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(8));
        self.failures += 1;
        (jittered(doubled.min(LAST)), State::Retrying)
    }

    /// The pause after a refusal: a minute, doubled up to half an hour.
    pub fn after_refusal(&mut self) -> (Duration, State) {
        let doubled = FIRST_AFTER_REFUSAL.saturating_mul(1 << self.refusals.min(8));
        self.refusals += 1;
        self.failures += 1;
        (jittered(doubled.min(LAST_AFTER_REFUSAL)), State::Retrying)
    }

    /// The pause after a panic: none to speak of while the budget lasts, then the longest, and the
    /// node counts as degraded.
    pub fn after_panic(&mut self, now: Instant) -> (Duration, State) {
        self.failures += 1;
        self.panics.push_back(now);
        self.panics
            .retain(|&then| now.duration_since(then) < WINDOW);
        // What is older than the budget can matter no more.
        self.panics
            .drain(..self.panics.len().saturating_sub(BUDGET + 1));
        match self.panics.len() {
            0..=BUDGET => (AT_ONCE, State::Retrying),
            _ => (jittered(LAST), State::Degraded),
        }
    }
}

/// Give or take a fifth, so that cameras that failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.8 + 0.4 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_with_jitter_and_start_anew_after_success() {
        let mut restarts = Restarts::default();
        for seconds in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let pause = restarts.after_failure().0.as_secs_f64();
            assert!((0.8 * seconds..=1.2 * seconds).contains(&pause), "{pause}");
        }
        restarts.worked();
        assert!(restarts.is_first() && restarts.after_failure().0 < FIRST * 2);
    }

    #[test]
    fn who_refuses_us_is_left_alone_for_minutes() {
        let mut restarts = Restarts::default();
        for minutes in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let pause = restarts.after_refusal().0.as_secs_f64() / 60.0;
            assert!((0.8 * minutes..=1.2 * minutes).contains(&pause), "{pause}");
        }
        restarts.worked();
        assert!(restarts.after_refusal().0 < 2 * FIRST_AFTER_REFUSAL);
    }

    #[test]
    fn five_panics_a_minute_are_forgiven_the_sixth_is_not() {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        for second in 0..5 {
            let at = start + Duration::from_secs(second);
            assert_eq!(restarts.after_panic(at), (AT_ONCE, State::Retrying));
        }
        let (pause, state) = restarts.after_panic(start + Duration::from_secs(5));
        assert!(pause > LAST / 2 && state == State::Degraded);
        let later = start + Duration::from_secs(120);
        assert_eq!(restarts.after_panic(later), (AT_ONCE, State::Retrying));
    }
}
