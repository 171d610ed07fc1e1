//! How fast a file is played.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::clock::{Clock, Time};
use crate::pipeline::contract::context::Context;

/// No wait is longer, so that a stop is prompt.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// Speed of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// As fast as it can be worked on.
    #[default]
    Fast,
    /// As fast as it was recorded.
    Realtime,
}

/// Holds a file back to its pace.
#[derive(Clone, Debug)]
pub struct Metronome {
    pace: Pace,
    source: Arc<str>,
    clock: Clock,
    /// When the file's time zero was played.
    origin: Option<Time>,
}

impl Metronome {
    /// Starts when it is first asked.
    pub fn new(pace: Pace, context: &Context) -> Metronome {
        Metronome {
            pace,
            source: Arc::clone(&context.id),
            clock: context.clock.clone(),
            origin: None,
        }
    }

    /// Whether it is time for `at`. If not, waits a little first; ask again.
    pub fn is_time(&mut self, at: Time) -> bool {
        if self.pace == Pace::Fast {
            return true;
        }
        let now = self.clock.now();
        let origin = *self.origin.get_or_insert_with(|| {
            let origin = now.before(at.since(Time::ZERO));
            self.clock.plays(&self.source, origin);
            origin
        });
        let wait = at.since(Time::ZERO).saturating_sub(now.since(origin));
        std::thread::sleep(wait.min(LONGEST_WAIT));
        wait <= LONGEST_WAIT
    }
}
