//! Several threads that want the same done at about the same time: one of them does it for all who are there.
//!
//! Who comes while nobody works leads: takes what all who wait have brought, works, and hands it back. Who comes
//! meanwhile waits and is in the next batch, which one of those who waited leads. Nobody waits for a thread that has
//! gone: one that panics hands its batch back as failed, and one that hangs is given up after a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::contract::error::{Error, Result};

/// How far beyond its time somebody is still expected.
const LATE: Duration = Duration::from_millis(1);
/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often who waits looks whether the leader hangs.
const LOOK: Duration = Duration::from_secs(1);

/// Where threads meet.
pub struct Turns<L> {
    table: Mutex<Table<L>>,
    /// Loads that are worked on at once, at most.
    most: usize,
}

/// The place of one thread; it leaves when this is dropped.
pub struct Seat<L> {
    turns: Arc<Turns<L>>,
    number: u64,
    woken: Arc<Condvar>,
}

struct Table<L> {
    /// A leader waits so long at most for others who are due.
    gather: Duration,
    chairs: BTreeMap<u64, Chair<L>>,
    /// What was brought, with the chair, in the order of arrival: one each at most.
    waiting: Vec<(u64, L)>,
    leader: Option<Leader>,
    /// Of the next chair or turn.
    next: u64,
}

struct Chair<L> {
    woken: Arc<Condvar>,
    answer: Option<Result<L>>,
    /// When it was answered last, and how long it stayed away before it came again.
    answered: Option<Instant>,
    away: Option<Duration>,
}

struct Leader {
    turn: u64,
    since: Instant,
    /// While it waits for others.
    gathers: Option<Arc<Condvar>>,
}

impl<L> Turns<L> {
    /// Where up to `most` meet, and who leads waits for at most `gather` for others who are due.
    pub fn new(most: usize, gather: Duration) -> Turns<L> {
        let table = Table {
            gather,
            chairs: BTreeMap::new(),
            waiting: Vec::new(),
            leader: None,
            next: 0,
        };
        let table = Mutex::new(table);
        Turns { table, most }
    }

    fn table(&self) -> MutexGuard<'_, Table<L>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> Table<L> {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn arrive(&mut self, number: u64, load: L, now: Instant) {
        if let Some(chair) = self.chairs.get_mut(&number) {
            chair.away = chair.answered.map(|it| now - it);
        }
        self.waiting.push((number, load));
        let Some(Leader { since, gathers, .. }) = &self.leader else {
            return;
        };
        if let Some(leader) = gathers
            && self.expected(*since, now).is_none()
        {
            leader.notify_one();
        }
    }

    fn waits(&self, number: u64) -> bool {
        self.waiting.iter().any(|it| it.0 == number)
    }

    fn leader_hangs(&self) -> bool {
        let leader = self.leader.as_ref();
        leader.is_some_and(|it| it.since.elapsed() > PATIENCE)
    }

    /// Until when a leader waits for others who will be there soon, going by how long they stayed away before.
    fn expected(&self, since: Instant, now: Instant) -> Option<Instant> {
        let due = |(number, chair): (&u64, &Chair<L>)| {
            let due = chair.answered? + chair.away?;
            let soon = due <= since + self.gather && now < due + LATE;
            (soon && !self.waits(*number)).then_some(due + LATE)
        };
        let last = self.chairs.iter().filter_map(due).max()?;
        Some(last.min(since + self.gather)).filter(|&it| now < it)
    }
}

/// What a leader works on. However it ends, everybody is answered.
struct Turn<'a, L> {
    turns: &'a Turns<L>,
    turn: u64,
    chairs: Vec<u64>,
    loads: Vec<L>,
    result: Result<()>,
}

