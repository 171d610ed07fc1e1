//! Media that arrive and yet are of no use: a frozen picture, a silent microphone.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::events::{Condition, Health};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// What is done about it, beside telling of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing: a still scene without noise can be right.
    #[default]
    Warn,
    /// The source is opened anew.
    Reopen,
}

/// Watches for one condition of one source.
pub struct Watch {
    condition: Condition,
    limit: Duration,
    remedy: Remedy,
    lasted: Duration,
    active: bool,
    context: Context,
}

impl Watch {
    /// Tells of `condition` when it has lasted for `limit_ms`.
    pub fn new(condition: Condition, limit_ms: u64, remedy: Remedy, context: &Context) -> Watch {
        // Nothing is known yet of a source that was opened anew.
        context.stats.withdraw("condition");
        Watch {
            condition,
            limit: Duration::from_millis(limit_ms),
            remedy,
            lasted: Duration::ZERO,
            active: false,
            context: context.clone(),
        }
    }

    /// The condition has lasted for so long; what there is to tell if it has set in or is over.
    ///
    /// # Errors
    /// `Retry` if it has set in and the source is to be opened anew.
    pub fn note(&mut self, lasted: Duration) -> Result<Option<Health>> {
        let active = lasted >= self.limit;
        let before = std::mem::replace(&mut self.active, active);
        let told = if active { lasted } else { self.lasted };
        self.lasted = lasted;
        if active == before {
            return Ok(None);
        }
        let name = self.condition.name();
        let seconds = told.as_secs();
        if active {
            self.context.describe("condition", name);
        } else {
            self.context.stats.withdraw("condition");
        }
        if active && self.remedy == Remedy::Reopen {
            return Err(Error::retry(format!("{name} for {seconds} s")));
        }
        Ok(Some(Health::new(self.condition, active, told)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::contract::testing::context;

    fn told(watch: &mut Watch, seconds: u64) -> Option<bool> {
        let lasted = Duration::from_secs(seconds);
        let health = watch.note(lasted).expect("it only warns");
        health.map(|it| it.active)
    }

    #[test]
    fn tells_once_when_it_sets_in_and_once_when_it_is_over() {
        let mut watch = Watch::new(Condition::Frozen, 10_000, Remedy::Warn, &context());
        let steps = [0, 9, 10, 11, 60, 0, 1].map(|seconds| told(&mut watch, seconds));
        assert_eq!(
            steps,
            [None, None, Some(true), None, None, Some(false), None]
        );
    }

    #[test]
    fn fails_where_it_is_to_be_opened_anew() {
        let mut watch = Watch::new(Condition::Silent, 1_000, Remedy::Reopen, &context());
        let result = watch.note(Duration::from_secs(2));
        assert!(matches!(result, Err(Error::Retry(_))));
    }
}
