//! Drives one node on its thread: open, work, reopen after a failure, end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::media::clock::Time;
use crate::media::events::{Gap, Health, InBody, Tone};
use crate::media::kind::Lane;
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::{Opener, Prepare, Probe, Role, Running};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::calls::Purpose;
use crate::pipeline::count::metrics::{DropReason, State};
use crate::pipeline::count::pulse::Pulse;
use crate::pipeline::flow::intake::Input;
use crate::pipeline::flow::outlets::Outlets;
use crate::pipeline::flow::turns::{Queue, Ticket};
use crate::pipeline::run::restarts::Restarts;

/// How often a medium that is gone is asked whether it is back.
const PROBE: Duration = Duration::from_millis(500);

/// One node, or one worker of it, on its own thread.
#[derive(Clone)]
pub struct Worker {
    /// What part the node plays.
    pub role: Role,
    /// Opens it.
    pub open: Opener,
    /// Loads what it needs before its medium is opened.
    pub prepare: Option<Prepare>,
    /// Tells whether its medium is there, if that can be told.
    pub probe: Option<Probe>,
    /// Whether it, or anything upstream, cannot wait: then the run outlives its failures.
    pub live: bool,
    /// Its world.
    pub context: Context,
    /// What flows in, shared by the workers of the node; none for a source.
    pub intake: Option<Arc<Queue>>,
    /// What flows out, shared by the workers of the node.
    pub outlets: Arc<Outlets>,
    /// What it waits for, and who waits for it.
    pub gates: Gates,
    /// Shows whether it hangs.
    pub pulse: Arc<Pulse>,
}

/// What a new worker waits for, and who waits for it.
#[derive(Clone, Default)]
pub struct Gates {
    /// Told how the first attempt to open went.
    pub opened: Option<Sender<Opened>>,
    /// Dropped after the first attempt to open, by all but sources.
    pub ready: Option<Sender<()>>,
    /// Closed when all but sources have been opened. A device waits for that before it is opened, a file before
    /// it is read.
    pub everyone: Option<Receiver<()>>,
    /// A source that is open waits until this is closed.
    pub go: Option<Receiver<()>>,
}

/// How opening a node went.
pub struct Opened {
    /// The node.
    pub id: Arc<str>,
    /// What went wrong.
    pub result: Result<(), String>,
}

/// What a worker remembers from one attempt to the next.
#[derive(Default)]
struct Memory {
    /// Capture time of the latest input or output.
    at: Time,
    /// Media stopped here, for this reason; told as an event when it comes back.
    lost: Option<(Time, String)>,
    /// What a sink has failed to write and will be given again.
    unwritten: Option<Input>,
    /// It has been open.
    opened: bool,
    /// The medium was not there when it was last asked for: it may come back during an attempt.
    gone: bool,
    restarts: Restarts,
}

/// What ended an attempt.
struct Failure {
    error: Error,
    panicked: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            error,
            panicked: false,
        }
    }
}

