//! One node of the running graph and the threads that work for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Sender, unbounded};

use crate::media::kind::Private;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result, no_thread};
use crate::pipeline::contract::memory::{Memory, Wanted};
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::NodeStats;
use crate::pipeline::count::pulse::Pulse;
use crate::pipeline::file::PlannedNode;
use crate::pipeline::flow::intake::Intake;
use crate::pipeline::flow::lane::Lane;
use crate::pipeline::flow::link::Inlet;
use crate::pipeline::flow::outlets::Outlets;
use crate::pipeline::flow::tap::Feed;
use crate::pipeline::flow::turns::Queue;
use crate::pipeline::run::view::Watched;
use crate::pipeline::run::worker::{Gates, Worker};

/// A node at work.
pub struct Member {
    /// What the pipeline file says about it.
    pub planned: PlannedNode,
    /// Ends it.
    pub stop: Stop,
    /// Gives up what is under way to it and in it.
    pub abandon: Stop,
    /// Where a reload adds inputs.
    pub joining: Sender<Lane>,
    /// What is copied for each of its threads.
    pub worker: Worker,
    /// How many of its threads hang and were left behind.
    pub left_behind: usize,
    /// Whether it lets go, for now or for good, of what another one claims.
    pub gives_way: bool,
}

/// A thread of a node.
pub struct Thread {
    /// Tells it from all others of this run.
    pub number: u64,
    /// Its node.
    pub id: Arc<str>,
    /// Whether the run goes on without it.
    pub expendable: bool,
    /// The counters of its node, which tell the node from a namesake of another graph.
    pub stats: Arc<NodeStats>,
    /// Shows whether it hangs.
    pub pulse: Arc<Pulse>,
    /// The inputs that it shares.
    pub queue: Option<Arc<Queue>>,
    /// To be joined when it has said that it ends.
    pub handle: Option<JoinHandle<()>>,
}

/// The last word of a thread.
pub struct Exit {
    /// Its number.
    pub thread: u64,
    /// How its node ended.
    pub result: Result<()>,
}

impl Member {
    /// A node that takes what comes in by `inlets`; its threads are still to be started.
    pub fn new(
        planned: PlannedNode,
        inlets: Option<Vec<Inlet>>,
        mut context: Context,
        memory: Memory,
        feed: Arc<Feed>,
        abandon: Stop,
    ) -> Member {
        let (joining, joined) = unbounded();
        context.id = Arc::clone(&planned.id);
        context.stop = Stop::default();
        context.stats = Arc::new(NodeStats::default());
        context.memory = memory;
        context.wanted = Wanted::default();
        let by_capture_time = !planned.live;
        let intake = inlets.map(|it| Intake::new(it, joined, by_capture_time, abandon.clone()));
        let raw = planned.raw.contains(&Private::Speech);
        let outlets = Outlets::new(context.clone(), feed, planned.live, raw);
        let worker = Worker {
            role: planned.ty.role,
            makes: planned.ty.lanes(),
            batch: planned.ty.batch,
            wait: planned.wait,
            open: Arc::clone(&planned.open),
            prepare: planned.prepare.clone(),
            probe: planned.probe.clone(),
            live: planned.live,
            least_needed: planned.least_needed,
            intake: intake.map(|it| Arc::new(Queue::new(it))),
            outlets: Arc::new(outlets),
            gates: Gates::default(),
            pulse: Arc::default(),
            context,
        };
        Member {
            stop: worker.context.stop.clone(),
            planned,
            abandon,
            joining,
            worker,
            left_behind: 0,
            gives_way: false,
        }
    }

    /// Starts one more thread for the node.
    pub fn spawn(&self, number: u64, gates: Gates, exit: Sender<Exit>) -> Thread {
        let worker = Worker {
            gates,
            pulse: Arc::default(),
            ..self.worker.clone()
        };
        let refused = exit.clone();
        let (pulse, queue) = (Arc::clone(&worker.pulse), worker.intake.clone());
        let cpu = Arc::clone(&self.worker.context.stats.cpu);
        let body = move || {
            let _employed = cpu.employ();
            // Its own code catches panics of the node; without an exit, `wait` would never return.
            let result = catch_unwind(AssertUnwindSafe(|| worker.run()));
            let result = result.unwrap_or_else(|_| Err(Error::fatal("panicked")));
            let thread = number;
            let _ = exit.send(Exit { thread, result });
        };
        // Linux shows 15 bytes of a thread's name.
        let name = self.planned.id.chars().take(15).collect();
        let handle = Builder::new()
            .name(name)
            .spawn(body)
            .map_err(|error| {
                let (thread, result) = (number, Err(Error::fatal(no_thread(&error))));
                let _ = refused.send(Exit { thread, result });
            })
            .ok();
        Thread {
            number,
            id: Arc::clone(&self.planned.id),
            expendable: self.planned.optional,
            stats: Arc::clone(&self.worker.context.stats),
            pulse,
            queue,
            handle,
        }
    }

    /// The node as reports see it.
    pub fn watched(&self) -> Watched {
        let claims = self.planned.claims.iter();
        let files = claims.filter_map(|it| match it {
            Claim::File(path) => Some(path.clone()),
            _ => None,
        });
        Watched {
            writes: files.collect(),
            id: Arc::clone(&self.planned.id),
            ty: self.planned.ty,
            live: self.planned.live,
            optional: self.planned.optional,
            raw: self.planned.raw.contains(&Private::Looks),
            tap: Arc::clone(&self.worker.outlets.tap),
            stats: Arc::clone(&self.worker.context.stats),
        }
    }
}

impl Thread {
    /// Whether it works for this member, and not for a namesake of another graph.
    pub fn is_of(&self, member: &Member) -> bool {
        Arc::ptr_eq(&self.stats, &member.worker.context.stats)
    }
}
