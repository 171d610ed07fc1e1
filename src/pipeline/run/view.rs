//! What others may see of a running pipeline, from any thread.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use crate::media::clock::Clock;
use crate::media::kind::Lane;
use crate::pipeline::contract::around::{self, Report};
use crate::pipeline::contract::catalogue::{NodeType, Role};
use crate::pipeline::contract::pressure::Pressure;
use crate::pipeline::count::metrics::NodeStats;
use crate::pipeline::flow::tap::{Feed, Tap};
use crate::pipeline::run::snapshot::{LinkReport, NodeReport, Reload, ReloadOutcome, Snapshot};
use crate::pipeline::run::wiring::Link;

/// Reads the state of a running pipeline.
#[derive(Clone, Debug)]
pub struct View {
    clock: Clock,
    feed: Arc<Feed>,
    pressure: Pressure,
    shown: Arc<RwLock<Shown>>,
}

/// The graph as it is now.
#[derive(Debug, Default)]
pub struct Shown {
    /// Nodes in the order of the file.
    pub nodes: Vec<Watched>,
    /// Edges in the order of the file.
    pub links: Vec<Link>,
    /// The latest attempt to replace the graph.
    pub reload: Option<Reload>,
}

/// A node as reports see it.
#[derive(Debug)]
pub struct Watched {
    /// Name in the pipeline file.
    pub id: Arc<str>,
    /// Its type.
    pub ty: &'static NodeType,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
    /// Whether the run goes on without it.
    pub optional: bool,
    /// Whether its frames show people as they look.
    pub raw: bool,
    /// Where to ask for its frames.
    pub tap: Arc<Tap>,
    /// Its counters.
    pub stats: Arc<NodeStats>,
    /// Files and folders that it alone writes.
    pub writes: Vec<PathBuf>,
}

/// A file or folder that a sink writes.
#[derive(Debug)]
pub struct Written {
    /// Name of the sink.
    pub id: Arc<str>,
    /// Name of its type.
    pub type_name: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

impl View {
    /// A view of a graph that is still empty.
    pub fn new(clock: Clock) -> View {
        View {
            clock,
            feed: Arc::default(),
            pressure: Pressure::default(),
            shown: Arc::default(),
        }
    }

    /// The clock of the run.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where to hear of events.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// How short the machine is.
    pub fn pressure(&self) -> &Pressure {
        &self.pressure
    }

    /// Where to ask for frames of a node, if it exists and makes frames that may be shown.
    pub fn tap(&self, id: &str) -> Option<Arc<Tap>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let node = shown.nodes.iter().find(|node| *node.id == *id)?;
        self.shows(node).then(|| Arc::clone(&node.tap))
    }

    /// Files and folders that sinks write.
    pub fn written(&self) -> Vec<Written> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let sinks = shown.nodes.iter().filter(|it| it.ty.role == Role::Sink);
        let written = sinks.flat_map(|node| {
            node.writes.iter().map(|path| Written {
                id: Arc::clone(&node.id),
                type_name: node.ty.name,
                path: path.clone(),
            })
        });
        written.collect()
    }

    fn shows(&self, node: &Watched) -> bool {
        let makes_frames = node.ty.produces.iter().any(|it| it.lane == Lane::Frame);
        makes_frames && !(node.raw && self.feed.is_private())
    }

    /// Everything that can be counted, at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let nodes = shown.nodes.iter().map(|node| NodeReport {
            id: Arc::clone(&node.id),
            type_name: node.ty.name,
            role: node.ty.role.name(),
            infers: node.ty.infers,
            live: node.live,
            optional: node.optional,
            pictures: self.shows(node),
            counts: node.stats.read(),
        });
        let edges = shown.links.iter().map(|link| LinkReport {
            from: Arc::clone(&link.edge.from),
            to: Arc::clone(&link.edge.to),
            kind: link.edge.lane.name(),
            capacity: link.edge.capacity,
            depth: link.watch.depth(),
            counts: link.watch.stats.read(),
        });
        Snapshot {
            uptime_seconds: self.clock.now().as_secs_f64(),
            nodes: nodes.collect(),
            edges: edges.collect(),
            reload: shown.reload.clone(),
            pressure: self.pressure.now(),
        }
    }

    /// What its nodes may know of it.
    pub fn around(&self) -> Report {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let models = shown.nodes.iter().filter(|it| it.ty.infers);
        let models = models.map(|it| (Arc::clone(&it.id), it.stats.read().facts));
        let dropped = shown.links.iter().filter_map(|link| {
            let reasons = link.watch.stats.read().reasons;
            let edge = around::Edge {
                from: Arc::clone(&link.edge.from),
                to: Arc::clone(&link.edge.to),
                kind: link.edge.lane.name(),
            };
            (!reasons.is_empty()).then_some((edge, reasons))
        });
        Report {
            models: models.collect(),
            dropped: dropped.collect(),
        }
    }

    /// Notes that a reload has come to something; `Building` begins a new one.
    pub fn note_reload(&self, outcome: ReloadOutcome, error: Option<String>) {
        self.change(|shown| {
            let before = shown.reload.as_ref().map_or(0, |it| it.number);
            let is_new = outcome == ReloadOutcome::Building
                || shown
                    .reload
                    .as_ref()
                    .is_none_or(|it| it.outcome != ReloadOutcome::Building);
            shown.reload = Some(Reload {
                number: before + u64::from(is_new),
                outcome,
                error,
            });
        });
    }

    /// The latest reload.
    pub fn reload(&self) -> Option<Reload> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.reload.clone()
    }

    /// Changes what is shown.
    pub fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.write().unwrap_or_else(PoisonError::into_inner));
    }
}
