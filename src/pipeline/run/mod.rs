//! Starts a graph, watches its threads, puts another in its place, drains and joins.
//!
//! There is one way to end: sources stop, what is under way flows on to the sinks, every thread is
//! joined. End of all files, a signal, a time limit and a failure all take it.

pub mod drawing;
mod graph;
mod handover;
mod member;
mod pump;
mod pump_source;
pub mod restarts;
pub mod snapshot;
pub mod supervise;
mod view;
mod wiring;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::graph::{Building, Graph};
use self::member::Exit;
use self::snapshot::{ReloadOutcome, Snapshot};
pub use self::view::View;
use crate::media::clock::Clock;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Error;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::file::Plan;

/// How often the runtime looks after its threads.
const TICK: Duration = Duration::from_millis(50);
/// How long threads get to end after the drain time is over and the queues were given up.
const LAST_CALL: Duration = Duration::from_secs(1);
/// How long opening new nodes may take in a reload: engines are built meanwhile.
const BUILD_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// A running pipeline.
pub struct Pipeline {
    stop: Stop,
    view: View,
    graph: Graph,
    reloader: Reloader,
}

/// Puts other graphs in the place of the one that runs, from any thread.
#[derive(Clone)]
pub struct Reloader {
    /// What was asked for last and is not begun yet.
    wanted: Arc<Mutex<Option<Plan>>>,
    view: View,
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

/// The end of a run, as far as it has come.
#[derive(Default)]
struct Ending {
    /// When draining is over; none while the run goes on.
    deadline: Option<Instant>,
    abandoned: bool,
}

/// Starts every node of a checked plan.
pub fn start(plan: Plan) -> Pipeline {
    start_by(Clock::start(), plan)
}

/// The same over recordings that began at this moment.
pub fn start_recorded(plan: Plan, began: Timestamp) -> Pipeline {
    start_by(Clock::of_recording(began), plan)
}

fn start_by(clock: Clock, plan: Plan) -> Pipeline {
    let view = View::new(clock.clone());
    let context = Context {
        clock,
        pressure: view.pressure().clone(),
        ..Context::new("", &plan.base, plan.runtime.clone())
    };
    let asked = view.clone();
    context.around.reports_by(move || asked.around());
    let mut graph = Graph::new(context, view.clone());
    let building = graph.build(plan, BUILD_PATIENCE);
    // At the start a camera that is not there yet is waited for, so nothing else waits for it.
    graph.adopt(building);
    Pipeline {
        stop: Stop::default(),
        reloader: Reloader {
            wanted: Arc::default(),
            view: view.clone(),
        },
        view,
        graph,
    }
}

impl Reloader {
    /// Asks for another graph, to be built after the one that is being built now. What came of it is in the view.
    pub fn replace(&self, plan: Plan) {
        *self.wanted() = Some(plan);
    }

    /// Notes that there is no other graph to put in place.
    pub fn refuse(&self, why: String) {
        tracing::error!("not reloaded: {why}");
        self.view.note_reload(ReloadOutcome::Refused, Some(why));
    }

    fn wanted(&self) -> MutexGuard<'_, Option<Plan>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    /// Puts other graphs in its place while it runs.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Waits for the end of all files, a failure or the stop, then drains and joins.
    ///
    /// # Panics
    /// In builds with assertions: if an edge's books do not balance at the end, which is a bug in the runtime.
    pub fn wait(mut self) -> Outcome {
        let (mut ending, mut building, mut failures) = (Ending::default(), None, Vec::new());
        while !self.graph.threads.is_empty() {
            if self.stop.is_set() {
                let unfinished = building.take();
                unfinished.into_iter().for_each(|it| self.graph.discard(it));
                if !self.end(&mut ending) {
                    break;
                }
            }
            self.reload(&mut building);
            self.graph.see_off();
            self.graph.replace_hanging();
            if let Ok(exit) = self.graph.exits.recv_timeout(TICK) {
                self.ended(exit, &mut failures);
            }
        }
        if let Some(building) = building {
            self.graph.discard(building);
        }
        let snapshot = self.view.snapshot();
        let members = self.graph.members.iter().filter(|it| it.planned.optional);
        let optional = members.map(|it| Arc::clone(&it.planned.id)).collect();
        self.settle();
        Outcome {
            failures,
            optional,
            snapshot,
        }
    }

