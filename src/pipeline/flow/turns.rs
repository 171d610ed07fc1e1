//! Hands the inputs of a node to its workers one by one, and lets their results out in that order.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::pipeline::flow::intake::{Input, Intake};

/// A node's inputs, shared by its workers.
pub struct Queue {
    intake: Mutex<(Intake, u64)>,
    turns: Mutex<Turns>,
    next: Condvar,
}

/// Whose results are due.
#[derive(Default)]
pub struct Turns {
    now: u64,
    /// Tickets of workers that hang, still to come.
    skipped: BTreeSet<u64>,
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
}

impl Queue {
    /// Hands out what `intake` brings.
    pub fn new(intake: Intake) -> Queue {
        Queue {
            intake: Mutex::new((intake, 0)),
            turns: Mutex::default(),
            next: Condvar::new(),
        }
    }

    /// The next input; none when all producers have ended.
    pub fn take(&self) -> Option<(Input, Ticket<'_>)> {
        let mut guard = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let (intake, taken) = &mut *guard;
        let input = intake.take()?;
        let number = *taken;
        *taken += 1;
        let queue = self;
        Some((input, Ticket { queue, number }))
    }

    /// Waits no longer for the results of a ticket.
    pub fn skip(&self, number: u64) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.now == number {
            turns.pass();
        } else if number > turns.now {
            turns.skipped.insert(number);
        }
        self.next.notify_all();
    }
}

impl Ticket<'_> {
    /// Waits until all earlier inputs have been dealt with; none if nobody waits for this one.
    pub fn wait(&self) -> Option<MutexGuard<'_, Turns>> {
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
            turns.pass();
            self.queue.next.notify_all();
        }
    }
}
