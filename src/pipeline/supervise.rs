//! Drives one node on its thread: open, work, reopen after a failure, end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::media::clock::Time;
use crate::media::event::Event;
use crate::media::packet::{Kind, Packet};
use crate::pipeline::catalogue::{Opener, Role, Running};
use crate::pipeline::context::Context;
use crate::pipeline::intake::{Input, Intake};
use crate::pipeline::metrics::{DropReason, State};
use crate::pipeline::node::{Error, Flow, Result};
use crate::pipeline::outlets::Outlets;
use crate::pipeline::secret::redact;

/// First pause before a node is reopened.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// Longest pause, before jitter: a camera that comes back is seen again within 5 s.
const BACKOFF_LAST: Duration = Duration::from_secs(2);

/// One node, or one worker of it, on its own thread.
pub struct Worker {
    /// What part the node plays.
    pub role: Role,
    /// Opens it.
    pub open: Opener,
    /// Its world.
    pub context: Context,
    /// What flows in, shared by the workers of the node; none for a source.
    pub intake: Option<Arc<Queue>>,
    /// What flows out, shared by the workers of the node.
    pub outlets: Arc<Outlets>,
    /// Dropped after the first attempt to open: sources wait for everyone else.
    pub ready: Option<Sender<()>>,
}

/// A node's inputs, handed out to its workers one by one, and their turns to put out results.
pub struct Queue {
    intake: Mutex<(Intake, u64)>,
    turn: Mutex<u64>,
    next: Condvar,
}

/// A worker's place in the sequence. Dropping it lets the next one put out its results.
struct Ticket<'a> {
    queue: &'a Queue,
    number: u64,
}

impl Queue {
    /// Hands out what `intake` brings.
    pub fn new(intake: Intake) -> Queue {
        Queue {
            intake: Mutex::new((intake, 0)),
            turn: Mutex::new(0),
            next: Condvar::new(),
        }
    }

    fn take(&self) -> Option<(Input, Ticket<'_>)> {
        let mut guard = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let (intake, taken) = &mut *guard;
        let input = intake.take()?;
        let number = *taken;
        *taken += 1;
        Some((
            input,
            Ticket {
                queue: self,
                number,
            },
        ))
    }
}

impl Ticket<'_> {
    /// Waits until all earlier inputs have been dealt with.
    fn wait(&self) -> MutexGuard<'_, u64> {
        let turn = self
            .queue
            .turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.queue
            .next
            .wait_while(turn, |turn| *turn != self.number)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        *self.wait() += 1;
        self.queue.next.notify_all();
    }
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
    /// Failures since the last success.
    failures: u32,
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
            self.ready = None;
            let error = match attempt.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(()) => {
                    self.context.stats.set_state(State::Ended);
                    return Ok(());
                }
                Err(error) => error,
            };
            let message = redact(&error.to_string());
            let retry = matches!(error, Error::Retry(_));
            if !retry || self.context.stop.is_set() {
                self.context.stats.fail(State::Failed, message);
                return Err(error);
            }
            let pause = backoff(memory.failures);
            // An outage is told once at the start; its repetitions are for those who ask.
            if memory.failures == 0 {
                tracing::warn!(node = %self.context.id, "{message}; retrying");
            } else {
                tracing::debug!(node = %self.context.id, ?pause, "{message}; retrying");
            }
            memory.failures += 1;
            // A source that has never given anything is missed from now on.
            let since = match memory.at {
                Time::ZERO => self.context.clock.now(),
                latest => latest,
            };
            memory.lost.get_or_insert((since, message.clone()));
            self.context.stats.fail(State::Retrying, message);
            if self.context.stop.wait(pause) && self.role == Role::Source {
                return Err(error);
            }
        }
    }

    fn attempt(&mut self, memory: &mut Memory) -> Result<()> {
        self.context.stats.set_state(match memory.failures {
            0 => State::Opening,
            _ => State::Retrying,
        });
        let mut node = (self.open)(&self.context)?;
        self.ready = None;
        match self.intake.clone() {
            None => self.pump_source(&mut *node, memory),
            Some(queue) => self.pump(&mut *node, &queue, memory),
        }
    }

    fn pump_source(&self, node: &mut dyn Running, memory: &mut Memory) -> Result<()> {
        self.context.stats.set_state(State::Running);
        while !self.context.stop.is_set() {
            let started = Instant::now();
            let mut emitted = false;
            let flow = node.step(None, &mut |packet| {
                memory.at = memory.at.max(packet.at());
                self.recovered(&packet, memory);
                self.outlets.send(memory.at, packet);
                emitted = true;
            })?;
            if emitted {
                self.context.stats.count_busy(started.elapsed());
                self.outlets.mark(memory.at);
            }
            if flow == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    /// The first media after an outage: tells how long it was.
    fn recovered(&self, packet: &Packet, memory: &mut Memory) {
        if packet.kind() == Kind::Event {
            return;
        }
        memory.failures = 0;
        if let Some((since, reason)) = memory.lost.take() {
            let now = packet.at().max(since);
            let seconds = now.since(since).as_secs_f64();
            tracing::info!(node = %self.context.id, "back after {seconds:.1} s");
            let gap = Event::gap(&self.context.id, since, now, reason);
            self.outlets.send(memory.at, gap.into());
        }
    }

    fn pump(&self, node: &mut dyn Running, queue: &Queue, memory: &mut Memory) -> Result<()> {
        self.context.stats.set_state(State::Running);
        if let Some(input) = memory.unwritten.take() {
            self.handle(node, input, None, memory)?;
        }
        while let Some((input, ticket)) = queue.take() {
            self.handle(node, input, Some(ticket), memory)?;
        }
        let mut results = Vec::new();
        node.finish(&mut |packet| results.push(packet))?;
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
    ) -> Result<()> {
        memory.at = memory.at.max(input.at);
        let mut results = Vec::new();
        if let Some((packet, link)) = &input.packet {
            let started = Instant::now();
            let step = catch_unwind(AssertUnwindSafe(|| {
                node.step(Some(packet.clone()), &mut |packet| results.push(packet))
            }));
            self.context.stats.count_busy(started.elapsed());
            match step.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(_) => {
                    link.count_forwarded();
                    self.outlets.count_age(packet);
                }
                // Nothing is lost by a sink that waits for room: it gets the same packet again.
                Err(error @ Error::Retry(_)) if self.role == Role::Sink => {
                    memory.unwritten = Some(input);
                    return Err(error);
                }
                Err(error) => {
                    link.count_dropped(DropReason::Failed);
                    return Err(error);
                }
            }
            memory.failures = 0;
        }
        let turn = ticket.as_ref().map(Ticket::wait);
        for packet in results {
            self.outlets.send(input.at, packet);
        }
        self.outlets.mark(input.at);
        drop(turn);
        Ok(())
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::Fatal(format!("panicked: {}", text.unwrap_or("without a message")))
}

/// 0.5 s, doubled for every failure up to 2 s, give or take a fifth so that cameras that failed
/// together do not come back together.
fn backoff(failures: u32) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(1 << failures.min(8));
    doubled
        .min(BACKOFF_LAST)
        .mul_f64(0.8 + 0.4 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_limit_with_jitter() {
        for (failures, seconds) in [(0, 0.5), (1, 1.0), (2, 2.0), (3, 2.0), (1_000, 2.0)] {
            let pause = backoff(failures).as_secs_f64();
            assert!(
                (0.8 * seconds..=1.2 * seconds).contains(&pause),
                "{failures}: {pause}"
            );
        }
    }
}
