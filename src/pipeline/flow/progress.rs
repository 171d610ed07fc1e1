//! How far a node has come, lane by lane.

use crate::media::clock::Time;
use crate::media::kind::Lane;
use crate::media::packet::Packet;

const LANES: usize = Lane::ALL.len();

/// Capture times up to which a node has worked and told all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    at: [Time; LANES],
    bound: [Time; LANES],
}

impl Progress {
    /// What a transform tells in every lane: it has worked on what was captured `at`, and nothing that it
    /// is still to tell is about anything before `bound`.
    pub fn new(at: Time, bound: Time) -> Progress {
        Progress {
            at: [at; LANES],
            bound: [bound; LANES],
        }
    }

    /// Capture time that was worked on for this lane.
    pub fn at(&self, lane: Lane) -> Time {
        self.at[lane as usize]
    }

    /// Nothing still to come in this lane is about anything earlier.
    pub fn bound(&self, lane: Lane) -> Time {
        self.bound[lane as usize]
    }
}

/// How far a source has come: each kind of media by itself, as one may run ahead of another.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// Latest capture time of each lane; none before its first packet.
    lanes: [Option<Time>; LANES],
}

impl Captured {
    /// The source has captured this.
    pub fn note(&mut self, packet: &Packet) {
        self.reach(packet.lane(), packet.at());
    }

    /// In this lane, nothing earlier than `to` is still to come.
    pub fn reach(&mut self, lane: Lane, to: Time) {
        let reached = &mut self.lanes[lane as usize];
        *reached = (*reached).max(Some(to));
    }

    /// Latest capture time of all.
    pub fn latest(&self) -> Option<Time> {
        self.lanes.iter().copied().max().flatten()
    }

    /// What it tells. `media` are the lanes of media that it makes for somebody: it tells events of all of
    /// them, so these come as far as the last of them.
    pub fn progress(&self, media: impl Iterator<Item = Lane>) -> Progress {
        let slowest = media.map(|it| self.lanes[it as usize]).min();
        let slowest = slowest.unwrap_or(self.latest()).unwrap_or_default();
        let mut at = self.lanes.map(Option::unwrap_or_default);
        at[Lane::Event as usize] = slowest;
        Progress { at, bound: at }
    }
}
