//! Hands the inputs of a node to its workers one by one, and lets their results out in that order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::pipeline::flow::intake::{Input, Intake};
use crate::pipeline::flow::lane::Lane;

/// So many inputs that are no packets can be put off until those before them have been dealt with.
const MOST_PUT_OFF: usize = 10_000;

/// A node's inputs, shared by its workers.
pub struct Queue {
    intake: Mutex<(Intake, u64)>,
    turns: Mutex<Turns>,
    next: Condvar,
    paused: AtomicBool,
}

/// Whose results are due.
#[derive(Default)]
pub struct Turns {
    now: u64,
    /// Tickets of workers that hang, still to come.
    skipped: BTreeSet<u64>,
    /// Inputs without a packet: a worker that waited for their turn could do nothing else meanwhile.
    put_off: BTreeMap<u64, Input>,
}

/// A worker's place in the sequence. Dropping it lets the next one put out its results.
pub struct Ticket<'a> {
    queue: &'a Queue,
    /// Its number in the sequence.
    pub number: u64,
}

impl Turns {
    fn pass(&mut self) {
        self.now += 1;
        while self.skipped.remove(&self.now) {
            self.now += 1;
        }
    }

    /// The same where nobody tells of what was put off until now: what comes later tells more.
    fn pass_over(&mut self) {
        self.pass();
        while self.next_put_off().is_some() {
            self.pass();
        }
    }

    fn next_put_off(&mut self) -> Option<Input> {
        let now = self.now;
        self.put_off.remove(&now)
    }
}

impl Queue {
    /// Hands out what `intake` brings.
    pub fn new(intake: Intake) -> Queue {
        Queue {
            intake: Mutex::new((intake, 0)),
            turns: Mutex::default(),
            next: Condvar::new(),
            paused: AtomicBool::new(false),
        }
    }

    /// Hands out nothing more, or does again: what comes meanwhile waits.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Relaxed);
    }

    /// Whether it was paused.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Relaxed)
    }

    /// Everything that leads to the node, for one that takes its place.
    pub fn leave(&self) -> Vec<Lane> {
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        intake.0.leave()
    }

    /// The next input; none when all producers have ended, or while it is paused.
    pub fn take(&self) -> Option<(Input, Ticket<'_>)> {
        let mut guard = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let (intake, taken) = &mut *guard;
        loop {
            let input = intake.take(&self.paused)?;
            let number = *taken;
            *taken += 1;
            if let Some(input) = self.put_off(number, input) {
                let queue = self;
                return Some((input, Ticket { queue, number }));
            }
        }
    }

    /// Leaves an input that is no packet to the worker whose turn is before it, if there is one.
    fn put_off(&self, number: u64, input: Input) -> Option<Input> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let its_turn = turns.now == number || turns.put_off.len() >= MOST_PUT_OFF;
        if input.packet.is_some() || its_turn {
            return Some(input);
        }
        turns.put_off.insert(number, input);
        None
    }

    /// Waits no longer for the results of a ticket.
    pub fn skip(&self, number: u64) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.now == number {
            turns.pass_over();
        } else if number > turns.now {
            turns.skipped.insert(number);
        }
        self.next.notify_all();
    }
}

impl Ticket<'_> {
    /// When all earlier inputs have been dealt with, puts out the results of this one, and tells of those
    /// after it that are no packets. Does nothing if nobody waits for this one any more.
    pub fn put(self, put: impl FnOnce(), tell: impl Fn(&Input)) {
        let Some(mut turns) = self.wait() else { return };
        put();
        turns.pass();
        while let Some(input) = turns.next_put_off() {
            tell(&input);
            turns.pass();
        }
        self.queue.next.notify_all();
    }

    /// Waits until all earlier inputs have been dealt with; none if nobody waits for this one.
    fn wait(&self) -> Option<MutexGuard<'_, Turns>> {
        let turns = self.queue.turns.lock();
        let turns = turns.unwrap_or_else(PoisonError::into_inner);
        let early = |turns: &mut Turns| turns.now < self.number;
        let turns = self.queue.next.wait_while(turns, early);
        let turns = turns.unwrap_or_else(PoisonError::into_inner);
        (turns.now == self.number).then_some(turns)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(mut turns) = self.wait() {
            turns.pass_over();
            self.queue.next.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::clock::Time;
    use crate::media::kind::WhenFull;
    use crate::pipeline::contract::stop::Stop;
    use crate::pipeline::contract::testing::gap;
    use crate::pipeline::flow::link::link;
    use std::sync::Arc;
    use std::time::Duration;

    /// One worker hangs, another has taken what is no packet and then the next packet: nobody else would
    /// pass on the turn between them.
    #[test]
    fn what_was_put_off_behind_a_worker_that_hangs_holds_up_nobody() {
        let at = |second: u64| Time::from_secs_f64(second as f64);
        let (outlet, inlet) = link(8, WhenFull::Block, true, Stop::default());
        outlet.send(at(1), at(1), gap("a", 1));
        outlet.mark(at(2), at(2));
        outlet.send(at(3), at(3), gap("a", 3));
        let joining = crossbeam_channel::never();
        let intake = Intake::new(vec![inlet], joining, true, Stop::default());
        let queue = Arc::new(Queue::new(intake));
        let (_, hangs) = queue.take().expect("a packet");
        let number = hangs.number;
        std::mem::forget(hangs);
        let (done, is_done) = std::sync::mpsc::channel();
        let other = Arc::clone(&queue);
        std::thread::spawn(move || {
            let (input, ticket) = other.take().expect("a packet");
            assert_eq!(input.at, at(3));
            let _ = done.send(false);
            let put = || assert!(done.send(true).is_ok());
            ticket.put(put, |_| {});
        });
        let patience = Duration::from_secs(5);
        assert_eq!(is_done.recv_timeout(patience), Ok(false));
        queue.skip(number);
        assert_eq!(is_done.recv_timeout(patience), Ok(true));
    }
}
