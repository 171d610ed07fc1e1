//! Takes from one open source what it captures.

use crate::media::events::{Gap, Health, InBody, Tone};
use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::Running;
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::count::metrics::State;
use crate::pipeline::flow::progress::Progress;
use crate::pipeline::run::worker::{Failure, Memory, Worker};

impl Worker {
    /// Asks a source for more until it is done or to stop.
    pub fn pump_source(&self, node: &mut dyn Running, memory: &mut Memory) -> Result<(), Failure> {
        self.context.stats.set_state(State::Running);
        let mut made = Vec::new();
        while !self.context.stop.is_set() {
            self.pulse.enter(None, None);
            let mut sink = |packet| made.push(packet);
            let flow = node.step(None, &mut Emit::new(&self.context, &mut sink));
            self.pulse.leave();
            if self.pulse.is_left_behind() {
                break;
            }
            for packet in made.drain(..) {
                self.tell_health(&packet);
                if packet.lane() != Lane::Event {
                    memory.captured.note(&packet);
                    self.recovered(&packet, memory);
                }
                self.outlets.put(&[packet], self.progress(memory));
            }
            if flow? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    /// How far the source has come in what somebody takes of it.
    fn progress(&self, memory: &Memory) -> Progress {
        let wanted = |lane: &Lane| *lane != Lane::Event && self.context.wanted.has(*lane);
        memory
            .captured
            .progress(self.makes.iter().copied().filter(wanted))
    }

    /// Logs that media arrive and are of no use, or are again.
    fn tell_health(&self, packet: &Packet) {
        let Packet::Event(event) = packet else { return };
        if Health::of(&event.body).is_none() {
            return;
        }
        let (node, sentence) = (&self.context.id, event.sentence());
        match event.body.tone() {
            Tone::Alarm => tracing::warn!(%node, "{sentence}"),
            _ => tracing::info!(%node, "{sentence}"),
        }
    }

    /// The first media after an outage: tells how long it was.
    fn recovered(&self, packet: &Packet, memory: &mut Memory) {
        memory.restarts.worked();
        if let Some((since, reason)) = memory.lost.take() {
            let now = packet.at().max(since);
            let seconds = now.since(since).as_secs_f64();
            tracing::info!(node = %self.context.id, "back after {seconds:.1} s");
            let id = &self.context.id;
            let gap = self
                .context
                .event(id, since, None, Gap::new(since, now, reason));
            self.outlets.put(&[gap.into()], self.progress(memory));
        }
    }
}
