//! Options of `clip`.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::scene::Rules;
use crate::nodes::parts::take::Films;

/// Options of `clip`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Where the clips go; it is made if need be. Files in it that this has not written are left alone.
    pub folder: PathBuf,
    /// What is worth a clip. Default: all that comes in. Events without a label, as of words or movement, always are.
    #[serde(default)]
    pub labels: Vec<String>,
    /// So much is shown before something happens; more, if the camera's key pictures are far apart.
    #[serde(default = "default_pre_s")]
    #[schemars(range(min = 0.0, max = 120.0))]
    pub pre_s: f64,
    /// So much is shown after it.
    #[serde(default = "default_post_s")]
    #[schemars(range(min = 0.0, max = 600.0))]
    pub post_s: f64,
    /// What lasts longer is shown for so long, from when it begins.
    #[serde(default = "default_max_s")]
    #[schemars(range(min = 1.0, max = 3600.0))]
    pub max_s: f64,
    /// Whether sound is in it.
    #[serde(default = "default_sound")]
    pub sound: bool,
    /// Memory for what was sent lately, of all cameras together: where it does not suffice, clips begin later, and `short` in
    /// `/status` counts them. A camera of 4 Mbit/s fills 0.5 MB a second.
    #[serde(default = "default_buffer_mb")]
    #[schemars(range(min = 1, max = 4096))]
    pub buffer_mb: usize,
    /// How much is kept.
    #[serde(flatten)]
    pub films: Films,
}

impl Config {
    /// How much is shown.
    pub fn rules(&self) -> Rules {
        Rules {
            pre: Duration::from_secs_f64(self.pre_s),
            post: Duration::from_secs_f64(self.post_s),
            most: Duration::from_secs_f64(self.max_s),
        }
    }
}

fn default_pre_s() -> f64 {
    5.0
}

fn default_post_s() -> f64 {
    10.0
}

fn default_max_s() -> f64 {
    120.0
}

fn default_sound() -> bool {
    true
}

fn default_buffer_mb() -> usize {
    64
}
