//! Counters of nodes and edges, and the snapshot of them that everyone reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::count::areas::{self, Area};
use crate::pipeline::count::calls::{CallCounts, Calls};
use crate::pipeline::count::cpu::Cpu;
use crate::pipeline::count::histogram::{Histogram, Times};

/// Why a packet did not reach its consumer, or was not handled by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The queue was full.
    Full,
    /// The consumer has ended or failed for good.
    Closed,
    /// The consumer failed on this packet.
    Failed,
    /// The run was cut short before the queue had drained.
    Abandoned,
    /// The consumer decides by time, and had decided already.
    Late,
    /// The machine was short, and frames of its producer were left out.
    Pressure,
}

impl DropReason {
    /// Every reason, in the order of the counters.
    pub const ALL: [DropReason; 6] = [
        DropReason::Full,
        DropReason::Closed,
        DropReason::Failed,
        DropReason::Abandoned,
        DropReason::Late,
        DropReason::Pressure,
    ];

    /// Name in `/status` and metrics.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Full => "full",
            DropReason::Closed => "closed",
            DropReason::Failed => "failed",
            DropReason::Abandoned => "abandoned",
            DropReason::Late => "late",
            DropReason::Pressure => "pressure",
        }
    }
}

/// Counters of one edge. At any time received = forwarded + dropped + in flight.
#[derive(Debug, Default)]
pub struct LinkStats {
    received: AtomicU64,
    forwarded: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
}

impl LinkStats {
    /// The producer offers a packet.
    pub fn count_received(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    /// The consumer has handled a packet.
    pub fn count_forwarded(&self) {
        self.forwarded.fetch_add(1, Relaxed);
    }

    /// A packet was lost.
    pub fn count_dropped(&self, reason: DropReason) {
        self.dropped[reason as usize].fetch_add(1, Relaxed);
    }

    /// Reads the counters. A packet is counted received first, so `in_flight` is never negative.
    pub fn read(&self) -> LinkCounts {
        let forwarded = self.forwarded.load(Relaxed);
        let dropped_by = DropReason::ALL.map(|why| self.dropped[why as usize].load(Relaxed));
        let dropped: u64 = dropped_by.iter().sum();
        let received = self.received.load(Relaxed);
        let reasons = DropReason::ALL.iter().zip(dropped_by);
        LinkCounts {
            received,
            forwarded,
            dropped,
            in_flight: received.saturating_sub(forwarded + dropped),
            reasons: reasons
                .filter(|(_, count)| *count > 0)
                .map(|(why, count)| (why.name(), count))
                .collect(),
        }
    }
}

/// What an edge has carried so far, in packets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkCounts {
    /// Offered by the producer.
    pub received: u64,
    /// Handled by the consumer.
    pub forwarded: u64,
    /// Lost.
    pub dropped: u64,
    /// Waiting, or being handled.
    pub in_flight: u64,
    /// Lost, by reason.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// What a node is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Opening devices, files or models.
    #[default]
    Opening,
    /// At work.
    Running,
    /// Failed; will be reopened.
    Retrying,
    /// Fails again and again, or hangs; the run goes on without it, and it is tried now and then.
    Degraded,
    /// Came to the end of its input.
    Ended,
    /// Failed for good.
    Failed,
}

/// Gives a fact at the moment, if there is one.
pub type Live = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What is shown of a node.
enum Fact {
    Fixed(String),
    Live(Live),
}

impl Fact {
    fn now(&self) -> Option<String> {
        match self {
            Fact::Fixed(value) => Some(value.clone()),
            Fact::Live(value) => value(),
        }
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Details")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Details {
    state: State,
    last_error: Option<String>,
    facts: BTreeMap<&'static str, Fact>,
    areas: Option<areas::Live>,
    events: BTreeMap<&'static str, u64>,
    unsure: BTreeMap<&'static str, u64>,
}

/// Counters and facts of one node.
#[derive(Debug, Default)]
pub struct NodeStats {
    /// Calls into its code.
    pub calls: Calls,
    /// Processor time of its threads.
    pub cpu: Arc<Cpu>,
    made: [AtomicU64; Lane::ALL.len()],
    objects: AtomicU64,
    called_ns: AtomicU64,
    failures: AtomicU64,
    media_ns: AtomicU64,
    age: Histogram,
    compared: AtomicU64,
    differing: AtomicU64,
    details: Mutex<Details>,
}

impl NodeStats {
    /// Counts a packet that the node made; events that it only passes on (`is_new` is false) are told by
    /// whoever made them.
    pub fn count_made(&self, packet: &Packet, is_new: bool) {
        self.made[packet.lane() as usize].fetch_add(1, Relaxed);
        self.media_ns.fetch_max(packet.at().as_nanos(), Relaxed);
        if let Packet::Event(event) = packet
            && is_new
        {
            let mut details = self.details();
            let events = &mut details.events;
            *events.entry(event.body.kind().name).or_default() += 1;
            if let Some(why) = event.body.unsure() {
                *details.unsure.entry(why).or_default() += 1;
            }
            let objects = event.body.objects().len() as u64;
            self.objects.fetch_add(objects, Relaxed);
        }
    }

