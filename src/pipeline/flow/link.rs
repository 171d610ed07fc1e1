//! A bounded queue between two nodes that knows what to do when it is full, and counts what it did.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::media::clock::Time;
use crate::media::kind::WhenFull;
use crate::media::packet::Packet;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::{DropReason, LinkStats};

/// How long a blocked producer sleeps before it looks whether its consumer is still there.
const LOOK_UP: Duration = Duration::from_millis(100);

/// A packet and how far its producer has come.
///
/// On links that are merged by capture time, an envelope without a packet says so where nothing came
/// of an input. On others the same is read beside the queue, so that it takes no place in it.
#[derive(Debug)]
pub struct Envelope {
    /// Capture time of the input that the producer was working on.
    pub at: Time,
    /// Nothing that comes after this is about anything earlier.
    pub bound: Time,
    /// What it made of it.
    pub packet: Option<Packet>,
}

/// How far the producer has told all, as both ends see it.
#[derive(Debug, Default)]
struct Told {
    at: AtomicU64,
    bound: AtomicU64,
}

impl Told {
    /// Notes it after the packets that it is about are in the queue; says whether it is news.
    fn note(&self, at: Time, bound: Time) -> bool {
        let (at, bound) = (at.as_nanos(), bound.as_nanos());
        let further = self.at.fetch_max(at, Relaxed) < at;
        self.bound.fetch_max(bound, Release) < bound || further
    }
}

/// The producer's end.
#[derive(Debug)]
pub struct Outlet {
    sender: Sender<Envelope>,
    /// Takes out the oldest packet: crossbeam channels cannot replace one.
    evict: Receiver<Envelope>,
    when_full: WhenFull,
    /// Whether marks go through the queue.
    ordered: bool,
    told: Arc<Told>,
    closed: Arc<AtomicBool>,
    abandon: Stop,
    stats: Arc<LinkStats>,
}

/// The consumer's end. Dropping it closes the link.
#[derive(Debug)]
pub struct Inlet {
    /// Where packets arrive.
    pub receiver: Receiver<Envelope>,
    /// Counters of the edge; the consumer counts what it has handled.
    pub stats: Arc<LinkStats>,
    told: Arc<Told>,
    closed: Arc<AtomicBool>,
}

/// Makes a link for so many packets, whose consumer merges by capture time if it is `ordered`. Blocked
/// producers give up when `abandon` is set.
pub fn link(places: usize, when_full: WhenFull, ordered: bool, abandon: Stop) -> (Outlet, Inlet) {
    let (sender, receiver) = bounded(places);
    let (closed, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Told::default()));
    let stats = Arc::new(LinkStats::default());
    let outlet = Outlet {
        sender,
        evict: receiver.clone(),
        when_full,
        ordered,
        told: Arc::clone(&told),
        closed: Arc::clone(&closed),
        abandon,
        stats: Arc::clone(&stats),
    };
    let inlet = Inlet {
        receiver,
        stats,
        told,
        closed,
    };
    (outlet, inlet)
}

impl Outlet {
    /// Sends a packet, or drops one and counts it.
    pub fn send(&self, at: Time, bound: Time, packet: Packet) {
        self.stats.count_received();
        let packet = Some(packet);
        self.offer(Envelope { at, bound, packet });
        self.told.note(at, bound);
    }

    /// Tells the consumer how far the producer has come, if that is news.
    pub fn mark(&self, at: Time, bound: Time) {
        if self.told.note(at, bound) && self.ordered {
            let packet = None;
            self.offer(Envelope { at, bound, packet });
        }
    }

    /// What was told last.
    pub fn bound(&self) -> Time {
        Time::from_nanos(self.told.bound.load(Relaxed))
    }

    /// Counters of the edge.
    pub fn stats(&self) -> &Arc<LinkStats> {
        &self.stats
    }

    /// A view of the queue for reports, which also sweeps up after the end of the run.
    pub fn watch(&self) -> Watch {
        Watch {
            queue: self.evict.clone(),
            closed: Arc::clone(&self.closed),
            stats: Arc::clone(&self.stats),
        }
    }

    fn offer(&self, mut envelope: Envelope) {
        loop {
            if self.closed.load(Relaxed) {
                return self.lose(&envelope, DropReason::Closed);
            }
            envelope = match self.sender.try_send(envelope) {
                Ok(()) => return,
                Err(TrySendError::Disconnected(back)) => {
                    return self.lose(&back, DropReason::Closed);
                }
                Err(TrySendError::Full(back)) => back,
            };
            match self.when_full {
                WhenFull::DropNewest => return self.lose(&envelope, DropReason::Full),
                WhenFull::DropOldest => {
                    if let Ok(oldest) = self.evict.try_recv() {
                        self.lose(&oldest, DropReason::Full);
                    }
                }
                WhenFull::Block if self.abandon.is_set() => {
                    return self.lose(&envelope, DropReason::Abandoned);
                }
                // `evict` keeps the channel connected, so wake up to notice a dead consumer.
                WhenFull::Block => match self.sender.send_timeout(envelope, LOOK_UP) {
                    Ok(()) => return,
                    Err(error) => envelope = error.into_inner(),
                },
            }
        }
    }

