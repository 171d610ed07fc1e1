//! When a log is closed and another begun, and what becomes of it then.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::nodes::parts::folder::retention::Retention;

/// Options of sinks that write logs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rotation {
    /// When the file has grown to this size it is closed, gets the time into its name
    /// (`2026-11-29T16-42-07.123Z_events.jsonl`), and a new one is begun.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_mb: u64,
    /// The file is closed also when it is so old. Default: it is never too old.
    #[schemars(range(min = 1, max = 876_000))]
    pub max_hours: Option<u32>,
    /// Closed files are packed (`.gz`), a little at a time.
    pub compress: bool,
    /// Closed files that are older are deleted; a little later than that where nothing was written for long. Default: none is.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u32>,
    /// Closed files are deleted, the oldest first, when they are more than this together; the one closed last stays. Default:
    /// `max_mb`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub keep_mb: Option<u64>,
    /// When a line is on the disk for certain: `never` (when the system thinks fit), within a `second`, or `each` before it counts as
    /// written.
    pub fsync: Fsync,
}

impl Default for Rotation {
    fn default() -> Rotation {
        Rotation {
            max_mb: 100,
            max_hours: None,
            compress: false,
            keep_days: None,
            keep_mb: None,
            fsync: Fsync::default(),
        }
    }
}

/// When what was written is certainly on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fsync {
    /// When the system thinks fit.
    Never,
    /// Within a second.
    #[default]
    Second,
    /// When it counts as written.
    Each,
}

/// How long a log grows, and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Bytes that it does not grow beyond.
    pub most: u64,
    /// How old it becomes.
    pub oldest: Option<Duration>,
    /// Whether it is packed when it is closed.
    pub compress: bool,
    /// What of closed ones is kept.
    pub retention: Retention,
    /// When what was written is certainly on the disk.
    pub fsync: Fsync,
}

impl Rotation {
    /// The same in bytes and seconds.
    pub fn rules(&self) -> Rules {
        let hours = |it: u32| Duration::from_secs(u64::from(it) * 60 * 60);
        Rules {
            most: self.max_mb << 20,
            oldest: self.max_hours.map(hours),
            compress: self.compress,
            retention: Retention {
                keep_days: self.keep_days,
                keep_mb: self.keep_mb.unwrap_or(self.max_mb),
                min_free_mb: 0,
            },
            fsync: self.fsync,
        }
    }
}

impl Rules {
    /// Those of a file that is never closed.
    pub fn none() -> Rules {
        Rules {
            most: u64::MAX,
            oldest: None,
            compress: false,
            retention: Retention::default(),
            fsync: Fsync::Never,
        }
    }
}

/// What a log is made of.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Whether what is there may be the first bytes of one.
    pub begins: fn(&[u8]) -> bool,
    /// What stands at the end of each entry and nowhere else.
    pub ends: &'static [u8],
}