    /// Adds the time that a call into the node's own code has taken.
    pub fn count_call(&self, time: Duration) {
        self.called_ns.fetch_add(time.as_nanos() as u64, Relaxed);
    }

    /// Counts the age of a packet that the node is done with.
    pub fn count_age(&self, age: Duration) {
        self.age.count(age);
    }

    /// Counts an input that its shadow model has looked at too.
    pub fn count_compared(&self, differs: bool) {
        self.differing.fetch_add(u64::from(differs), Relaxed);
        self.compared.fetch_add(1, Relaxed);
    }

    /// Sets what the node is doing.
    pub fn set_state(&self, state: State) {
        self.details().state = state;
    }

    /// Records a failure and what the node does about it.
    pub fn fail(&self, state: State, error: String) {
        self.failures.fetch_add(1, Relaxed);
        let mut details = self.details();
        details.state = state;
        details.last_error = Some(error);
    }

    /// Shows a fact, such as the model in use.
    pub fn describe(&self, what: &'static str, value: String) {
        self.details().facts.insert(what, Fact::Fixed(value));
    }

    /// Shows a fact that changes by itself.
    pub fn describe_live(&self, what: &'static str, value: Live) {
        self.details().facts.insert(what, Fact::Live(value));
    }

    /// Shows parts of pictures, and what is counted there.
    pub fn describe_areas(&self, areas: areas::Live) {
        self.details().areas = Some(areas);
    }

    /// Shows a fact no longer.
    pub fn withdraw(&self, what: &'static str) {
        self.details().facts.remove(what);
    }

    /// Reads everything.
    pub fn read(&self) -> NodeCounts {
        let details = self.details();
        let age = self.age.read();
        let facts = details.facts.iter();
        let made = Lane::ALL
            .iter()
            .map(|&lane| (lane.name(), self.made[lane as usize].load(Relaxed)));
        NodeCounts {
            state: details.state,
            made: made.filter(|(_, count)| *count > 0).collect(),
            events: details.events.clone(),
            unsure: details.unsure.clone(),
            objects: self.objects.load(Relaxed),
            busy_seconds: self.cpu.read().as_secs_f64(),
            call_seconds: self.called_ns.load(Relaxed) as f64 / 1e9,
            media_seconds: self.media_ns.load(Relaxed) as f64 / 1e9,
            lag_seconds: (age.count > 0).then_some(age.last),
            age,
            compared: self.compared.load(Relaxed),
            differing: self.differing.load(Relaxed),
            failures: self.failures.load(Relaxed),
            calls: self.calls.read(),
            last_error: details.last_error.clone(),
            facts: facts
                .filter_map(|(what, it)| Some((*what, it.now()?)))
                .collect(),
            areas: details.areas.as_ref().map_or(Vec::new(), |it| it()),
        }
    }

    fn details(&self) -> MutexGuard<'_, Details> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a node has done so far.
#[derive(Clone, Debug, Serialize)]
pub struct NodeCounts {
    /// What it is doing.
    pub state: State,
    /// Packets made, by kind.
    pub made: BTreeMap<&'static str, u64>,
    /// Events made, by kind.
    pub events: BTreeMap<&'static str, u64>,
    /// Of these, events that may be nothing, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unsure: BTreeMap<&'static str, u64>,
    /// Objects in its detection events.
    pub objects: u64,
    /// Processor time of its threads; what children and the threads of libraries use is not in it.
    pub busy_seconds: f64,
    /// Time that calls which handle packets have taken, over all workers, be it to wait for a graphics
    /// processor or a child. Of a source it says nothing: its calls last as long as there is nothing to read.
    pub call_seconds: f64,
    /// Latest capture time it has put out, in seconds since the run began.
    pub media_seconds: f64,
    /// Age of the latest packet that it was done with; only for live media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
    /// Ages of all packets that it was done with; only for live media.
    #[serde(skip)]
    pub age: Times,
    /// Inputs that its shadow model has looked at too.
    #[serde(skip_serializing_if = "is_zero")]
    pub compared: u64,
    /// Of these, those in which it found something else.
    #[serde(skip_serializing_if = "is_zero")]
    pub differing: u64,
    /// How often it failed.
    pub failures: u64,
    /// Calls into its code.
    pub calls: CallCounts,
    /// The latest failure.
    pub last_error: Option<String>,
    /// Facts such as model and provider.
    pub facts: BTreeMap<&'static str, String>,
    /// Zones and lines, and who is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
