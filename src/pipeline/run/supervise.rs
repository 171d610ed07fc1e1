//! Drives one node on its thread: open, work, reopen after a failure, end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::pipeline::contract::catalogue::Role;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::count::calls::Purpose;
use crate::pipeline::count::metrics::State;
use crate::pipeline::run::worker::{Failure, Memory, Opened, Worker, panicked};

/// A device waits so long for models to be opened; then it begins for those nodes that are open.
const LONGEST_OPENING: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 30 });
/// How often a medium that is gone is asked whether it is back.
const PROBE: Duration = Duration::from_millis(500);

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
                    return self.is_back(&mut memory);
                }
                Err(failure) => failure,
            };
            self.tell_opened(Err(redact(&failure.error.to_string())));
            if self.pulse.is_left_behind() {
                return Ok(());
            }
            if matches!(failure.error, Error::Over) {
                self.context.stats.set_state(State::Ended);
                self.lose(&mut memory);
                // Told to stop, it has nothing to tell the others.
                let told = self.context.stop.is_set();
                return if told {
                    self.is_back(&mut memory)
                } else {
                    Err(failure.error)
                };
            }
            if self.is_stopped_at_work(&failure, &memory) {
                self.context.stats.set_state(State::Ended);
                return Ok(());
            }
            // What has worked may work again, and a device is worth waiting for.
            let retry = failure.error.may_pass() || (self.live && memory.opened);
            if !retry || self.context.stop.is_set() {
                let message = redact(&failure.error.to_string());
                self.context.stats.fail(State::Failed, message);
                self.lose(&mut memory);
                self.tell_lost(self.context.clock.now(), &mut memory);
                return Err(failure.error);
            }
            let pause = self.fail(&failure, &mut memory);
            let refused = matches!(failure.error, Error::Refused(_));
            if self.rest(pause, refused, &mut memory) && self.role == Role::Source {
                self.tell_lost(self.context.clock.now(), &mut memory);
                return Err(failure.error);
            }
        }
    }

    /// Whether a source that ends, perhaps in the middle of connecting, had come back from its last failure.
    fn is_back(&self, memory: &mut Memory) -> Result<()> {
        let lost = memory.lost.as_ref().map(|(_, why)| why.clone());
        match lost.filter(|_| self.role == Role::Source) {
            Some(why) => {
                self.context.stats.set_state(State::Failed);
                self.tell_lost(self.context.clock.now(), memory);
                Err(Error::Retry(why))
            }
            None => Ok(()),
        }
    }

    /// Whether a source that was giving media fails because it was told to stop: a stream ends for whoever reads it then.
    fn is_stopped_at_work(&self, failure: &Failure, memory: &Memory) -> bool {
        let at_work = memory.opened && memory.restarts.is_first();
        self.context.stop.is_set()
            && self.role == Role::Source
            && at_work
            && failure.error.may_pass()
    }

    /// Tells of a failure; gives the pause that it costs.
    fn fail(&self, failure: &Failure, memory: &mut Memory) -> Duration {
        let first = memory.restarts.is_first();
        let (pause, state) = match failure.error {
            _ if failure.panicked => memory.restarts.after_panic(Instant::now()),
            Error::Refused(_) => memory.restarts.after_refusal(),
            _ => memory.restarts.after_failure(),
        };
        let mut message = redact(&failure.error.to_string());
        if matches!(failure.error, Error::Refused(_)) {
            let minutes = pause.as_secs_f64() / 60.0;
            message += &format!(
                "; it is asked again in {minutes:.0} min, or when the pipeline file has changed"
            );
        }
        // An outage is told once at the start; its repetitions are for those who ask.
        if first || failure.panicked {
            tracing::warn!(node = %self.context.id, "{message}; retrying");
        } else {
            tracing::debug!(node = %self.context.id, ?pause, "{message}; retrying");
        }
        // A source that has never given anything is missed from now on.
        let latest = memory.captured.latest();
        let since = latest.unwrap_or_else(|| self.context.clock.now());
        memory.lost.get_or_insert((since, message.clone()));
        self.context.stats.fail(state, message);
        pause
    }

    /// Waits before the next attempt, at most until a medium that was gone is back; one that has refused us is not
    /// asked before. Says whether the run is over.
    fn rest(&self, pause: Duration, refused: bool, memory: &mut Memory) -> bool {
        let until = Instant::now() + pause;
        loop {
            let probe = self.probe.as_ref().filter(|_| !refused);
            match probe.and_then(|probe| probe()) {
                Some(false) => memory.gone = true,
                Some(true) if std::mem::take(&mut memory.gone) => return false,
                _ => {}
            }
            self.tell_away(memory);
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
        // A file is read once, so that nobody may miss its beginning.
        let limit = self.live.then(|| Instant::now() + LONGEST_OPENING);
        everyone.is_some_and(|it| self.is_over_before(&it, limit))
    }

    /// Waits until the source may begin; says whether it never will.
    fn is_held(&mut self) -> bool {
        let go = self.gates.go.take();
        go.is_some_and(|it| self.is_over_before(&it, None))
    }

    /// Whether the run ends before the gate is opened, or the time has come to go on without.
    fn is_over_before(&self, gate: &Receiver<()>, limit: Option<Instant>) -> bool {
        let look_up = Duration::from_millis(100);
        while gate.recv_timeout(look_up) == Err(RecvTimeoutError::Timeout) {
            if self.context.stop.is_set() {
                return true;
            }
            if limit.is_some_and(|it| Instant::now() > it) {
                return false;
            }
        }
        false
    }
}
