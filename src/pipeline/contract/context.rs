//! What a node is given when it opens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::media::clock::Clock;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::NodeStats;

/// The world of one node: its clock, its stop signal, where relative paths start.
#[derive(Clone, Debug)]
pub struct Context {
    /// The node's name in the pipeline file; sources stamp it on what they capture.
    pub id: Arc<str>,
    /// The clock of the run.
    pub clock: Clock,
    /// Set when the node should end; waits inside `open` must honour it.
    pub stop: Stop,
    /// Directory of the pipeline file.
    pub base: PathBuf,
    /// The `[runtime]` table.
    pub runtime: Arc<Runtime>,
    /// Frames that a source has captured; survives its reopening.
    pub captured: Arc<AtomicU64>,
    /// Counters and facts shown by the status endpoint.
    pub stats: Arc<NodeStats>,
}

impl Context {
    /// A path of the pipeline file: relative ones start at that file.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// Shows a fact about the node, such as its model, in `/status`.
    pub fn describe(&self, what: &'static str, value: impl ToString) {
        self.stats.describe(what, value.to_string());
    }
}
