//! Merges everything that flows into a node into one sequence.
//!
//! Downstream of a device, packets are taken as they arrive. Downstream of files only, they are
//! taken in the order of capture time, so that the same files give the same events in the same
//! order, whatever the scheduler does. A producer that is late is waited for; one that has nothing
//! to say sends marks, which is what keeps that wait short. While one lane starves, the others give
//! way: what waits in them is taken in, up to a limit, because the producer of all may be held up by
//! them before it can feed the one that starves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, TryRecvError};

use crate::media::clock::Time;
use crate::media::packet::Packet;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::LinkStats;
use crate::pipeline::flow::lane::Lane;
use crate::pipeline::flow::link::{Envelope, Inlet};

/// How long to sleep before looking whether the run was abandoned, and how late time passes at most
/// where nothing arrives.
const LOOK_UP: Duration = Duration::from_millis(100);
/// So much media is taken in while a lane starves: four seconds of 720p at ten frames a second.
const STRETCH_BYTES: usize = 128 << 20;
/// When nothing more can be taken in, a lane that starves for so long is no longer waited for.
const STARVED: Duration = Duration::from_secs(10);

/// What a node gets next.
pub struct Input {
    /// Capture time that the producer was working on.
    pub at: Time,
    /// Nothing that is still to come is about anything earlier.
    pub bound: Time,
    /// A packet and the edge it came on; none if only time has passed.
    pub packet: Option<(Packet, Arc<LinkStats>)>,
}

/// All lanes that flow into one node.
pub struct Intake {
    lanes: Vec<Lane>,
    /// Lanes that a reload adds.
    joining: Receiver<Lane>,
    by_capture_time: bool,
    abandon: Stop,
    /// Latest `at` and bound of what was handed on.
    at: Time,
    bound: Time,
    /// When anything was handed on.
    looked_up: Instant,
    /// What waited in other lanes when the first came of a fresh one, and is still to be handed on before it.
    owed: Option<usize>,
}

impl Intake {
    /// Lanes in the order of the node's `inputs`, which settles equal capture times. More can come
    /// by `joining`.
    pub fn new(
        inlets: Vec<Inlet>,
        joining: Receiver<Lane>,
        by_capture_time: bool,
        abandon: Stop,
    ) -> Intake {
        Intake {
            lanes: inlets.into_iter().map(Lane::new).collect(),
            joining,
            by_capture_time,
            abandon,
            at: Time::ZERO,
            bound: Time::ZERO,
            looked_up: Instant::now(),
            owed: None,
        }
    }

    /// Waits for the next input, which is none but the time if nothing comes for 100 ms; none at all when
    /// all producers have ended, the run is abandoned or the node `paused`.
    pub fn take(&mut self, paused: &AtomicBool) -> Option<Input> {
        while !self.abandon.is_set() && !paused.load(Relaxed) {
            self.admit();
            let input = match self.by_capture_time {
                true => self.next_by_capture_time(),
                false => self.next_by_arrival(),
            };
            match input {
                Some(Some(input)) => {
                    self.looked_up = Instant::now();
                    return Some(input);
                }
                Some(None) if self.looked_up.elapsed() >= LOOK_UP => {
                    self.looked_up = Instant::now();
                    return Some(self.only_time());
                }
                Some(None) => {}
                // A reload adds lanes before it closes others.
                None if self.admit() => {}
                None => return None,
            }
        }
        None
    }

    /// Takes in new lanes and forgets closed ones; says whether there were new ones.
    fn admit(&mut self) -> bool {
        let Ok(first) = self.joining.try_recv() else {
            return false;
        };
        self.lanes.retain(|lane| !lane.has_ended());
        let all = std::iter::once(first).chain(self.joining.try_iter());
        self.lanes.extend(all.map(Lane::fresh));
        true
    }

    /// All lanes, for a node that takes the place of this one.
    pub fn leave(&mut self) -> Vec<Lane> {
        self.admit();
        std::mem::take(&mut self.lanes)
    }

