//! Takes from one open source what it captures.

use std::time::Duration;

use crate::media::clock::Time;
use crate::media::events::{Body, Condition, Gap, Health, InBody, Tone};
use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Role, Running};
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::contract::pressure::Way;
use crate::pipeline::count::metrics::State;
use crate::pipeline::flow::progress::Progress;
use crate::pipeline::run::worker::{Failure, Memory, Worker};

/// A device that has given nothing for so long is away; what is shorter is a gap only.
const AWAY: Duration = Duration::from_secs(3);

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
            self.tell_strain(memory);
            for packet in made.drain(..) {
                self.hand_on(packet, memory);
            }
            if flow? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    fn hand_on(&self, packet: Packet, memory: &mut Memory) {
        self.tell_health(&packet);
        if packet.lane() != Lane::Event {
            memory.captured.note(&packet);
            self.recovered(&packet, memory);
        }
        if packet.lane() == Lane::Frame && self.leaves_out(memory) {
            return self.outlets.leave_out(&packet);
        }
        self.outlets.put(&[packet], self.progress(memory));
    }

    /// Whether the next frame is one that is left out, as the machine is short.
    fn leaves_out(&self, memory: &mut Memory) -> bool {
        memory.frames += 1;
        let one_in = match self.least_needed {
            true if self.context.yields(Way::LeastNeeded) => 4,
            _ if self.context.yields(Way::Cameras) => 2,
            _ => 1,
        };
        !memory.frames.is_multiple_of(one_in)
    }

    /// Tells that less is done with what a device gives, as the machine is short, and that all is done again.
    fn tell_strain(&self, memory: &mut Memory) {
        // The first of all gives way as soon as anything does.
        if self.context.yields(Way::Shadows) == memory.strained.is_some() {
            return;
        }
        let now = self.context.clock.now();
        match (self.context.pressure.now(), memory.strained) {
            (Some(relief), None) => {
                memory.strained = Some(now);
                let told = Health::new(Condition::Strained, true, Duration::ZERO);
                self.tell(told.because(&*relief.reason), now, memory);
            }
            (None, Some(since)) => {
                memory.strained = None;
                let told = Health::new(Condition::Strained, false, now.since(since));
                self.tell(told, now, memory);
            }
            _ => {}
        }
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

    /// Tells, once, of a device that has given nothing for long, or never anything.
    pub fn tell_away(&self, memory: &mut Memory) {
        let Some((since, _)) = &memory.lost else {
            return;
        };
        let now = self.context.clock.now();
        let is_device = self.role == Role::Source && self.live;
        if is_device && !memory.away && now.since(*since) > AWAY {
            memory.away = true;
            self.tell(
                Health::new(Condition::Away, true, now.since(*since)),
                now,
                memory,
            );
        }
    }

    /// Tells an event of the source itself.
    fn tell(&self, body: impl Into<Body>, at: Time, memory: &Memory) {
        let event = self.context.event(&self.context.id, at, None, body);
        self.outlets.put(&[event.into()], self.progress(memory));
    }

    /// The first media after an outage: tells how long it was.
    fn recovered(&self, packet: &Packet, memory: &mut Memory) {
        memory.restarts.worked();
        let away = std::mem::take(&mut memory.away);
        if let Some((seconds, now)) = self.tell_lost(packet.at(), memory) {
            tracing::info!(node = %self.context.id, "back after {seconds:.1} s");
            if away {
                let lasted = Duration::from_secs_f64(seconds);
                self.tell(Health::new(Condition::Away, false, lasted), now, memory);
            }
        }
    }

    /// Tells what was lost until now, if anything was; gives how many seconds that are.
    pub fn tell_lost(&self, now: Time, memory: &mut Memory) -> Option<(f64, Time)> {
        let (since, reason) = memory.lost.take()?;
        let now = now.max(since);
        self.tell(Gap::new(since, now, reason), since, memory);
        Some((now.since(since).as_secs_f64(), now))
    }
}