impl<L> Drop for Turn<'_, L> {
    fn drop(&mut self) {
        let mut table = self.turns.table();
        let now = Instant::now();
        for (number, load) in self.chairs.iter().zip(self.loads.drain(..)) {
            // Who did not want to wait any longer has gone.
            if let Some(chair) = table.chairs.get_mut(number) {
                chair.answer = Some(self.result.clone().map(|()| load));
                chair.answered = Some(now);
                chair.woken.notify_one();
            }
        }
        // Another one leads if this one was given up.
        if table.leader.as_ref().is_some_and(|it| it.turn == self.turn) {
            table.leader = None;
        }
        if let Some((next, _)) = table.waiting.first()
            && let Some(chair) = table.chairs.get(next)
        {
            chair.woken.notify_one();
        }
    }
}

impl<L> Seat<L> {
    /// A place among the others.
    pub fn new(turns: Arc<Turns<L>>) -> Seat<L> {
        let woken = Arc::new(Condvar::new());
        let chair = Chair {
            woken: Arc::clone(&woken),
            answer: None,
            answered: None,
            away: None,
        };
        let mut table = turns.table();
        let number = table.number();
        table.chairs.insert(number, chair);
        drop(table);
        Seat {
            turns,
            number,
            woken,
        }
    }

    /// Whether nobody else has a place.
    pub fn is_alone(&self) -> bool {
        self.turns.table().chairs.len() == 1
    }

