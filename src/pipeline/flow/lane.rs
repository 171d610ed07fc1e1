//! One lane into a node, as the intake looks at it: what comes next, and how far it has come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, TryRecvError};

use crate::media::clock::Time;
use crate::pipeline::flow::link::{Envelope, Inlet};

/// A lane and what was taken out of its queue already.
pub struct Lane {
    /// Where it comes from.
    pub inlet: Inlet,
    /// Whether there may be more in the queue.
    pub open: bool,
    /// Whether it led to the node's predecessor.
    pub is_inherited: bool,
    /// Whether a reload has added it and nothing of it was handed on: its producer may stand in the place of another, what
    /// of which still waits is earlier.
    pub is_fresh: bool,
    /// The next ones. More than one only while another lane starves: see `stretch`.
    taken: VecDeque<Envelope>,
    /// Capture time that the producer was working on when it sent what was handed on last.
    last: Option<Time>,
    bound: Time,
    starving_since: Option<Instant>,
}

impl Lane {
    /// A lane of which nothing is known.
    pub fn new(inlet: Inlet) -> Lane {
        Lane {
            inlet,
            open: true,
            is_inherited: false,
            is_fresh: false,
            taken: VecDeque::new(),
            last: None,
            bound: Time::ZERO,
            starving_since: None,
        }
    }

    /// The same lane, added by a reload.
    pub fn fresh(self) -> Lane {
        let is_fresh = true;
        Lane { is_fresh, ..self }
    }

    /// The same lane, for a node that takes the place of the one that it led to.
    pub fn inherited(self) -> Lane {
        let is_inherited = true;
        Lane {
            is_inherited,
            ..self
        }
    }

    /// Takes the next envelope out of the queue, if there is none at hand.
    pub fn fill(&mut self) {
        while self.open && self.taken.is_empty() {
            match self.inlet.receiver.try_recv() {
                Ok(envelope) => self.taken.push_back(envelope),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.open = false,
            }
        }
    }

    /// Waits for the next envelope; says whether there was one.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        match self.inlet.receiver.recv_timeout(at_most) {
            Ok(envelope) => self.taken.push_back(envelope),
            Err(RecvTimeoutError::Timeout) => {
                self.starving_since.get_or_insert_with(Instant::now);
                return false;
            }
            Err(RecvTimeoutError::Disconnected) => self.open = false,
        }
        true
    }

    /// Takes out of the queue what waits there, so that the producer can go on: at most so many bytes
    /// of media. Gives what is left of them.
    pub fn stretch(&mut self, room: usize) -> usize {
        let held = self.taken.iter().filter_map(|it| it.packet.as_ref());
        let mut room = room.saturating_sub(held.map(|it| it.bytes()).sum());
        while room > 0
            && let Ok(envelope) = self.inlet.receiver.try_recv()
        {
            room = room.saturating_sub(envelope.packet.as_ref().map_or(0, |it| it.bytes()));
            self.taken.push_back(envelope);
        }
        room
    }

    /// How long it has been waited for in vain.
    pub fn starves_for(&self) -> Duration {
        self.starving_since
            .map_or(Duration::ZERO, |it| it.elapsed())
    }

    /// Capture time that the producer was working on when it sent the next envelope.
    pub fn next_at(&self) -> Option<Time> {
        self.taken.front().map(|it| it.at)
    }

    /// Whether this lane, empty now, could still bring something not later than `first`.
    pub fn may_come_before(&self, first: Option<Time>) -> bool {
        let behind = first.is_none_or(|first| self.last.is_none_or(|last| last <= first));
        self.open && self.taken.is_empty() && behind
    }

    /// Whether nothing comes of it any more.
    pub fn has_ended(&self) -> bool {
        !self.open && self.taken.is_empty()
    }

    /// Hands on the next envelope.
    pub fn take(&mut self) -> Option<Envelope> {
        let envelope = self.taken.pop_front()?;
        self.note(&envelope);
        Some(envelope)
    }

    /// Something has come of it.
    pub fn note(&mut self, envelope: &Envelope) {
        self.last = Some(envelope.at);
        self.bound = self.bound.max(envelope.bound);
        self.starving_since = None;
    }

    /// Nothing that is still to come is about anything earlier.
    pub fn bound(&self) -> Time {
        match self.has_ended() {
            true => Time::END,
            false => self.bound,
        }
    }

    /// The same where envelopes are taken as they arrive, which tell of this beside the queue.
    pub fn bound_now(&self) -> Time {
        self.bound().max(self.inlet.bound().unwrap_or(Time::ZERO))
    }
}
