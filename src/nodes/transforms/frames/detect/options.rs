//! Options of `detect`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::sight::detector::Options;
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::nodes::parts::shadow::options::Options as Shadow;

/// What it runs.
#[derive(Clone)]
pub struct Detects;

impl Runs for Detects {
    const TASK: Task = Task::Detect;
}

/// Options of `detect`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Detects>,
    /// How it is understood.
    #[serde(flatten)]
    pub options: Options,
    /// Least confidence that is reported.
    #[serde(default = "default_score")]
    #[schemars(range(min = 0.01, max = 1.0))]
    pub score: f32,
    /// Of two boxes of a label that overlap more than this (intersection over union), the weaker
    /// is dropped.
    #[serde(default = "default_overlap")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub overlap: f32,
    /// Which model stands in its shadow.
    #[serde(flatten)]
    pub shadow: Shadow,
}

fn default_score() -> f32 {
    0.4
}

fn default_overlap() -> f32 {
    0.45
}
