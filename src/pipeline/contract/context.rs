//! What a node is given when it opens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::media::clock::{Clock, Time};
use crate::media::events::{Body, Event, Head};
use crate::pipeline::contract::around::Around;
use crate::pipeline::contract::memory::{Memory, Wanted};
use crate::pipeline::contract::pressure::{Pressure, Way};
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::areas::Area;
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
    /// The pipeline that it is a part of.
    pub around: Around,
    /// Counters and facts shown by the status endpoint.
    pub stats: Arc<NodeStats>,
    /// What the node has learnt.
    pub memory: Memory,
    /// What of it somebody takes.
    pub wanted: Wanted,
    /// Whether it, or anything upstream of it, is a device that will not wait.
    pub live: bool,
    /// How short the machine is.
    pub pressure: Pressure,
}

impl Context {
    /// The world of a node by itself, whose run begins now.
    pub fn new(id: &str, base: &Path, runtime: Runtime) -> Context {
        Context {
            id: Arc::from(id),
            clock: Clock::start(),
            stop: Stop::default(),
            base: base.to_path_buf(),
            runtime: Arc::new(runtime),
            around: Around::default(),
            stats: Arc::default(),
            memory: Memory::default(),
            wanted: Wanted::default(),
            live: false,
            pressure: Pressure::default(),
        }
    }

    /// Whether this gives way now, as the machine is short of what it needs.
    pub fn yields(&self, way: Way) -> bool {
        self.live && self.pressure.yields(way)
    }

    /// A path of the pipeline file: relative ones start at that file.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// Shows a fact about the node, such as its model, in `/status`.
    pub fn describe(&self, what: &'static str, value: impl ToString) {
        self.stats.describe(what, value.to_string());
    }

    /// Shows a fact that changes by itself; none while there is nothing to show.
    pub fn describe_live(
        &self,
        what: &'static str,
        value: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) {
        self.stats.describe_live(what, Arc::new(value));
    }

    /// Shows parts of pictures in `/status` and on the page, and counts who is there in `/metrics`.
    pub fn describe_areas(&self, areas: impl Fn() -> Vec<Area> + Send + Sync + 'static) {
        self.stats.describe_areas(Arc::new(areas));
    }

    /// What survives a failure, a hang and a reload under the same name and type; see [`Memory::recall`].
    pub fn kept<S: Default + Send + Sync + 'static>(&self) -> Arc<S> {
        self.memory.recall()
    }

    /// An event that this node tells about `source` at the capture time `at`.
    pub fn event(
        &self,
        source: &Arc<str>,
        at: Time,
        seq: Option<u64>,
        body: impl Into<Body>,
    ) -> Arc<Event> {
        let body = body.into();
        let head = Head {
            id: body.id(&self.id, source, at),
            node: Arc::clone(&self.id),
            source: Arc::clone(source),
            seq,
            time: self.clock.wall(at),
            t: at.as_secs_f64(),
            at,
        };
        Arc::new(Event { head, body })
    }
}
