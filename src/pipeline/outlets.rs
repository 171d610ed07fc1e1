//! Everything that flows out of a node: completes its events, counts, and sends to the right lanes.

use std::sync::Arc;

use crate::media::clock::{Clock, Time};
use crate::media::packet::{Kind, Packet};
use crate::pipeline::link::Outlet;
use crate::pipeline::metrics::NodeStats;
use crate::pipeline::tap::{Feed, Tap};

/// The lanes out of one node.
pub struct Outlets {
    /// Name of the node, for its events.
    pub id: Arc<str>,
    /// For the wall-clock label of events.
    pub clock: Clock,
    /// Counters of the node.
    pub stats: Arc<NodeStats>,
    /// One lane for each consumer and kind.
    pub lanes: Vec<(Kind, Outlet)>,
    /// Whether consumers merge by capture time and so need marks.
    pub by_capture_time: bool,
    /// Where onlookers ask for frames of the node.
    pub tap: Arc<Tap>,
    /// Where onlookers hear of events, of all nodes.
    pub feed: Arc<Feed>,
}

impl Outlets {
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
        for (_, outlet) in self.lanes.iter().filter(|lane| lane.0 == kind) {
            outlet.send(at, packet.clone());
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
            self.lanes.iter().for_each(|(_, outlet)| outlet.mark(at));
        }
    }
}
