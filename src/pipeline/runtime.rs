//! One thread per node: start, watch, drain, join.
//!
//! There is one way to end: sources stop, what is under way flows on to the sinks, every thread is
//! joined. End of all files, a signal, a time limit and a failure all take it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::media::clock::Clock;
use crate::media::packet::Kind;
use crate::pipeline::catalogue::{NodeType, Role};
use crate::pipeline::config::{Plan, PlannedNode};
use crate::pipeline::context::Context;
use crate::pipeline::graph::kinds_between;
use crate::pipeline::intake::Intake;
use crate::pipeline::link::{Inlet, Outlet, Watch, WhenFull, link};
use crate::pipeline::metrics::{LinkReport, NodeReport, NodeStats, Snapshot};
use crate::pipeline::node::{Error, Result};
use crate::pipeline::outlets::Outlets;
use crate::pipeline::secret::redact;
use crate::pipeline::stop::Stop;
use crate::pipeline::supervise::{Queue, Worker};
use crate::pipeline::tap::{Feed, Tap};

/// How long threads get to end after the drain time is over and the queues were given up.
const LAST_CALL: Duration = Duration::from_secs(1);

/// A running pipeline.
pub struct Pipeline {
    stop: Stop,
    abandon: Stop,
    drain: Duration,
    threads: Vec<JoinHandle<()>>,
    exits: Receiver<Exit>,
    optional: Vec<Arc<str>>,
    view: View,
}

/// Reads the state of a running pipeline, from any thread.
#[derive(Clone, Debug)]
pub struct View {
    clock: Clock,
    nodes: Arc<Vec<Watched>>,
    edges: Arc<Vec<Edge>>,
    feed: Arc<Feed>,
}

#[derive(Debug)]
struct Watched {
    id: Arc<str>,
    ty: &'static NodeType,
    live: bool,
    optional: bool,
    stats: Arc<NodeStats>,
    tap: Arc<Tap>,
}

impl Watched {
    fn of(node: &PlannedNode) -> Watched {
        Watched {
            id: Arc::clone(&node.id),
            ty: node.ty,
            live: node.live,
            optional: node.optional,
            stats: Arc::default(),
            tap: Arc::default(),
        }
    }
}

#[derive(Debug)]
struct Edge {
    from: Arc<str>,
    to: Arc<str>,
    kind: Kind,
    capacity: usize,
    watch: Watch,
}

struct Exit {
    thread: usize,
    id: Arc<str>,
    optional: bool,
    result: Result<()>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What each node that failed for good said, by name; optional nodes are not among them.
    pub failures: Vec<(Arc<str>, Error)>,
    /// Nodes that the run can do without.
    pub optional: Vec<Arc<str>>,
    /// The last state.
    pub snapshot: Snapshot,
}

/// Links under construction, by producer and by consumer.
#[derive(Default)]
struct Wiring {
    outlets: HashMap<Arc<str>, Vec<(Kind, Outlet)>>,
    inlets: HashMap<Arc<str>, Vec<Inlet>>,
    edges: Vec<Edge>,
}

