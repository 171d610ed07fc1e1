//! `join`: decides over what several nodes have seen and heard.

mod group;
mod item;
mod options;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::group::{Decision, Group, Rules};
use self::item::{Conditions, Item};
pub use self::options::Config;
use self::options::Mode;
use crate::media::clock::Time;
use crate::media::events::{Alert, Of};
use crate::nodes::parts::told::Told;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// So many groups are known at a time.
const MOST_GROUPS: usize = 1_024;
/// So many events wait for those that may come before them.
const MOST_ITEMS: usize = 65_536;

/// Conditions, and what is known of them.
pub struct Join {
    conditions: Conditions,
    rules: Rules,
    config: Config,
    context: Context,
    memory: Arc<Mutex<Memory>>,
}

/// What survives a reload.
#[derive(Default)]
struct Memory {
    /// What is not decided over yet, by capture time; of equal ones those of one node in their order.
    items: BTreeMap<(Time, String, u64), Item>,
    count: u64,
    /// Events that found no room, here or in a group.
    left_out: u64,
    groups: BTreeMap<String, Group>,
}

impl Node for Join {
    const NAME: &'static str = "join";
    const ALSO: &'static [&'static str] = &[
        "fusion",
        "fuse",
        "correlate",
        "correlation",
        "sequence",
        "pattern",
        "cep",
        "all_of",
        "multimodal",
    ];
    const ABOUT: &'static str = "Decides over what several nodes have seen and heard: `all` of some conditions, `any` of them, or one after the other \
        (`sequence`), within `within_s` on the capture clock, and `without` others. It tells an `alert`, with all that it rests on, once an \
        episode. Events are decided over in the order of their capture times, however late they come: it waits as long as something earlier may \
        come, and live no longer than `wait_ms`; what comes later is dropped and counted. So recordings give the decisions that the live \
        cameras gave. The same event twice is as good as once; where the end of what goes on is never told, it goes on.";
    const EXAMPLE: &'static str = "within_s = 5.0\nsay = \"somebody calls for help\"\n\
        all = [{ name = \"somebody\", when = \"kind == 'track' && label == 'person'\" }, { name = \"help\", when = \"kind == 'match'\" }]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.misuses()
    }

    fn open(config: &Config, context: &Context) -> Result<Join> {
        let (mode, deciding) = config.mode();
        let rules = Rules {
            mode,
            within: config.within(),
            cooldown: Duration::from_secs_f64(config.cooldown_s),
            deciding: deciding.len(),
        };
        let conditions = Conditions::of(deciding.iter().chain(&config.without), config.per)?;
        let memory = context.kept::<Mutex<Memory>>();
        let watched = Arc::clone(&memory);
        context.describe_live("left out", move || {
            let count = lock(&watched).left_out;
            (count > 0).then(|| format!("{count} events"))
        });
        // Other conditions have held of what is remembered.
        let is_other = |it: &Group| !it.is_of(conditions.len());
        lock(&memory).groups.retain(|_, it| !is_other(it));
        Ok(Join {
            conditions,
            rules,
            config: config.clone(),
            context: context.clone(),
            memory,
        })
    }
}

impl Transform for Join {
    type In = Told;
    type Out = Of<Alert>;
    const WAIT_MS: Option<u64> = Some(15_000);

    fn apply(&mut self, told: Told, _: &mut Emit<Of<Alert>>) -> Result<()> {
        let items = match &told {
            Told::Event(event) => self.conditions.of_event(event),
            Told::Objects(objects) => self.conditions.of_objects(objects),
        };
        let mut memory = lock(&self.memory);
        if self.rules.mode == Mode::Quiet {
            // Who says nothing that holds is what it is about.
            let (source, at) = match &told {
                Told::Event(event) => (&event.head.source, event.head.at),
                Told::Objects(objects) => (&objects.source, objects.at),
            };
            memory.know(
                self.conditions.quiet_group(source),
                source,
                at,
                self.conditions.len(),
            );
        }
        for item in items {
            if memory.items.len() >= MOST_ITEMS {
                memory.left_out += 1;
            } else {
                memory.count += 1;
                let key = (item.at, item.from.clone(), memory.count);
                memory.items.insert(key, item);
            }
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Alert>>) -> Result<()> {
        let mut memory = lock(&self.memory);
        memory.decide(to, self.conditions.len(), self.rules);
        let groups = memory.groups.iter_mut();
        let told = groups.flat_map(|(name, group)| {
            let told = group.told(to, self.rules).into_iter();
            told.map(|it| (name.clone(), it))
        });
        let mut told: Vec<(String, Decision)> = told.collect();
        told.sort_by_key(|it| it.1.at);
        let rules = self.rules;
        memory.groups.retain(|_, it| !it.is_idle(to, rules));
        drop(memory);
        for (group, decision) in told {
            let source = Arc::clone(&decision.source);
            out.event(&source, decision.at, None, self.alert(group, decision));
        }
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        let memory = lock(&self.memory);
        let waiting = memory.groups.values().filter_map(Group::holds).min();
        let next = memory.items.first_key_value().map(|it| it.0.0);
        waiting.into_iter().chain(next).min()
    }
}

impl Memory {
    /// Lets all that began before this time hold.
    fn decide(&mut self, to: Time, conditions: usize, rules: Rules) {
        while let Some(entry) = self.items.first_entry() {
            if entry.key().0 >= to {
                break;
            }
            let item = entry.remove();
            self.know(item.group.clone(), &item.source, item.at, conditions);
            match self.groups.get_mut(&item.group) {
                Some(group) => item.put_into(group, rules),
                None => self.left_out += 1,
            }
        }
    }

    /// Something is heard of a group, perhaps for the first time.
    fn know(&mut self, group: String, source: &Arc<str>, at: Time, conditions: usize) {
        if self.groups.len() < MOST_GROUPS {
            let new = || Group::new(conditions, source, at);
            self.groups.entry(group).or_insert_with(new);
        }
    }
}

impl Join {
    /// How long ago that was, live.
    fn lag(&self, at: Time) -> Option<u64> {
        let lag = || self.context.clock.now().since(at);
        self.context.live.then(|| lag().as_millis() as u64)
    }

    fn alert(&self, group: String, decision: Decision) -> Alert {
        let names = || {
            let (_, deciding) = self.config.mode();
            let names: Vec<&str> = deciding.iter().map(|it| &*it.name).collect();
            let without: Vec<&str> = self.config.without.iter().map(|it| &*it.name).collect();
            match (&names[..], &without[..]) {
                (names, []) => names.join(", "),
                ([], without) => format!(
                    "no {} for {} s",
                    without.join(", no "),
                    self.config.within_s
                ),
                (names, without) => format!("{} without {}", names.join(", "), without.join(", ")),
            }
        };
        Alert {
            severity: self.config.severity,
            text: self.config.say.clone().unwrap_or_else(names),
            group: self.config.per.map(|_| group),
            start: decision.start.as_secs_f64(),
            end: decision.at.as_secs_f64(),
            lag_ms: self.lag(decision.at),
            evidence: decision.evidence,
        }
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