    /// Drains; then gives up what is left. False when nothing is waited for any more.
    fn end(&mut self, ending: &mut Ending) -> bool {
        let drain = self.drain();
        let deadline = *ending.deadline.get_or_insert_with(|| {
            self.graph.members.iter().for_each(|it| it.stop.set());
            Instant::now() + drain
        });
        if Instant::now() < deadline {
            return true;
        }
        if ending.abandoned {
            return false;
        }
        tracing::warn!("not drained in time; dropping what is left");
        self.graph.members.iter().for_each(|it| it.abandon.set());
        *ending = Ending {
            deadline: Some(Instant::now() + LAST_CALL),
            abandoned: true,
        };
        true
    }

    fn drain(&self) -> Duration {
        let longest = self
            .graph
            .members
            .iter()
            .map(|it| it.worker.context.runtime.drain_ms);
        Duration::from_millis(longest.max().unwrap_or_default())
    }

    /// Begins a reload that was asked for, or completes the one that is under way.
    fn reload(&mut self, building: &mut Option<Building>) {
        let Some(under_way) = building else {
            if !self.stop.is_set()
                && let Some(plan) = self.reloader.wanted().take()
            {
                tracing::info!("reloading");
                self.view.note_reload(ReloadOutcome::Building, None);
                *building = Some(self.graph.build(plan, BUILD_PATIENCE));
            }
            return;
        };
        let Some(outcome) = self.graph.outcome(under_way) else {
            return;
        };
        let built = building.take().expect("it was there just now");
        match outcome {
            Ok(()) => {
                self.graph.adopt(built);
                tracing::info!("the new graph runs");
                self.view.note_reload(ReloadOutcome::Done, None);
            }
            Err(why) => {
                self.graph.discard(built);
                self.reloader.refuse(redact(&why));
            }
        }
    }

    fn ended(&mut self, exit: Exit, failures: &mut Vec<(Arc<str>, Error)>) {
        let at = self
            .graph
            .threads
            .iter()
            .position(|it| it.number == exit.thread);
        // A thread that was left behind has come back after all.
        let Some(at) = at else { return };
        let thread = self.graph.threads.swap_remove(at);
        let current = self.graph.members.iter().any(|it| thread.is_of(it));
        let (id, expendable) = (thread.id, thread.expendable);
        if let Some(handle) = thread.handle {
            handle.join().expect("the worker catches its panics");
        }
        self.graph.close_ended();
        let Err(error) = exit.result else { return };
        if matches!(error, Error::Over) {
            return self.stop.set();
        }
        let message = redact(&error.to_string());
        if !current {
            tracing::debug!(node = %id, "{message}; it is leaving");
        } else if expendable {
            tracing::warn!(node = %id, "{message}; going on without it");
        } else {
            tracing::error!(node = %id, "{message}");
            failures.push((id, error));
            self.stop.set();
        }
    }

    fn settle(self) {
        for thread in &self.graph.threads {
            // It hangs in native code that nothing can interrupt; the process's end takes it.
            tracing::error!(node = %thread.id, "does not end; leaving it behind");
        }
        let left_behind = self.graph.members.iter().any(|it| it.left_behind > 0);
        if left_behind || !self.graph.threads.is_empty() {
            return;
        }
        for link in self.graph.open_links() {
            link.watch.sweep();
            let (edge, counts) = (&link.edge, link.watch.stats.read());
            let balanced = counts.received == counts.forwarded + counts.dropped;
            debug_assert!(balanced, "{} -> {}: {counts:?}", edge.from, edge.to);
            if !balanced {
                let (from, to) = (&edge.from, &edge.to);
                tracing::error!("the books of {from} -> {to} do not balance: {counts:?}");
            }
        }
    }
}