/// Starts every node of a checked plan.
pub fn start(plan: Plan) -> Pipeline {
    let (clock, stop, abandon) = (Clock::start(), Stop::default(), Stop::default());
    let mut wiring = wire(&plan, &abandon);
    let (exit, exits) = unbounded();
    let (ready, all_ready) = bounded(0);
    let runtime = Arc::new(plan.runtime.clone());
    let mut threads = Vec::new();
    let optional = plan.nodes.iter().filter(|node| node.optional);
    let optional = optional.map(|node| Arc::clone(&node.id)).collect();
    let mut nodes = Vec::new();
    let feed = Arc::new(Feed::default());
    for node in plan.nodes {
        let watched = Watched::of(&node);
        let context = Context {
            id: Arc::clone(&node.id),
            clock: clock.clone(),
            stop: stop.clone(),
            base: plan.base.clone(),
            runtime: Arc::clone(&runtime),
            captured: Arc::default(),
            stats: Arc::clone(&watched.stats),
        };
        let inlets = wiring.inlets.remove(&node.id);
        let intake =
            inlets.map(|it| Arc::new(Queue::new(Intake::new(it, !node.live, abandon.clone()))));
        let outlets = Arc::new(Outlets {
            id: Arc::clone(&node.id),
            clock: clock.clone(),
            stats: Arc::clone(&watched.stats),
            lanes: wiring.outlets.remove(&node.id).unwrap_or_default(),
            by_capture_time: !node.live,
            tap: Arc::clone(&watched.tap),
            feed: Arc::clone(&feed),
        });
        nodes.push(watched);
        for _ in 0..node.workers {
            let worker = Worker {
                role: node.ty.role,
                open: Arc::clone(&node.open),
                context: context.clone(),
                intake: intake.clone(),
                outlets: Arc::clone(&outlets),
                ready: (node.ty.role != Role::Source).then(|| ready.clone()),
            };
            let thread = threads.len();
            threads.push(spawn(
                worker,
                thread,
                &node,
                exit.clone(),
                all_ready.clone(),
            ));
        }
    }
    let view = View {
        clock,
        nodes: Arc::new(nodes),
        edges: Arc::new(wiring.edges),
        feed,
    };
    Pipeline {
        stop,
        abandon,
        drain: Duration::from_millis(runtime.drain_ms),
        threads,
        exits,
        optional,
        view,
    }
}

/// Makes a link for every kind on every edge, in the order of the file.
fn wire(plan: &Plan, abandon: &Stop) -> Wiring {
    let mut wiring = Wiring::default();
    for to in &plan.nodes {
        for (input, _) in &to.inputs {
            let from = plan.nodes.iter().find(|node| *node.id == *input.from());
            let from = from.expect("the graph was checked");
            for kind in kinds_between(from.ty, to.ty) {
                let (capacity, when_full) = input.queue();
                let when_full = when_full.unwrap_or(default_when_full(to.live, kind));
                let capacity = capacity.unwrap_or(kind.default_capacity());
                // Marks take places too, where there are any: one for each packet.
                let places = if to.live { capacity } else { 2 * capacity };
                let (outlet, inlet) = link(places, when_full, abandon.clone());
                wiring.edges.push(Edge {
                    from: Arc::clone(&from.id),
                    to: Arc::clone(&to.id),
                    kind,
                    capacity,
                    watch: outlet.watch(),
                });
                let outlets = wiring.outlets.entry(Arc::clone(&from.id)).or_default();
                outlets.push((kind, outlet));
                wiring
                    .inlets
                    .entry(Arc::clone(&to.id))
                    .or_default()
                    .push(inlet);
            }
        }
    }
    wiring
}

/// Files can wait, so nothing is lost; devices cannot, so the freshest media wins.
fn default_when_full(live: bool, kind: Kind) -> WhenFull {
    match kind {
        Kind::Frame | Kind::Audio if live => WhenFull::DropOldest,
        _ => WhenFull::Block,
    }
}

fn spawn(
    worker: Worker,
    thread: usize,
    node: &PlannedNode,
    exit: Sender<Exit>,
    all_ready: Receiver<()>,
) -> JoinHandle<()> {
    let (id, optional) = (Arc::clone(&node.id), node.optional);
    let stop = worker.context.stop.clone();
    let body = move || {
        // A source that starts early would only fill queues that nobody reads yet.
        if worker.role == Role::Source {
            while all_ready.recv_timeout(Duration::from_millis(100))
                == Err(RecvTimeoutError::Timeout)
                && !stop.is_set()
            {}
        }
        // Its own code catches panics of the node; without an exit, `wait` would never return.
        let result = catch_unwind(AssertUnwindSafe(|| worker.run()))
            .unwrap_or_else(|_| Err(Error::fatal("panicked")));
        let _ = exit.send(Exit {
            thread,
            id,
            optional,
            result,
        });
    };
    // Linux shows 15 bytes of a thread's name.
    let name = node.id.chars().take(15).collect();
    Builder::new()
        .name(name)
        .spawn(body)
        .expect("the system has room for one more thread")
}

