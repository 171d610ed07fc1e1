//! Options of `bundle`.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::nodes::parts::folder::retention::Retention;

/// What asks for a bundle where nothing else is said.
const ALERTS: &str = "kind == 'alert'";

/// Options of `bundle`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Where the bundles go; it is made if need be, and belongs to this sink alone.
    pub folder: PathBuf,
    /// Which events ask for a bundle: a condition in CEL over the fields of an event as it is written. All others that come in are
    /// what bundles are made of.
    #[serde(default = "default_when")]
    pub when: String,
    /// So long before it begins what comes in belongs to it.
    #[serde(default = "default_pre_s")]
    #[schemars(range(min = 0.0, max = 600.0))]
    pub pre_s: f64,
    /// So long after it ends.
    #[serde(default = "default_post_s")]
    #[schemars(range(min = 0.0, max = 600.0))]
    pub post_s: f64,
    /// So long after that it is waited for the clip that shows it: longer than `clip` goes on. Without a clip all of it is waited.
    #[serde(default = "default_wait_s")]
    #[schemars(range(min = 0.0, max = 3600.0))]
    pub wait_s: f64,
    /// A file with the key that signs: Ed25519, as `openssl genpkey -algorithm ed25519 -out key.pem` makes it, which only this user can
    /// read. Default: bundles are chained, and not signed.
    pub key: Option<PathBuf>,
    /// How much is kept.
    #[serde(flatten)]
    pub retention: Retention,
}

impl Config {
    /// Whether it is alerts only that ask for a bundle.
    pub fn waits_for_alerts(&self) -> bool {
        self.when == ALERTS
    }

    /// The times of a bundle.
    pub fn times(&self) -> Times {
        Times {
            pre: Duration::from_secs_f64(self.pre_s),
            post: Duration::from_secs_f64(self.post_s),
            wait: Duration::from_secs_f64(self.wait_s),
        }
    }
}

/// How much belongs to a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Before it.
    pub pre: Duration,
    /// After it.
    pub post: Duration,
    /// And so long the clip may take.
    pub wait: Duration,
}

fn default_when() -> String {
    ALERTS.to_owned()
}

fn default_pre_s() -> f64 {
    10.0
}

fn default_post_s() -> f64 {
    10.0
}

fn default_wait_s() -> f64 {
    60.0
}
