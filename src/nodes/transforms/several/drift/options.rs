//! Options of `drift`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::kind::Lane;

/// Options of `drift`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What it goes by. Default: all that its inputs give, but of a camera only the pictures; its sound is heard with
    /// `only = "sound"`.
    pub only: Option<Only>,
    /// So often it looks at each camera at most.
    #[schemars(range(min = 100, max = 60_000))]
    pub every_ms: u64,
    /// So long something is other than usual before it is told. Half of it is enough for sound, which is judged by the
    /// twenty seconds before.
    #[schemars(range(min = 5, max = 3_600))]
    pub after_s: u64,
}

/// What it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// What cameras show.
    Pictures,
    /// What is heard.
    Sound,
    /// What models find in pictures.
    Findings,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            only: None,
            every_ms: 500,
            after_s: 40,
        }
    }
}

impl Config {
    /// How long something lasts before it is told.
    pub fn after(&self) -> Duration {
        Duration::from_secs(self.after_s)
    }

    /// Whether it goes by nothing of this lane.
    pub fn ignores(&self, lane: Lane) -> bool {
        let of_lane = match lane {
            Lane::Frame => Only::Pictures,
            Lane::Audio => Only::Sound,
            _ => Only::Findings,
        };
        self.only.is_some_and(|it| it != of_lane)
    }
}
