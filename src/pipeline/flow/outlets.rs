//! Everything that flows out of a node: counts it, and sends it to the right lanes.

use std::sync::{Arc, PoisonError, RwLock};

use crate::media::clock::Time;
use crate::media::kind::{Kind, Lane};
use crate::media::packet::Packet;
use crate::pipeline::contract::context::Context;
use crate::pipeline::count::metrics::DropReason;
use crate::pipeline::flow::link::Outlet;
use crate::pipeline::flow::progress::Progress;
use crate::pipeline::flow::tap::{Feed, Tap};

/// The way to one consumer in one lane.
#[derive(Clone)]
pub struct Branch {
    /// Where its packets wait.
    pub lane: Lane,
    /// What it takes of that lane.
    pub kinds: Vec<Kind>,
    /// Whether it takes events that are unsure too.
    pub unsure: bool,
    /// Its queue.
    pub outlet: Arc<Outlet>,
}

impl Branch {
    fn takes(&self, packet: &Packet) -> bool {
        let is_unsure = |packet: &Packet| match packet {
            Packet::Event(event) => event.body.unsure().is_some(),
            _ => false,
        };
        packet.lane() == self.lane
            && self.kinds.contains(&packet.kind())
            && (self.unsure || !is_unsure(packet))
    }
}

/// The ways out of one node.
pub struct Outlets {
    context: Context,
    /// Replaced as a whole: a producer that is held back by a full queue holds no lock.
    branches: RwLock<Arc<[Branch]>>,
    live: bool,
    raw: bool,
    /// Where onlookers ask for frames of the node.
    pub tap: Arc<Tap>,
    /// Where onlookers hear of events, of all nodes.
    feed: Arc<Feed>,
}

impl Outlets {
    /// Outlets of a node, without branches yet. `live`: what it makes has an age. `raw`: it holds what people say as it
    /// was said.
    pub fn new(context: Context, feed: Arc<Feed>, live: bool, raw: bool) -> Outlets {
        Outlets {
            context,
            branches: RwLock::new(Arc::new([])),
            live,
            raw,
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

    /// Sends what was made of one input to everybody who takes it, and tells all how far that has come.
    pub fn put(&self, packets: &[Packet], progress: Progress) {
        packets.iter().for_each(|packet| self.show(packet));
        for branch in self.branches().iter() {
            let taken = |it: &&Packet| branch.takes(it);
            let mut packets = packets.iter().filter(taken).peekable();
            let (at, bound) = (progress.at(branch.lane), progress.bound(branch.lane));
            while let Some(packet) = packets.next() {
                // What comes next of the same input may be about something as early as before.
                let last = packets.peek().is_none();
                let bound = if last { bound } else { branch.outlet.bound() };
                branch.outlet.send(at, bound, packet.clone());
            }
            branch.outlet.mark(at, bound);
        }
    }

    /// Leaves a packet out, as the machine is short, and counts it where it would have gone.
    pub fn leave_out(&self, packet: &Packet) {
        for branch in self.branches().iter().filter(|it| it.takes(packet)) {
            let stats = branch.outlet.stats();
            stats.count_received();
            stats.count_dropped(DropReason::Pressure);
        }
    }

    /// Counts what the node has made, and shows it to onlookers.
    fn show(&self, packet: &Packet) {
        // Who only passes an event on does not tell it again.
        let is_new = match packet {
            Packet::Event(event) => event.head.node == self.context.id,
            _ => true,
        };
        self.context.stats.count_made(packet, is_new);
        match packet {
            Packet::Frame(frame) => self.tap.show(frame),
            Packet::Event(event) if is_new => self.feed.tell(event, self.raw),
            _ => {}
        }
    }

    /// Counts how old a packet is when the node is done with it: since it was captured or, from a file that is played at
    /// its own pace, since it was its turn. Media of other files have no age.
    pub fn count_age(&self, packet: &Packet) {
        let clock = &self.context.clock;
        let played = clock.origin_of(packet.source());
        if let Some(origin) = played.or(self.live.then_some(Time::ZERO)) {
            let turn = packet.end().after(origin.since(Time::ZERO));
            self.context.stats.count_age(clock.now().since(turn));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::events::{Doubt, Report, Transcript};
    use crate::media::frame::Frame;
    use crate::media::kind::WhenFull;
    use crate::pipeline::contract::stop::Stop;
    use crate::pipeline::contract::testing::context;
    use crate::pipeline::flow::link::link;

    #[test]
    fn a_film_that_is_played_ages_from_its_turn_on() {
        let context = context();
        let outlets = Outlets::new(context.clone(), Arc::default(), false, false);
        let film: Arc<str> = "film".into();
        let mut frame = Frame::empty();
        (frame.source, frame.at) = (Arc::clone(&film), Time::from_secs_f64(1.5));
        let frame = Packet::from(Arc::new(frame));
        let lag = || {
            outlets.count_age(&frame);
            context.stats.read().lag_seconds
        };
        assert_eq!(lag(), None);
        // It began when the run had lasted an hour, and this is its second 1.5.
        context.clock.plays(&film, Time::from_secs_f64(3600.0));
        assert_eq!(lag(), Some(0.0));
        context.clock.plays(&film, Time::ZERO);
        while context.clock.now() < Time::from_secs_f64(1.6) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(lag() >= Some(0.1), "{:?}", lag());
    }

    #[test]
    fn what_is_unsure_goes_where_it_is_asked_for_and_is_counted() {
        let context = context();
        let outlets = Outlets::new(context.clone(), Arc::default(), false, false);
        let branch = |unsure| {
            let (outlet, inlet) = link(8, WhenFull::Block, true, Stop::default());
            let (lane, kinds, outlet) = (Lane::Event, vec![Transcript::KIND], Arc::new(outlet));
            let branch = Branch {
                lane,
                kinds,
                unsure,
                outlet,
            };
            (branch, inlet)
        };
        let ((sure, _sure), (all, _all)) = (branch(false), branch(true));
        outlets.replace(vec![sure.clone(), all.clone()]);
        let told = [(None, false), (Some(Doubt::Repeats), false), (None, true)];
        let told = told.map(|(doubt, partial)| {
            let transcript = Transcript {
                doubt,
                partial,
                ..Transcript::default()
            };
            Packet::Event(context.event(&"mic".into(), Time::ZERO, None, transcript))
        });
        outlets.put(&told, Progress::new(Time::ZERO, Time::ZERO));
        let received = |it: &Branch| it.outlet.stats().read().received;
        assert_eq!((received(&sure), received(&all)), (1, 3));
        let counts = context.stats.read();
        assert_eq!(counts.events["transcript"], 3);
        assert_eq!(
            counts.unsure.into_iter().collect::<Vec<_>>(),
            [("partial", 1), ("repeats", 1)]
        );
    }
}
