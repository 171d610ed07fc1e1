//! Since when something has been so.

use std::time::Duration;

use crate::media::clock::Time;

/// What is seen less often than this may be chance, however far apart.
const TIMES: u32 = 3;
/// It is over when it has not been so for so long; sooner if it was not told.
const CALM: Duration = Duration::from_secs(10);
const CALM_UNTOLD: Duration = Duration::from_secs(3);

/// Follows one thing that may be so.
#[derive(Debug, Default)]
pub struct Lasting {
    since: Option<Time>,
    /// Since when it is not so any more.
    fine: Option<Time>,
    times: u32,
    told: bool,
}

/// What there is to tell, with how long it has been so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// It has lasted long enough.
    Begins(Duration),
    /// It is over.
    Ends(Duration),
}

impl Lasting {
    /// It is so, or not, at this time, or that cannot be known now.
    pub fn note(&mut self, is_so: Option<bool>, at: Time, after: Duration) -> Option<Turn> {
        match is_so? {
            true => {
                let since = *self.since.get_or_insert(at);
                self.fine = None;
                self.times = self.times.saturating_add(1);
                let lasted = at.since(since);
                let is_due = !self.told && lasted >= after && self.times >= TIMES;
                self.told |= is_due;
                is_due.then_some(Turn::Begins(lasted))
            }
            false => {
                let since = self.since?;
                let fine = *self.fine.get_or_insert(at);
                let calm = if self.told { CALM } else { CALM_UNTOLD };
                (at.since(fine) >= calm)
                    .then(|| self.end(fine.since(since)))
                    .flatten()
            }
        }
    }

    /// It counts as over, whether or not it is.
    pub fn give_up(&mut self, at: Time) -> Option<Turn> {
        let since = self.since?;
        self.end(at.since(since))
    }

    fn end(&mut self, lasted: Duration) -> Option<Turn> {
        let told = self.told;
        *self = Lasting::default();
        told.then_some(Turn::Ends(lasted))
    }

    /// Whether it is so, or was until just now.
    pub fn is_open(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_when_it_has_lasted_and_ends_after_a_calm() {
        let mut lasting = Lasting::default();
        let mut note = |second: u64, is_so| {
            let at = Time::from_secs_f64(second as f64);
            lasting.note(is_so, at, Duration::from_secs(20))
        };
        assert_eq!(note(0, Some(true)), None);
        assert_eq!(note(10, Some(false)), None);
        assert_eq!(note(13, Some(false)), None, "it was nothing");
        assert_eq!(note(14, Some(true)), None);
        assert_eq!(note(16, Some(false)), None, "for a moment");
        assert_eq!(note(17, Some(true)), None);
        assert_eq!(note(30, None), None);
        let begins = Turn::Begins(Duration::from_secs(20));
        assert_eq!(note(34, Some(true)), Some(begins));
        assert_eq!(note(40, Some(true)), None);
        assert_eq!(note(44, Some(false)), None);
        let ends = Turn::Ends(Duration::from_secs(30));
        assert_eq!(note(54, Some(false)), Some(ends));
        assert_eq!(note(60, Some(false)), None);
    }

    #[test]
    fn two_looks_are_not_enough_however_far_apart() {
        let mut lasting = Lasting::default();
        let turns = [0, 100, 200].map(|second| {
            let at = Time::from_secs_f64(f64::from(second));
            lasting.note(Some(true), at, Duration::from_secs(20))
        });
        assert_eq!(
            turns,
            [None, None, Some(Turn::Begins(Duration::from_secs(200)))]
        );
    }
}
