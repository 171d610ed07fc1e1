//! A running pipeline at one moment: what everyone who reports on it reads.

use std::sync::Arc;

use serde::Serialize;

use crate::pipeline::contract::pressure::Relief;
use crate::pipeline::count::metrics::{LinkCounts, NodeCounts};

/// A node in a snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Name in the pipeline file.
    pub id: Arc<str>,
    /// Name of its type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// `source`, `transform` or `sink`.
    pub role: &'static str,
    /// Whether it runs a model.
    pub infers: bool,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
    /// Whether the run goes on without it.
    pub optional: bool,
    /// Whether it makes frames, which can then be looked at.
    pub pictures: bool,
    /// Counters and facts.
    #[serde(flatten)]
    pub counts: NodeCounts,
}

/// An edge in a snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Producer.
    pub from: Arc<str>,
    /// Consumer.
    pub to: Arc<str>,
    /// Kind of packet it carries.
    pub kind: &'static str,
    /// Packets it can hold.
    pub capacity: usize,
    /// Packets that wait now.
    pub depth: usize,
    /// Counters.
    #[serde(flatten)]
    pub counts: LinkCounts,
}

/// The whole pipeline at one moment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// Seconds since the run began.
    pub uptime_seconds: f64,
    /// All nodes, in the order of the file.
    pub nodes: Vec<NodeReport>,
    /// All edges.
    pub edges: Vec<LinkReport>,
    /// The latest attempt to replace the graph, if there was one.
    pub reload: Option<Reload>,
    /// What gives way, if the machine is short.
    pub pressure: Option<Relief>,
}

/// The latest attempt to replace the graph.
#[derive(Clone, Debug, Serialize)]
pub struct Reload {
    /// How many attempts there have been, this one included.
    pub number: u64,
    /// What came of it.
    pub outcome: ReloadOutcome,
    /// Why it was refused: the old graph runs on.
    pub error: Option<String>,
}

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReloadOutcome {
    /// New nodes are being opened; the old graph still runs.
    Building,
    /// The new graph runs.
    Done,
    /// The new graph cannot run, and the old one runs on.
    Refused,
}