impl Pipeline {
    /// Asks the pipeline to stop when set.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Reads counters while it runs.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Waits for the end of all files, a failure or the stop, then drains and joins.
    ///
    /// # Panics
    /// If an edge's books do not balance at the end: that is a bug in the runtime.
    pub fn wait(self) -> Outcome {
        let view = self.view.clone();
        let optional = self.optional.clone();
        let mut running = self.threads.len();
        let mut ended = vec![false; running];
        let mut failures: Vec<(Arc<str>, Error)> = Vec::new();
        let mut deadline: Option<Instant> = None;
        while running > 0 {
            if deadline.is_none() && self.stop.is_set() {
                deadline = Some(Instant::now() + self.drain);
            }
            match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) if self.abandon.is_set() => break,
                Some(Duration::ZERO) => {
                    tracing::warn!("not drained in time; dropping what is left");
                    self.abandon.set();
                    deadline = Some(Instant::now() + LAST_CALL);
                }
                _ => {}
            }
            let Ok(exit) = self.exits.recv_timeout(Duration::from_millis(50)) else {
                continue;
            };
            running -= 1;
            ended[exit.thread] = true;
            let Err(error) = exit.result else { continue };
            let message = redact(&error.to_string());
            if exit.optional {
                tracing::warn!(node = %exit.id, "{message}; going on without it");
                continue;
            }
            tracing::error!(node = %exit.id, "{message}");
            failures.push((exit.id, error));
            self.stop.set();
        }
        self.join(&ended);
        let snapshot = view.snapshot();
        Outcome {
            failures,
            optional,
            snapshot,
        }
    }

    fn join(self, ended: &[bool]) {
        let all_ended = ended.iter().all(|&it| it);
        for (thread, ended) in self.threads.into_iter().zip(ended) {
            if *ended {
                thread.join().expect("the worker catches its panics");
            } else {
                // It hangs in native code that nothing can interrupt; the process's end takes it.
                tracing::error!(
                    node = thread.thread().name(),
                    "does not end; leaving it behind"
                );
            }
        }
        for edge in self.view.edges.iter().filter(|_| all_ended) {
            edge.watch.sweep();
            let counts = edge.watch.stats.read();
            assert_eq!(
                counts.received,
                counts.forwarded + counts.dropped,
                "the books of {} -> {} do not balance: {counts:?}",
                edge.from,
                edge.to
            );
        }
    }
}

impl View {
    /// The clock of the run.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where to hear of events.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Where to ask for frames of a node, if it exists and makes frames.
    pub fn tap(&self, id: &str) -> Option<Arc<Tap>> {
        let node = self.nodes.iter().find(|node| *node.id == *id)?;
        let makes_frames = node.ty.produces.contains(&Kind::Frame);
        makes_frames.then(|| Arc::clone(&node.tap))
    }

    /// Everything that can be counted, at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let nodes = self.nodes.iter().map(|node| NodeReport {
            id: Arc::clone(&node.id),
            type_name: node.ty.name,
            role: node.ty.role.name(),
            live: node.live,
            optional: node.optional,
            pictures: node.ty.produces.contains(&Kind::Frame),
            counts: node.stats.read(),
        });
        let edges = self.edges.iter().map(|edge| LinkReport {
            from: Arc::clone(&edge.from),
            to: Arc::clone(&edge.to),
            kind: edge.kind.name(),
            capacity: edge.capacity,
            depth: edge.watch.depth(),
            counts: edge.watch.stats.read(),
        });
        Snapshot {
            uptime_seconds: self.clock.now().as_secs_f64(),
            nodes: nodes.collect(),
            edges: edges.collect(),
        }
    }
}
