//! Everything that flows out of a node: counts it, and sends it to the right lanes.

use std::sync::{Arc, PoisonError, RwLock};

use crate::media::clock::Time;
use crate::media::kind::{Kind, Lane};
use crate::media::packet::Packet;
use crate::pipeline::contract::context::Context;
use crate::pipeline::flow::link::Outlet;
use crate::pipeline::flow::tap::{Feed, Tap};

/// The way to one consumer in one lane.
#[derive(Clone)]
pub struct Branch {
    /// Where its packets wait.
    pub lane: Lane,
    /// What it takes of that lane.
    pub kinds: Vec<Kind>,
    /// Its queue.
    pub outlet: Arc<Outlet>,
}

/// The ways out of one node.
pub struct Outlets {
    context: Context,
    /// Replaced as a whole: a producer that is held back by a full queue holds no lock.
    branches: RwLock<Arc<[Branch]>>,
    by_capture_time: bool,
    /// Where onlookers ask for frames of the node.
    pub tap: Arc<Tap>,
    /// Where onlookers hear of events, of all nodes.
    feed: Arc<Feed>,
}

impl Outlets {
    /// Outlets of a node, without branches yet. `by_capture_time`: consumers merge by capture time and so
    /// need marks.
    pub fn new(context: Context, feed: Arc<Feed>, by_capture_time: bool) -> Outlets {
        Outlets {
            context,
            branches: RwLock::new(Arc::new([])),
            by_capture_time,
            tap: Arc::default(),
            feed,
        }
    }

    /// The branches at this moment.
    pub fn branches(&self) -> Arc<[Branch]> {
        Arc::clone(&self.branches.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other branches in the place of those there are.
    pub fn replace(&self, branches: Vec<Branch>) {
        self.context.wanted.set(branches.iter().map(|it| it.lane));
        *self
            .branches
            .write()
            .unwrap_or_else(PoisonError::into_inner) = branches.into();
    }

    /// Sends a packet to every consumer of its kind; `at` is the input that it was made of.
    pub fn send(&self, at: Time, packet: Packet) {
        self.context.stats.count_made(&packet);
        match &packet {
            Packet::Frame(frame) => self.tap.show(frame),
            // Who only passes it on does not tell it again.
            Packet::Event(event) if event.head.node == self.context.id => self.feed.tell(event),
            _ => {}
        }
        let (lane, kind) = (packet.lane(), packet.kind());
        let takes = |branch: &&Branch| branch.lane == lane && branch.kinds.contains(&kind);
        for branch in self.branches().iter().filter(takes) {
            branch.outlet.send(at, packet.clone());
        }
    }

    /// Counts how old a packet is when the node is done with it; media of files has no age.
    pub fn count_age(&self, packet: &Packet) {
        if !self.by_capture_time {
            let age = self.context.clock.now().since(packet.end());
            self.context.stats.count_age(age);
        }
    }

    /// Tells consumers that everything before `at` has been dealt with.
    pub fn mark(&self, at: Time) {
        if self.by_capture_time {
            self.branches()
                .iter()
                .for_each(|branch| branch.outlet.mark(at));
        }
    }
}
