//! What is decided of one group: which conditions have held when, and what that means together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::options::Mode;
use crate::media::clock::Time;
use crate::media::events::Evidence;

/// So often each condition may have held within the window; the oldest is forgotten.
const MOST_HELD: usize = 64;

/// What belongs together.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub mode: Mode,
    pub within: Duration,
    pub cooldown: Duration,
    /// Conditions that decide; those behind them must not hold.
    pub deciding: usize,
}

/// A stretch of time for which a condition held.
#[derive(Clone, Debug)]
pub struct Held {
    pub start: Time,
    /// None while it goes on.
    pub end: Option<Time>,
    /// What goes on, by its name.
    pub course: Option<String>,
    pub source: Arc<str>,
    pub evidence: Evidence,
}

impl Held {
    fn end(&self) -> Time {
        self.end.unwrap_or(Time::END)
    }
}

/// Everything that has to hold for an alert.
#[derive(Clone, Debug)]
pub struct Decision {
    /// From then on all of it held.
    pub at: Time,
    /// When the first of it began.
    pub start: Time,
    pub source: Arc<str>,
    pub evidence: Vec<Evidence>,
}

/// One group.
#[derive(Debug)]
pub struct Group {
    /// By condition.
    held: Vec<VecDeque<Held>>,
    /// What is told unless something comes that must not.
    waiting: VecDeque<Decision>,
    /// When all held last.
    latest: Option<Time>,
    /// Since when nothing has held, until that is told.
    quiet_since: Option<Time>,
    source: Arc<str>,
}

impl Group {
    /// A group of which something is heard at this time for the first time.
    pub fn new(conditions: usize, source: &Arc<str>, at: Time) -> Group {
        Group {
            held: vec![VecDeque::new(); conditions],
            waiting: VecDeque::new(),
            latest: None,
            quiet_since: Some(at),
            source: Arc::clone(source),
        }
    }

    /// Whether it is one of so many conditions.
    pub fn is_of(&self, conditions: usize) -> bool {
        self.held.len() == conditions
    }

    /// A condition holds. What comes here begins no earlier than what came before.
    pub fn hold(&mut self, condition: usize, held: Held, rules: Rules) {
        let at = held.start;
        self.quiet_since = None;
        let list = &mut self.held[condition];
        if list.len() == MOST_HELD {
            list.pop_front();
        }
        list.push_back(held);
        if condition < rules.deciding
            && let Some(decision) = self.decide(condition, at, rules)
        {
            self.satisfied(decision, rules);
        }
    }

    /// What went on is over.
    pub fn end(&mut self, course: &str, at: Time) {
        let is_it = |it: &&mut Held| it.end.is_none() && it.course.as_deref() == Some(course);
        let held = self.held.iter_mut().flatten();
        held.filter(is_it).for_each(|it| it.end = Some(at));
    }

    /// All that can be told, as nothing earlier than this is still to come.
    pub fn told(&mut self, to: Time, rules: Rules) -> Vec<Decision> {
        let mut told = Vec::new();
        // What must not hold may still come for so long.
        let patience = match self.held.len() > rules.deciding {
            true => rules.within,
            false => Duration::ZERO,
        };
        while let Some(decision) = self.waiting.pop_front_if(|it| it.at.after(patience) < to) {
            let from = decision.at.before(rules.within);
            let until = decision.at.after(rules.within);
            let mut forbidden = self.held[rules.deciding..].iter().flatten();
            if !forbidden.any(|it| it.start <= until && it.end() >= from) {
                told.push(decision);
            }
        }
        if rules.mode == Mode::Quiet {
            told.extend(self.quiet(to, rules));
        }
        self.forget(to, rules);
        told
    }

    /// The earliest that may still be told.
    pub fn holds(&self) -> Option<Time> {
        self.waiting.front().map(|it| it.at)
    }

    /// Whether nothing is known of it that matters.
    pub fn is_idle(&self, to: Time, rules: Rules) -> bool {
        let cools = self.latest.is_some_and(|it| to.since(it) <= rules.cooldown);
        rules.mode != Mode::Quiet
            && !cools
            && self.waiting.is_empty()
            && self.held.iter().all(VecDeque::is_empty)
    }

    fn decide(&self, condition: usize, at: Time, rules: Rules) -> Option<Decision> {
        let deciding = &self.held[..rules.deciding];
        let last = |list: &'_ VecDeque<Held>| list.iter().max_by_key(|it| it.end()).cloned();
        let found: Vec<Held> = match rules.mode {
            Mode::Any => vec![deciding[condition].back()?.clone()],
            Mode::All => deciding.iter().map(last).collect::<Option<_>>()?,
            Mode::Sequence if condition + 1 == rules.deciding => chain(deciding)?,
            Mode::Sequence | Mode::Quiet => return None,
        };
        let first_end = found.iter().map(Held::end).min()?;
        let together = rules.mode == Mode::Any || at.since(first_end) <= rules.within;
        together.then(|| Decision {
            at,
            start: found.iter().map(|it| it.start).min().unwrap_or(at),
            source: Arc::clone(&found[found.len() - 1].source),
            evidence: found.into_iter().map(|it| it.evidence).collect(),
        })
    }

    /// Once an episode.
    fn satisfied(&mut self, decision: Decision, rules: Rules) {
        let before = self.latest.replace(decision.at);
        let is_new = before.is_none_or(|it| decision.at.since(it) > rules.cooldown);
        if is_new && self.waiting.len() < MOST_HELD {
            self.waiting.push_back(decision);
        }
    }

    /// Nothing has held for long enough.
    fn quiet(&mut self, to: Time, rules: Rules) -> Option<Decision> {
        let goes_on = self.held.iter().flatten().any(|it| it.end.is_none());
        let ends = self.held.iter().flatten().map(Held::end);
        let since = ends.chain(self.quiet_since).max()?;
        let at = since.after(rules.within);
        if goes_on || to == Time::END || at >= to {
            return None;
        }
        self.quiet_since = None;
        self.held.iter_mut().for_each(VecDeque::clear);
        Some(Decision {
            at,
            start: since,
            source: Arc::clone(&self.source),
            evidence: Vec::new(),
        })
    }

    /// What is over is of use for the window before what may still come, and for what waits.
    fn forget(&mut self, to: Time, rules: Rules) {
        if rules.mode == Mode::Quiet {
            // Only the latest counts.
            for list in &mut self.held {
                let latest = list.iter().map(Held::end).max();
                list.retain(|it| it.end.is_none() || Some(it.end()) == latest);
            }
            return;
        }
        let earliest = self.holds().unwrap_or(to).min(to).before(rules.within);
        for list in &mut self.held {
            list.retain(|it| it.end() >= earliest);
        }
    }
}

/// The latest that follow each other, if there is one of each.
fn chain(deciding: &[VecDeque<Held>]) -> Option<Vec<Held>> {
    let mut found: Vec<Held> = Vec::new();
    for list in deciding.iter().rev() {
        let before = found.last().map_or(Time::END, |it| it.start);
        let latest = list.iter().rev().find(|it| {
            it.start <= before
                && !found
                    .iter()
                    .any(|one| one.start == it.start && one.evidence == it.evidence)
        })?;
        found.push(latest.clone());
    }
    found.reverse();
    Some(found)
}