    fn lose(&self, envelope: &Envelope, reason: DropReason) {
        if envelope.packet.is_some() {
            self.stats.count_dropped(reason);
        }
    }
}

impl Inlet {
    /// How far the producer has told all, if nothing waits in the queue.
    pub fn bound(&self) -> Option<Time> {
        // What is told is noted after its packets: whoever reads it first and then finds nothing has had them.
        let bound = Time::from_nanos(self.told.bound.load(Acquire));
        self.receiver.is_empty().then_some(bound)
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.closed.store(true, Relaxed);
    }
}

/// A link as reports see it.
#[derive(Clone, Debug)]
pub struct Watch {
    queue: Receiver<Envelope>,
    closed: Arc<AtomicBool>,
    /// Counters of the edge.
    pub stats: Arc<LinkStats>,
}

impl Watch {
    /// How many packets (and, between file-fed nodes, marks) wait.
    pub fn depth(&self) -> usize {
        self.queue.len()
    }

    /// Whether the consumer takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Counts what a consumer that has ended left behind.
    pub fn sweep(&self) {
        for envelope in self.queue.try_iter() {
            if envelope.packet.is_some() {
                self.stats.count_dropped(DropReason::Closed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::contract::testing::gap;

    fn packet(second: usize) -> Packet {
        gap("test", second as u64)
    }

    fn seconds(inlet: &Inlet) -> Vec<u64> {
        let arrived = inlet.receiver.try_iter().filter_map(|it| it.packet);
        arrived.map(|it| it.at().as_secs_f64() as u64).collect()
    }

    #[track_caller]
    fn check(when_full: WhenFull, expect: &[u64], dropped: u64) {
        let (outlet, inlet) = link(2, when_full, false, Stop::default());
        for second in 0..5 {
            outlet.send(Time::ZERO, Time::ZERO, packet(second));
        }
        let counts = outlet.stats.read();
        assert_eq!((counts.dropped, counts.in_flight), (dropped, 2));
        assert_eq!(seconds(&inlet), expect);
    }

    #[test]
    fn drop_oldest_keeps_the_newest() {
        check(WhenFull::DropOldest, &[3, 4], 3);
    }

    #[test]
    fn drop_newest_keeps_the_oldest() {
        check(WhenFull::DropNewest, &[0, 1], 3);
    }

    #[test]
    fn block_waits_for_room_and_loses_nothing() {
        let (outlet, inlet) = link(2, WhenFull::Block, false, Stop::default());
        let watch = outlet.watch();
        let producer = std::thread::spawn(move || {
            (0..500).for_each(|second| outlet.send(Time::ZERO, Time::ZERO, packet(second)));
        });
        let mut got = Vec::new();
        while got.len() < 500 {
            got.extend(seconds(&inlet));
        }
        producer.join().expect("the producer ends");
        assert_eq!(got, (0..500).collect::<Vec<u64>>());
        assert_eq!(watch.stats.read().dropped, 0);
    }

    #[test]
    fn a_dead_consumer_or_an_abandoned_run_never_blocks_the_producer() {
        for when_full in [WhenFull::Block, WhenFull::DropOldest, WhenFull::DropNewest] {
            let (outlet, inlet) = link(1, when_full, false, Stop::default());
            outlet.send(Time::ZERO, Time::ZERO, packet(0));
            drop(inlet);
            outlet.send(Time::ZERO, Time::ZERO, packet(1));
            outlet.watch().sweep();
            let counts = outlet.stats.read();
            assert_eq!((counts.reasons["closed"], counts.in_flight), (2, 0));
        }
        let abandon = Stop::default();
        let (outlet, _inlet) = link(1, WhenFull::Block, false, abandon.clone());
        abandon.set();
        outlet.send(Time::ZERO, Time::ZERO, packet(0));
        outlet.send(Time::ZERO, Time::ZERO, packet(1));
        assert_eq!(outlet.stats.read().reasons["abandoned"], 1);
    }

    /// Many producers' worth of traffic against a slow consumer: every packet is accounted for.
    #[test]
    fn the_books_balance_under_load() {
        for when_full in [WhenFull::Block, WhenFull::DropOldest, WhenFull::DropNewest] {
            let (outlet, inlet) = link(3, when_full, false, Stop::default());
            let watch = outlet.watch();
            let consumer = std::thread::spawn(move || {
                for envelope in inlet.receiver.iter().take(2_000) {
                    assert!(envelope.packet.is_some());
                    inlet.stats.count_forwarded();
                }
            });
            for second in 0..5_000 {
                outlet.send(Time::ZERO, Time::ZERO, packet(second));
            }
            drop(outlet);
            consumer.join().expect("the consumer ends");
            watch.sweep();
            let counts = watch.stats.read();
            assert_eq!(counts.received, 5_000);
            assert_eq!((counts.in_flight, watch.depth()), (0, 0), "{when_full:?}");
            assert!(counts.forwarded <= 2_000);
        }
    }
}
