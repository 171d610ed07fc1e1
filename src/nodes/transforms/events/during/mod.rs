//! `during`: passes events on while something else holds.

mod stretches;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use self::stretches::Stretches;
use crate::media::clock::Time;
use crate::media::events::{Event, Line};
use crate::nodes::parts::course::{About, Course};
use crate::nodes::parts::expression::Expression;
use crate::nodes::parts::told::{Looked, Told};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// So many events wait until it is known what held meanwhile.
const MOST_WAITING: usize = 4_096;

/// Options of `during`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which events are passed on, in CEL over the fields of an event as it is written.
    pub pass: String,
    /// What must hold at that time, in CEL over the same fields; objects have those of a `detection`, and `objects` as their
    /// kind. Of what begins and ends (`track`, `sound`, `motion`) it holds from the one to the other.
    pub when: String,
    /// So far apart may both be: longer than from one frame to the next.
    #[serde(default = "default_within_s")]
    #[schemars(range(min = 0.0, max = 3_600.0))]
    pub within_s: f64,
}

fn default_within_s() -> f64 {
    2.0
}

/// Two conditions, and what is known of them.
pub struct During {
    pass: Expression,
    when: Expression,
    within: Duration,
    memory: Arc<Mutex<Memory>>,
}

/// What survives a reload.
#[derive(Default)]
struct Memory {
    /// By capture time; of equal ones those of one node in their order.
    waiting: BTreeMap<(Time, Arc<str>, u64), Arc<Event>>,
    count: u64,
    held: Stretches,
    left_out: u64,
}

impl Node for During {
    const NAME: &'static str = "during";
    const ALSO: &'static [&'static str] = &["while", "only_while", "when", "if"];
    const ABOUT: &'static str = "Passes events on while something else holds: what is said while two people are in view. Both are told in \
        their own time: an event waits until nothing of its time is still to come, live no longer than `wait_ms`.";
    const EXAMPLE: &'static str =
        "pass = \"kind == 'transcript'\"\nwhen = \"kind == 'objects' && size(objects) >= 2\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mistake = |option: &'static str, text: &str| {
            Expression::parse(text).err().map(|it| it.of(option))
        };
        let mistakes = [mistake("pass", &config.pass), mistake("when", &config.when)];
        mistakes.into_iter().flatten().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<During> {
        let parse = |text| Expression::parse(text).map_err(|it| Error::fatal(it.message));
        let memory = context.kept::<Mutex<Memory>>();
        let watched = Arc::clone(&memory);
        context.describe_live("left out", move || {
            let count = lock(&watched).left_out;
            (count > 0).then(|| format!("{count} events"))
        });
        Ok(During {
            pass: parse(&config.pass)?,
            when: parse(&config.when)?,
            within: Duration::from_secs_f64(config.within_s),
            memory,
        })
    }
}

impl Transform for During {
    type In = Told;
    type Out = Arc<Event>;
    const WAIT_MS: Option<u64> = Some(15_000);
    const PASSES: bool = true;

    fn apply(&mut self, told: Told, _: &mut Emit<Arc<Event>>) -> Result<()> {
        let mut memory = lock(&self.memory);
        match told {
            Told::Objects(it) if self.when.holds(&Looked::at(&it)) => {
                memory.held.add(it.at, it.at, self.within);
            }
            Told::Objects(_) => {}
            Told::Event(event) => {
                let line = Line::from(&*event);
                memory.hear(&event, self.when.holds(&line), self.within);
                if self.pass.holds(&line) {
                    memory.wait(event);
                }
            }
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Arc<Event>>) -> Result<()> {
        let mut memory = lock(&self.memory);
        while let Some(first) = memory.waiting.first_entry() {
            let (from, until) = (first.get().head.at, first.get().end());
            if until.after(self.within) >= to {
                break;
            }
            let event = first.remove();
            let (from, until) = (from.before(self.within), until.after(self.within));
            if memory.held.overlap(from, until) {
                out.send(event);
            }
        }
        let earliest = memory.waiting.first_key_value().map_or(to, |it| it.0.0);
        memory.held.forget(earliest.min(to).before(self.within));
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        let memory = lock(&self.memory);
        memory.waiting.first_key_value().map(|it| it.0.0)
    }
}

impl Memory {
    /// Notes what an event says of what must hold.
    fn hear(&mut self, event: &Event, holds: bool, within: Duration) {
        match About::of(event).map(|it| it.course) {
            Some(Course::Ends(name)) => self.held.end(&name, event.end(), within),
            Some(Course::Begins(name)) if holds => self.held.begin(name, event.head.at),
            _ if holds => self.held.add(event.head.at, event.end(), within),
            _ => {}
        }
    }

    fn wait(&mut self, event: Arc<Event>) {
        if self.waiting.len() >= MOST_WAITING {
            self.left_out += 1;
            return;
        }
        self.count += 1;
        let key = (event.head.at, Arc::clone(&event.head.node), self.count);
        self.waiting.insert(key, event);
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
