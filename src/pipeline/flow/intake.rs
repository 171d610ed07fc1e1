//! Merges everything that flows into a node into one sequence.
//!
//! Downstream of a device, packets are taken as they arrive. Downstream of files only, they are
//! taken in the order of capture time, so that the same files give the same events in the same
//! order, whatever the scheduler does. A producer that is late is waited for; one that has nothing
//! to say sends marks, which is what keeps that wait short.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, TryRecvError};

use crate::media::clock::Time;
use crate::media::packet::Packet;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::LinkStats;
use crate::pipeline::flow::link::{Envelope, Inlet};

/// How long to sleep before looking whether the run was abandoned.
const LOOK_UP: Duration = Duration::from_millis(100);

/// What a node gets next.
pub struct Input {
    /// How far the producers have come.
    pub at: Time,
    /// A packet and the edge it came on; none if only time has passed.
    pub packet: Option<(Packet, Arc<LinkStats>)>,
}

struct Lane {
    inlet: Inlet,
    open: bool,
    /// The next packet of this lane, already taken out of the queue.
    head: Option<(Time, Packet)>,
    /// The producer has dealt with everything before this.
    mark: Option<Time>,
}

/// All lanes that flow into one node.
pub struct Intake {
    lanes: Vec<Lane>,
    /// Lanes that a reload adds.
    joining: Receiver<Inlet>,
    by_capture_time: bool,
    abandon: Stop,
    passed_on: Option<Time>,
}

impl Intake {
    /// Lanes in the order of the node's `inputs`, which settles equal capture times. More can come
    /// by `joining`.
    pub fn new(
        inlets: Vec<Inlet>,
        joining: Receiver<Inlet>,
        by_capture_time: bool,
        abandon: Stop,
    ) -> Intake {
        Intake {
            lanes: inlets.into_iter().map(Lane::new).collect(),
            joining,
            by_capture_time,
            abandon,
            passed_on: None,
        }
    }

    /// Waits for the next input; none when all producers have ended or the run is abandoned.
    pub fn take(&mut self) -> Option<Input> {
        while !self.abandon.is_set() {
            self.admit();
            let input = match self.by_capture_time {
                true => self.next_by_capture_time(),
                false => self.next_by_arrival(),
            };
            match input {
                Some(Some(input)) => return Some(input),
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
        self.lanes.retain(|lane| lane.open || lane.head.is_some());
        let all = std::iter::once(first).chain(self.joining.try_iter());
        self.lanes.extend(all.map(Lane::new));
        true
    }

    /// `None`: all lanes have ended. `Some(None)`: nothing yet.
    fn next_by_arrival(&mut self) -> Option<Option<Input>> {
        let mut select = Select::new();
        let open: Vec<usize> = (0..self.lanes.len())
            .filter(|&lane| self.lanes[lane].open)
            .collect();
        if open.is_empty() {
            return None;
        }
        for &lane in &open {
            select.recv(&self.lanes[lane].inlet.receiver);
        }
        let Ok(ready) = select.select_timeout(LOOK_UP) else {
            return Some(None);
        };
        let lane = open[ready.index()];
        match ready.recv(&self.lanes[lane].inlet.receiver) {
            Ok(envelope) => Some(Some(self.input(lane, envelope))),
            Err(_) => {
                self.lanes[lane].open = false;
                Some(None)
            }
        }
    }

    fn next_by_capture_time(&mut self) -> Option<Option<Input>> {
        self.lanes.iter_mut().for_each(Lane::fill);
        let first = (0..self.lanes.len())
            .filter_map(|lane| Some((self.lanes[lane].head.as_ref()?.0, lane)))
            .min();
        // A lane without a packet holds us up unless it has come past the first packet.
        let late = self
            .lanes
            .iter()
            .position(|lane| lane.head.is_none() && lane.may_come_before(first.map(|it| it.0)));
        match (first, late) {
            (None, None) => None,
            (Some((at, lane)), None) => {
                let packet = self.lanes[lane].head.take().map(|(_, packet)| packet);
                Some(Some(self.input(lane, Envelope { at, packet })))
            }
            (_, Some(late)) => Some(self.time_passed().or_else(|| {
                self.lanes[late].wait();
                None
            })),
        }
    }

    /// Lets the node's own consumers know how far it has come, even if nothing came out of it.
    fn time_passed(&mut self) -> Option<Input> {
        let reached = |lane: &Lane| lane.head.as_ref().map(|head| head.0).max(lane.mark);
        let at = self
            .lanes
            .iter()
            .filter(|lane| lane.open)
            .map(reached)
            .min()??;
        if self.passed_on >= Some(at) {
            return None;
        }
        self.passed_on = Some(at);
        Some(Input { at, packet: None })
    }

    fn input(&self, lane: usize, envelope: Envelope) -> Input {
        let stats = &self.lanes[lane].inlet.stats;
        Input {
            at: envelope.at,
            packet: envelope.packet.map(|packet| (packet, Arc::clone(stats))),
        }
    }
}

impl Lane {
    fn new(inlet: Inlet) -> Lane {
        Lane {
            inlet,
            open: true,
            head: None,
            mark: None,
        }
    }

    /// Takes marks up to the next packet out of the queue.
    fn fill(&mut self) {
        while self.open && self.head.is_none() {
            match self.inlet.receiver.try_recv() {
                Ok(envelope) => self.take(envelope),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.open = false,
            }
        }
    }

    fn wait(&mut self) {
        match self.inlet.receiver.recv_timeout(LOOK_UP) {
            Ok(envelope) => self.take(envelope),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.open = false,
        }
    }

    fn take(&mut self, envelope: Envelope) {
        match envelope.packet {
            Some(packet) => self.head = Some((envelope.at, packet)),
            None => self.mark = Some(envelope.at),
        }
    }

    /// Whether this lane, empty now, could still bring something not later than `first`.
    fn may_come_before(&self, first: Option<Time>) -> bool {
        self.open && first.is_none_or(|first| self.mark.is_none_or(|mark| mark <= first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::kind::WhenFull;
    use crate::pipeline::contract::testing::gap;
    use crate::pipeline::flow::link::{Outlet, link};

    fn lanes(count: usize) -> (Vec<Outlet>, Intake) {
        let make = |_| link(64, WhenFull::Block, Stop::default());
        let (outlets, inlets) = (0..count).map(make).unzip();
        let joining = crossbeam_channel::never();
        (outlets, Intake::new(inlets, joining, true, Stop::default()))
    }

    fn at(second: u64) -> Time {
        Time::from_secs_f64(second as f64)
    }

    fn send(outlet: &Outlet, name: &str, second: u64) {
        outlet.send(at(second), gap(name, second));
    }

    fn names(intake: &mut Intake) -> Vec<String> {
        let inputs = std::iter::from_fn(|| intake.take()).filter_map(|input| input.packet);
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

    #[test]
    fn a_silent_producer_is_waited_for_until_its_mark_passes() {
        let (mut outlets, mut intake) = lanes(2);
        send(&outlets[0], "a5", 5);
        let late = outlets.pop().expect("two lanes");
        let slow = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            send(&late, "b4", 4);
            late.mark(at(6));
            std::thread::sleep(Duration::from_millis(50));
            send(&late, "b6", 6);
        });
        drop(outlets);
        assert_eq!(names(&mut intake), ["b4", "a5", "b6"]);
        slow.join().expect("the producer ends");
    }
}