    /// Brings a load and gives it back when it was worked on: by `run`, together with what others have brought, or
    /// by what one of them calls.
    ///
    /// # Errors
    /// What the one who worked was told; `Retry` if it panicked or hangs.
    pub fn work(&self, load: L, run: impl FnOnce(&mut [L]) -> Result<()>) -> Result<L> {
        let mut table = self.turns.table();
        table.arrive(self.number, load, Instant::now());
        loop {
            if let Some(answer) = self.answer(&mut table) {
                return answer;
            }
            let waits = table.waits(self.number);
            if waits && (table.leader.is_none() || table.leader_hangs()) {
                break;
            }
            if !waits && table.leader_hangs() {
                // What it may still hand back is not for the next that is asked.
                table.chairs.remove(&self.number);
                return Err(Error::retry("the model does not answer"));
            }
            let waited = self.woken.wait_timeout(table, LOOK);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let mut turn = self.lead(table);
        turn.result = run(&mut turn.loads);
        drop(turn);
        let answer = self.answer(&mut self.turns.table());
        answer.unwrap_or_else(|| Err(Error::retry("the model was given up")))
    }

    fn answer(&self, table: &mut Table<L>) -> Option<Result<L>> {
        let chair = table.chairs.get_mut(&self.number);
        chair.and_then(|it| it.answer.take())
    }

    /// Waits for others who are due, and takes what is there.
    fn lead<'a>(&'a self, mut table: MutexGuard<'a, Table<L>>) -> Turn<'a, L> {
        let (turn, since) = (table.number(), Instant::now());
        table.leader = Some(Leader {
            turn,
            since,
            gathers: Some(Arc::clone(&self.woken)),
        });
        while let Some(until) = table.expected(since, Instant::now()) {
            let time = until.saturating_duration_since(Instant::now());
            let waited = self.woken.wait_timeout(table, time);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(leader) = &mut table.leader {
            leader.gathers = None;
        }
        // Its own load is among them, however many there are.
        let own = table.waiting.iter().position(|it| it.0 == self.number);
        table.waiting.swap(0, own.unwrap_or(0));
        let count = table.waiting.len().min(self.turns.most);
        let (chairs, loads) = table.waiting.drain(..count).unzip();
        drop(table);
        Turn {
            turns: &self.turns,
            turn,
            chairs,
            loads,
            result: Err(Error::retry(
                "the model failed on what another node brought",
            )),
        }
    }
}

impl<L> Drop for Seat<L> {
    fn drop(&mut self) {
        let mut table = self.turns.table();
        table.chairs.remove(&self.number);
        table.waiting.retain(|it| it.0 != self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    use super::*;

    type Answers = Vec<Result<u32>>;

    /// One leads, and does not end before three others wait; gives its answer and theirs, and how many were worked on
    /// at once.
    fn four(
        first: impl Fn() -> Result<()> + Sync,
        then: fn() -> Result<()>,
    ) -> (Answers, Vec<usize>) {
        let turns = Arc::new(Turns::new(32, Duration::from_millis(5)));
        let batches = Mutex::new(Vec::new());
        let run = |loads: &mut [u32], end: &dyn Fn() -> Result<()>| {
            batches
                .lock()
                .expect("nobody panics here")
                .push(loads.len());
            loads.iter_mut().for_each(|it| *it += 100);
            end()
        };
        let wait = || {
            while turns.table().waiting.len() < 3 {
                thread::yield_now();
            }
        };
        let (turns, wait, run, first) = (&turns, &wait, &run, &first);
        let lead = move || {
            let work = || {
                let end: &dyn Fn() -> Result<()> = &|| {
                    wait();
                    first()
                };
                Seat::new(Arc::clone(turns)).work(0, |loads| run(loads, end))
            };
            catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::retry("panicked")))
        };
        let follow = |load| {
            while turns.table().leader.is_none() {
                thread::yield_now();
            }
            Seat::new(Arc::clone(turns)).work(load, |loads| run(loads, &then))
        };
        let answers = thread::scope(|scope| {
            let leader = scope.spawn(lead);
            let others = [1, 2, 3].map(|it| scope.spawn(move || follow(it)));
            let all = std::iter::once(leader).chain(others);
            all.map(|it| it.join().expect("it is caught")).collect()
        });
        assert!(turns.table().chairs.is_empty() && turns.table().leader.is_none());
        (answers, batches.into_inner().expect("nobody panics here"))
    }

    fn numbers(answers: Answers) -> Vec<Option<u32>> {
        answers.into_iter().map(Result::ok).collect()
    }

    #[test]
    fn who_comes_during_a_run_is_in_the_next_one_and_gets_back_its_own() {
        let (answers, batches) = four(|| Ok(()), || Ok(()));
        assert_eq!(numbers(answers), [100, 101, 102, 103].map(Some));
        assert_eq!(batches, [1, 3]);
    }

    #[test]
    fn an_error_reaches_everybody_in_the_batch_and_nobody_else() {
        let (answers, batches) = four(|| Ok(()), || Err(Error::retry("it failed")));
        assert_eq!(numbers(answers), [Some(100), None, None, None]);
        assert_eq!(batches, [1, 3]);
    }

    #[test]
    fn a_panic_keeps_nobody_waiting() {
        let (answers, batches) = four(|| panic!("as the test wants"), || Ok(()));
        assert_eq!(numbers(answers), [None, Some(101), Some(102), Some(103)]);
        assert_eq!(batches, [1, 3]);
    }

    #[test]
    fn a_leader_waits_for_those_who_are_due_and_for_nobody_else() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        // When the other one was answered, and how long it stayed away the time before.
        let wait = |answered: Duration, away: Option<Duration>, waits: bool| {
            let turns = Arc::new(Turns::<()>::new(32, ms(5)));
            let (_leader, other) = (Seat::new(Arc::clone(&turns)), Seat::new(Arc::clone(&turns)));
            let mut table = turns.table();
            let chair = table.chairs.get_mut(&other.number).expect("it sits there");
            (chair.answered, chair.away) = (now.checked_sub(answered), away);
            if waits {
                table.waiting.push((other.number, ()));
            }
            let until = table.expected(now, now);
            drop(table);
            until.map(|it| it - now)
        };
        assert_eq!(
            wait(ms(30), Some(ms(32)), false),
            Some(ms(3)),
            "due in 2 ms"
        );
        assert_eq!(
            wait(ms(27), Some(ms(32)), false),
            Some(ms(5)),
            "no longer than that"
        );
        assert_eq!(wait(ms(20), Some(ms(32)), false), None, "later");
        assert_eq!(wait(ms(40), Some(ms(32)), false), None, "it does not come");
        assert_eq!(wait(ms(30), None, false), None, "nothing is known of it");
        assert_eq!(wait(ms(30), Some(ms(32)), true), None, "it is there");
    }
}