    /// `None`: all lanes have ended. `Some(None)`: nothing yet.
    fn next_by_arrival(&mut self) -> Option<Option<Input>> {
        let mut select = Select::new();
        let open = |lane: &usize| self.lanes[*lane].open;
        let mut open: Vec<usize> = (0..self.lanes.len()).filter(open).collect();
        // What waited for a node's predecessor comes first.
        if open.iter().any(|&lane| self.lanes[lane].is_inherited) {
            open.retain(|&lane| self.lanes[lane].is_inherited);
        }
        if open.is_empty() {
            return None;
        }
        for &lane in &open {
            select.recv(&self.lanes[lane].inlet.receiver);
        }
        let Ok(ready) = select.ready_timeout(LOOK_UP) else {
            return Some(None);
        };
        let lane = open[ready];
        // Lanes that were there before what is ready come first.
        if !self.joining.is_empty() {
            return Some(None);
        }
        let lane = self.before_fresh(lane, &open);
        match self.lanes[lane].inlet.receiver.try_recv() {
            Ok(envelope) => {
                self.lanes[lane].note(&envelope);
                return Some(Some(self.input(lane, envelope)));
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => self.lanes[lane].open = false,
        }
        Some(None)
    }

    /// The lane to be taken from when this one is ready: one that is fresh lets those go first that waited in others when its
    /// first came.
    fn before_fresh(&mut self, ready: usize, open: &[usize]) -> usize {
        if !self.lanes[ready].is_fresh {
            return ready;
        }
        let waits = |lane: &usize| self.lanes[*lane].inlet.receiver.len();
        let older = open.iter().filter(|lane| !self.lanes[**lane].is_fresh);
        let owed = self.owed.unwrap_or_else(|| older.clone().map(waits).sum());
        match older.copied().find(|lane| owed > 0 && waits(lane) > 0) {
            Some(lane) => {
                self.owed = Some(owed - 1);
                lane
            }
            None => {
                self.owed = None;
                self.lanes[ready].is_fresh = false;
                ready
            }
        }
    }

    fn next_by_capture_time(&mut self) -> Option<Option<Input>> {
        self.lanes.iter_mut().for_each(Lane::fill);
        let next = (0..self.lanes.len()).filter_map(|at| Some((self.lanes[at].next_at()?, at)));
        let first = next.min();
        // A lane without an envelope holds us up unless it has come past the first one of the others.
        let time = first.map(|it| it.0);
        let late = (0..self.lanes.len()).find(|&it| self.lanes[it].may_come_before(time));
        match (first, late) {
            (None, None) => None,
            (Some(_), None) if !self.joining.is_empty() => Some(None),
            (Some((_, lane)), None) => Some(self.hand_on(lane)),
            (first, Some(late)) => {
                let gives_up = !self.lanes[late].wait(LOOK_UP) && !self.stretch(late);
                let first = first.filter(|_| gives_up);
                Some(first.and_then(|(_, lane)| self.hand_on(lane)))
            }
        }
    }

    fn hand_on(&mut self, lane: usize) -> Option<Input> {
        let envelope = self.lanes[lane].take()?;
        Some(self.input(lane, envelope))
    }

    /// Takes in what waits in the other lanes while this one starves; says whether to go on waiting.
    fn stretch(&mut self, starving: usize) -> bool {
        let mut room = STRETCH_BYTES;
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            if at != starving {
                room = lane.stretch(room);
            }
        }
        room > 0 || self.lanes[starving].starves_for() < STARVED
    }

    fn input(&mut self, lane: usize, envelope: Envelope) -> Input {
        self.at = self.at.max(envelope.at);
        self.bound = self.bound.max(self.smallest_bound());
        let stats = &self.lanes[lane].inlet.stats;
        Input {
            at: self.at,
            bound: self.bound,
            packet: envelope.packet.map(|packet| (packet, Arc::clone(stats))),
        }
    }

    fn only_time(&mut self) -> Input {
        // Files tell how far they have come in their own time: when it is noticed here is chance.
        if !self.by_capture_time {
            self.bound = self.bound.max(self.smallest_bound());
        }
        Input {
            at: self.at,
            bound: self.bound,
            packet: None,
        }
    }

    fn smallest_bound(&self) -> Time {
        let lanes = self.lanes.iter();
        let bounds = lanes.map(|lane| match self.by_capture_time {
            true => lane.bound(),
            false => lane.bound_now(),
        });
        bounds.min().unwrap_or(Time::END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::kind::WhenFull;
    use crate::pipeline::contract::testing::gap;
    use crate::pipeline::flow::link::{Outlet, link};

    fn lanes(count: usize) -> (Vec<Outlet>, Intake) {
        let make = |_| link(64, WhenFull::Block, true, Stop::default());
        let (outlets, inlets) = (0..count).map(make).unzip();
        let joining = crossbeam_channel::never();
        (outlets, Intake::new(inlets, joining, true, Stop::default()))
    }

    fn at(second: u64) -> Time {
        Time::from_secs_f64(second as f64)
    }

    fn send(outlet: &Outlet, name: &str, second: u64) {
        outlet.send(at(second), at(second), gap(name, second));
    }

    fn names(intake: &mut Intake) -> Vec<String> {
        let inputs = std::iter::from_fn(|| intake.take(&AtomicBool::new(false)))
            .filter_map(|input| input.packet);
        let name = |packet: Packet| match packet {
            Packet::Event(event) => event.head.source.to_string(),
            other => panic!("unexpected {}", other.kind()),
        };
        inputs.map(|(packet, _)| name(packet)).collect()
    }

    #[test]
    fn files_merge_by_capture_time_whatever_the_order_of_arrival() {
        let (outlets, mut intake) = lanes(2);
        send(&outlets[1], "b1", 1);
        send(&outlets[1], "b3", 3);
        send(&outlets[0], "a1", 1);
        send(&outlets[0], "a2", 2);
        drop(outlets);
        assert_eq!(names(&mut intake), ["a1", "b1", "a2", "b3"]);
    }

    /// Which of several that are ready comes first is chance otherwise.
    #[test]
    fn what_waits_when_a_reload_adds_a_lane_comes_before_what_comes_by_it() {
        for _ in 0..50 {
            let make = || link(64, WhenFull::Block, false, Stop::default());
            let ((old, old_inlet), (new, new_inlet)) = (make(), make());
            let (join, joining) = crossbeam_channel::unbounded();
            let mut intake = Intake::new(vec![old_inlet], joining, false, Stop::default());
            join.send(Lane::new(new_inlet)).expect("it is there");
            drop(join);
            for second in 0..3 {
                send(&old, "old", second);
            }
            send(&new, "new", 3);
            send(&new, "new", 4);
            drop((old, new));
            assert_eq!(names(&mut intake), ["old", "old", "old", "new", "new"]);
        }
    }

    #[test]
    fn a_silent_producer_is_waited_for_until_its_mark_passes() {
        let (mut outlets, mut intake) = lanes(2);
        send(&outlets[0], "a5", 5);
        let late = outlets.pop().expect("two lanes");
        let slow = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            send(&late, "b4", 4);
            late.mark(at(6), at(6));
            std::thread::sleep(Duration::from_millis(50));
            send(&late, "b6", 6);
        });
        drop(outlets);
        assert_eq!(names(&mut intake), ["b4", "a5", "b6"]);
        slow.join().expect("the producer ends");
    }
}
