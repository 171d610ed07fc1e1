//! Everything that flows out of a node: completes its events, counts, and sends to the right lanes.

use std::sync::{Arc, PoisonError, RwLock};

use crate::media::clock::{Clock, Time};
use crate::media::packet::{Kind, Packet};
use crate::pipeline::count::metrics::NodeStats;
use crate::pipeline::flow::link::Outlet;
use crate::pipeline::flow::tap::{Feed, Tap};

/// The way to one consumer for one kind of packet.
#[derive(Clone)]
pub struct Lane {
    /// What it takes.
    pub kind: Kind,
    /// Its queue.
    pub outlet: Arc<Outlet>,
}

/// The lanes out of one node.
pub struct Outlets {
    id: Arc<str>,
    clock: Clock,
    stats: Arc<NodeStats>,
    /// Replaced as a whole: a producer that is held back by a full queue holds no lock.
    lanes: RwLock<Arc<[Lane]>>,
    by_capture_time: bool,
    /// Where onlookers ask for frames of the node.
    pub tap: Arc<Tap>,
    /// Where onlookers hear of events, of all nodes.
    feed: Arc<Feed>,
}

impl Outlets {
    /// Outlets of the node `id`, without lanes yet. `by_capture_time`: consumers merge by capture
    /// time and so need marks.
    pub fn new(
        id: Arc<str>,
        clock: Clock,
        stats: Arc<NodeStats>,
        feed: Arc<Feed>,
        by_capture_time: bool,
    ) -> Outlets {
        Outlets {
            id,
            clock,
            stats,
            lanes: RwLock::new(Arc::new([])),
            by_capture_time,
            tap: Arc::default(),
            feed,
        }
    }

    /// The lanes at this moment.
    pub fn lanes(&self) -> Arc<[Lane]> {
        Arc::clone(&self.lanes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other lanes in the place of those there are.
    pub fn replace(&self, lanes: Vec<Lane>) {
        *self.lanes.write().unwrap_or_else(PoisonError::into_inner) = lanes.into();
    }

    /// Sends a packet to every consumer of its kind; `at` is the input that it was made of.
    pub fn send(&self, at: Time, mut packet: Packet) {
        // Only the maker of an event holds it now, so this is where its head is completed.
        if let Packet::Event(event) = &mut packet
            && let Some(event) = Arc::get_mut(event)
        {
            let head = event.head_mut();
            head.node = Arc::clone(&self.id);
            head.time = self.clock.wall(head.at);
        }
        self.stats.count_made(&packet);
        match &packet {
            Packet::Frame(frame) => self.tap.show(frame),
            Packet::Event(event) => self.feed.tell(event),
            _ => {}
        }
        let kind = packet.kind();
        for lane in self.lanes().iter().filter(|lane| lane.kind == kind) {
            lane.outlet.send(at, packet.clone());
        }
    }

    /// Counts how old a packet is when the node is done with it; media of files has no age.
    pub fn count_age(&self, packet: &Packet) {
        if !self.by_capture_time {
            self.stats.count_age(self.clock.now().since(packet.end()));
        }
    }

    /// Tells consumers that everything before `at` has been dealt with.
    pub fn mark(&self, at: Time) {
        if self.by_capture_time {
            self.lanes().iter().for_each(|lane| lane.outlet.mark(at));
        }
    }
}