impl Worker {
    /// Runs the node to its end.
    ///
    /// # Errors
    /// The failure that ended it.
    pub fn run(mut self) -> Result<()> {
        let mut memory = Memory::default();
        loop {
            let attempt = catch_unwind(AssertUnwindSafe(|| self.attempt(&mut memory)));
            let failure = match attempt.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(()) => {
                    self.context.stats.set_state(State::Ended);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            self.tell_opened(Err(redact(&failure.error.to_string())));
            if self.pulse.is_left_behind() {
                return Ok(());
            }
            // What has worked may work again, and a device is worth waiting for.
            let retry = matches!(failure.error, Error::Retry(_)) || (self.live && memory.opened);
            if !retry || self.context.stop.is_set() {
                let message = redact(&failure.error.to_string());
                self.context.stats.fail(State::Failed, message);
                return Err(failure.error);
            }
            let pause = self.fail(&failure, &mut memory);
            if self.rest(pause, &mut memory.gone) && self.role == Role::Source {
                return Err(failure.error);
            }
        }
    }

    /// Tells of a failure; gives the pause that it costs.
    fn fail(&self, failure: &Failure, memory: &mut Memory) -> Duration {
        let first = memory.restarts.is_first();
        let (pause, state) = match failure.panicked {
            true => memory.restarts.after_panic(Instant::now()),
            false => memory.restarts.after_failure(),
        };
        let message = redact(&failure.error.to_string());
        // An outage is told once at the start; its repetitions are for those who ask.
        if first || failure.panicked {
            tracing::warn!(node = %self.context.id, "{message}; retrying");
        } else {
            tracing::debug!(node = %self.context.id, ?pause, "{message}; retrying");
        }
        // A source that has never given anything is missed from now on.
        let since = match memory.at {
            Time::ZERO => self.context.clock.now(),
            latest => latest,
        };
        memory.lost.get_or_insert((since, message.clone()));
        self.context.stats.fail(state, message);
        pause
    }

    /// Waits before the next attempt, at most until a medium that was gone is back. Says whether
    /// the run is over.
    fn rest(&self, pause: Duration, gone: &mut bool) -> bool {
        let until = Instant::now() + pause;
        loop {
            match self.probe.as_ref().and_then(|probe| probe()) {
                Some(false) => *gone = true,
                Some(true) if std::mem::take(gone) => return false,
                _ => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.context.stop.wait(left.min(PROBE)) {
                return self.context.stop.is_set();
            }
        }
    }

    fn attempt(&mut self, memory: &mut Memory) -> Result<(), Failure> {
        self.context
            .stats
            .set_state(match memory.restarts.is_first() {
                true => State::Opening,
                false => State::Retrying,
            });
        if self.role == Role::Source && self.live && self.gates.everyone.is_some() {
            self.prepare.iter().for_each(|prepare| prepare());
            self.wait_for_everyone();
        }
        let stats = Arc::clone(&self.context.stats);
        let call = stats.calls.begin(Purpose::Open);
        let mut node = (self.open)(&self.context)?;
        call.succeed();
        memory.opened = true;
        self.tell_opened(Ok(()));
        match self.intake.clone() {
            None if self.wait_for_everyone() || self.is_held() => Ok(()),
            None => self.pump_source(&mut *node, memory),
            Some(queue) => self.pump(&mut *node, &queue, memory),
        }
    }

    /// Says how the first attempt to open went.
    fn tell_opened(&mut self, result: Result<(), String>) {
        let id = Arc::clone(&self.context.id);
        let opened = self.gates.opened.take();
        let _ = opened.map(|it| it.send(Opened { id, result }));
        self.gates.ready = None;
    }

    /// Waits until all nodes that are no sources have been opened; says whether the run is over.
    fn wait_for_everyone(&mut self) -> bool {
        let everyone = self.gates.everyone.take();
        everyone.is_some_and(|it| self.is_over_before(&it))
    }

    /// Waits until the source may begin; says whether it never will.
    fn is_held(&mut self) -> bool {
        let go = self.gates.go.take();
        go.is_some_and(|it| self.is_over_before(&it))
    }

    fn is_over_before(&self, gate: &Receiver<()>) -> bool {
        let look_up = Duration::from_millis(100);
        while gate.recv_timeout(look_up) == Err(RecvTimeoutError::Timeout) {
            if self.context.stop.is_set() {
                return true;
            }
        }
        false
    }

    fn pump_source(&self, node: &mut dyn Running, memory: &mut Memory) -> Result<(), Failure> {
        self.context.stats.set_state(State::Running);
        let mut made = Vec::new();
        while !self.context.stop.is_set() {
            self.pulse.enter(None, None);
            let mut sink = |packet| made.push(packet);
            let flow = node.step(None, &mut Emit::new(&self.context, &mut sink));
            let busy = self.pulse.leave();
            if self.pulse.is_left_behind() {
                break;
            }
            if !made.is_empty() {
                self.context.stats.count_busy(busy);
            }
            for packet in made.drain(..) {
                memory.at = memory.at.max(packet.at());
                self.tell_health(&packet);
                self.recovered(&packet, memory);
                self.outlets.send(memory.at, packet);
                self.outlets.mark(memory.at);
            }
            if flow? == Flow::Done {
                break;
            }
        }
        Ok(())
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
        if packet.lane() == Lane::Event {
            return;
        }
        memory.restarts.worked();
        if let Some((since, reason)) = memory.lost.take() {
            let now = packet.at().max(since);
            let seconds = now.since(since).as_secs_f64();
            tracing::info!(node = %self.context.id, "back after {seconds:.1} s");
            let id = &self.context.id;
            let gap = self
                .context
                .event(id, since, None, Gap::new(since, now, reason));
            self.outlets.send(memory.at, gap.into());
        }
    }

    fn pump(
        &self,
        node: &mut dyn Running,
        queue: &Queue,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        self.context.stats.set_state(State::Running);
        if let Some(input) = memory.unwritten.take() {
            self.handle(node, input, None, memory)?;
        }
        while let Some((input, ticket)) = queue.take() {
            self.handle(node, input, Some(ticket), memory)?;
            if self.pulse.is_left_behind() {
                return Ok(());
            }
        }
        let mut results = Vec::new();
        let mut sink = |packet| results.push(packet);
        node.finish(&mut Emit::new(&self.context, &mut sink))?;
        results
            .into_iter()
            .for_each(|packet| self.outlets.send(memory.at, packet));
        Ok(())
    }

    fn handle(
        &self,
        node: &mut dyn Running,
        input: Input,
        ticket: Option<Ticket<'_>>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        memory.at = memory.at.max(input.at);
        let mut results = Vec::new();
        if let Some((packet, link)) = &input.packet {
            let call = self.context.stats.calls.begin(Purpose::Work);
            let ticket = ticket.as_ref().map(|it| it.number);
            self.pulse.enter(ticket, Some(call.number()));
            let step = catch_unwind(AssertUnwindSafe(|| {
                let packet = Some(packet.clone());
                let mut sink = |packet| results.push(packet);
                Ok(node.step(packet, &mut Emit::new(&self.context, &mut sink))?)
            }));
            self.context.stats.count_busy(self.pulse.leave());
            match step.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(_) => {
                    call.succeed();
                    link.count_forwarded();
                    self.outlets.count_age(packet);
                }
                // Nothing is lost by a sink that waits for room: it gets the same packet again.
                Err(failure)
                    if self.role == Role::Sink && !failure.panicked && self.waits(&failure) =>
                {
                    memory.unwritten = Some(input);
                    return Err(failure);
                }
                Err(failure) => {
                    link.count_dropped(DropReason::Failed);
                    return Err(failure);
                }
            }
            memory.restarts.worked();
        }
        let turn = ticket.as_ref().map(Ticket::wait);
        // The results of a call that was given up come too late.
        if matches!(turn, Some(None)) {
            return Ok(());
        }
        for packet in results {
            self.outlets.send(input.at, packet);
        }
        self.outlets.mark(input.at);
        drop(turn);
        Ok(())
    }

    /// Whether the node will be opened again after this.
    fn waits(&self, failure: &Failure) -> bool {
        self.live || matches!(failure.error, Error::Retry(_))
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure {
        error: Error::Fatal(format!("panicked: {}", text.unwrap_or("without a message"))),
        panicked: true,
    }
}
