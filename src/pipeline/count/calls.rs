//! Calls into the code of a node: which are under way, and how the last ones ended.
//!
//! A counter of what went well says nothing about a call that never comes back, so calls are noted
//! when they begin.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// What a node was called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open devices, files or models. Building an engine for a GPU takes minutes.
    Open,
    /// To handle a packet. Sources are not watched like this: their calls last while consumers are
    /// slower than a file.
    Work,
}

/// The calls of one node, over all its workers.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    /// By the order of their beginning; as many as the node has workers.
    under_way: BTreeMap<u64, (Purpose, Instant)>,
    begun: u64,
    succeeded: u64,
    failed: u64,
    last_success: Option<Instant>,
    failing_since: Option<Instant>,
}

/// A call under way. Unless it is said to have succeeded, it counts as failed when it is dropped.
pub struct Call<'a> {
    calls: &'a Calls,
    number: u64,
}

impl Calls {
    /// A call begins.
    pub fn begin(&self, purpose: Purpose) -> Call<'_> {
        let mut book = self.records();
        let number = book.begun;
        book.begun += 1;
        book.under_way.insert(number, (purpose, Instant::now()));
        Call {
            calls: self,
            number,
        }
    }

    /// Reads the book.
    pub fn read(&self) -> CallCounts {
        let book = self.records();
        let longest = |wanted| {
            let mut calls = book.under_way.values();
            let (_, since) = calls.find(|(purpose, _)| *purpose == wanted)?;
            Some(since.elapsed())
        };
        CallCounts {
            succeeded: book.succeeded,
            failed: book.failed,
            opening_for: longest(Purpose::Open),
            working_for: longest(Purpose::Work),
            failing_for: book.failing_since.map(|since| since.elapsed()),
            last_success: book.last_success.map(|at| at.elapsed()),
        }
    }

    /// A call that does not come back counts as failed and is waited for no more.
    pub fn give_up(&self, number: u64) {
        self.end(number, false);
    }

    fn end(&self, number: u64, good: bool) {
        let now = Instant::now();
        let mut book = self.records();
        if book.under_way.remove(&number).is_none() {
            return;
        }
        if good {
            book.succeeded += 1;
            book.last_success = Some(now);
            book.failing_since = None;
        } else {
            book.failed += 1;
            book.failing_since.get_or_insert(now);
        }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    /// Its number among the calls of the node.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The call came back with what was wanted.
    pub fn succeed(self) {
        self.calls.end(self.number, true);
        // It has been entered; dropping it would enter it again.
        std::mem::forget(self);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.calls.end(self.number, false);
    }
}

/// The calls of a node at one moment. Times are lengths up to this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CallCounts {
    /// Calls that came back well.
    pub succeeded: u64,
    /// Calls that failed.
    pub failed: u64,
    /// How long the node has been in the oldest call that opens it.
    #[serde(rename = "opening_seconds", serialize_with = "seconds")]
    pub opening_for: Option<Duration>,
    /// How long the node has been in the oldest call that handles a packet.
    #[serde(rename = "working_seconds", serialize_with = "seconds")]
    pub working_for: Option<Duration>,
    /// How long all calls have failed.
    #[serde(rename = "failing_seconds", serialize_with = "seconds")]
    pub failing_for: Option<Duration>,
    /// How long ago the last call came back well.
    #[serde(rename = "last_success_seconds_ago", serialize_with = "seconds")]
    pub last_success: Option<Duration>,
}

fn seconds<S: serde::Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64()).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_seen_while_it_lasts_and_counted_once_when_it_ends() {
        let calls = Calls::default();
        let first = calls.begin(Purpose::Work);
        std::thread::sleep(Duration::from_millis(5));
        let second = calls.begin(Purpose::Work);
        let oldest = calls.read().working_for;
        assert!(oldest >= Some(Duration::from_millis(5)), "{oldest:?}");
        assert_eq!(calls.read().opening_for, None);
        first.succeed();
        drop(second);
        let counts = calls.read();
        assert_eq!((counts.succeeded, counts.failed), (1, 1));
        assert_eq!(counts.working_for, None);
        assert!(counts.failing_for.is_some());
        calls.begin(Purpose::Open).succeed();
        assert_eq!(calls.read().failing_for, None);
    }
}
