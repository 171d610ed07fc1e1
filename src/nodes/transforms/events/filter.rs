//! `filter`: lets through what a condition holds of, and not too much of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::clock::Time;
use crate::media::events::Line;
use crate::nodes::parts::expression::Expression;
use crate::nodes::parts::told::{Looked, OBJECTS, Told};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// Options of `filter`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Condition in CEL over the fields of an event as it is written (`pipelines/events.schema.json`); objects
    /// have those of a `detection`, and `objects` as their kind. It does not hold where it needs a field that
    /// is not there.
    pub when: String,
    /// After one is let through, none of its kind and source for so long.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub cooldown_ms: u64,
    /// So many of a kind and source are let through within `per_ms`. Default: all.
    #[schemars(range(min = 1, max = 1_000))]
    pub most: Option<u16>,
    /// The time that `most` is about.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub per_ms: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            when: "true".to_owned(),
            cooldown_ms: 0,
            most: None,
            per_ms: 60_000,
        }
    }
}

/// When those of a kind and source were let through that still count.
type Past = HashMap<(&'static str, Arc<str>), VecDeque<Time>>;

/// A condition and how often it may hold.
pub struct Filter {
    when: Expression,
    cooldown: Duration,
    most: usize,
    per: Duration,
    past: Arc<Mutex<Past>>,
}

impl Node for Filter {
    const NAME: &'static str = "filter";
    const ALSO: &'static [&'static str] = &[
        "condition",
        "rule",
        "rules",
        "select",
        "threshold",
        "alarm",
        "trigger",
    ];
    const ABOUT: &'static str =
        "Lets events and objects through of which a condition holds, and not too many of them.";
    const EXAMPLE: &'static str = "when = \"objects.exists(it, it.label == 'person' && it.score > 0.6)\"\ncooldown_ms = 30_000";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mistake = Expression::parse(&config.when).err();
        mistake.map(|it| it.of("when")).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Filter> {
        let when = Expression::parse(&config.when).map_err(|it| Error::fatal(it.message))?;
        Ok(Filter {
            when,
            cooldown: Duration::from_millis(config.cooldown_ms),
            most: config.most.map_or(usize::MAX, usize::from),
            per: Duration::from_millis(config.per_ms),
            past: context.kept(),
        })
    }
}

impl Transform for Filter {
    type In = Told;
    type Out = Told;
    const PASSES: bool = true;

    fn apply(&mut self, told: Told, out: &mut Emit<Told>) -> Result<()> {
        let (kind, source, at) = match &told {
            Told::Event(it) => (it.body.kind().name, &it.head.source, it.head.at),
            Told::Objects(it) => (OBJECTS, &it.source, it.at),
        };
        let node = match &told {
            Told::Event(it) => Some(&*it.head.node),
            Told::Objects(_) => None,
        };
        let holds = self.when.may_hold(kind, node, source)
            && match &told {
                Told::Event(event) => self.when.holds(&Line::from(&**event)),
                Told::Objects(objects) => self.when.holds(&Looked::at(objects)),
            };
        if holds && self.is_due(kind, source, at) {
            out.send(told);
        }
        Ok(())
    }
}

impl Filter {
    /// Whether one more may be let through; then it counts.
    fn is_due(&self, kind: &'static str, source: &Arc<str>, at: Time) -> bool {
        let limited = self.most != usize::MAX;
        if !limited && self.cooldown.is_zero() {
            return true;
        }
        let window = if limited {
            self.per.max(self.cooldown)
        } else {
            self.cooldown
        };
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        // What no longer counts is forgotten, that of sources that are gone too.
        past.retain(|_, times| {
            times.retain(|it| at.since(*it) < window);
            !times.is_empty()
        });
        let times = past.entry((kind, Arc::clone(source))).or_default();
        let cools = times.back().is_some_and(|it| at.since(*it) < self.cooldown);
        let lately = times.iter().filter(|it| at.since(**it) < self.per).count();
        let due = !cools && lately < self.most;
        if due {
            times.push_back(at);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::packet::Packet;
    use crate::pipeline::contract::catalogue::transform;
    use crate::pipeline::contract::testing::{drive, gap};

    /// The seconds of what a filter lets through of one event a second from `a`, and one every second one
    /// from `b`.
    fn passed(options: &str) -> Vec<(String, f64)> {
        let inputs = (0..10).flat_map(|second| {
            let other = (second % 2 == 0).then(|| gap("b", second));
            std::iter::once(gap("a", second)).chain(other)
        });
        let out = drive(&transform::<Filter>(), options, inputs).expect("it runs");
        let of = |packet: &Packet| match packet {
            Packet::Event(event) => (event.head.source.to_string(), event.head.t),
            other => unreachable!("no {} went in", other.kind()),
        };
        out.iter().map(of).collect()
    }

    fn seconds(options: &str, source: &str) -> Vec<f64> {
        let passed = passed(options).into_iter();
        let of = passed.filter(|it| it.0 == source);
        of.map(|it| it.1).collect()
    }

    #[test]
    fn each_source_cools_down_by_itself() {
        let options = "cooldown_ms = 4000";
        assert_eq!(seconds(options, "a"), [0.0, 4.0, 8.0]);
        assert_eq!(seconds(options, "b"), [0.0, 4.0, 8.0]);
    }

    #[test]
    fn so_many_are_let_through_in_a_time() {
        let options = "most = 2, per_ms = 5000".replace(", ", "\n");
        assert_eq!(seconds(&options, "a"), [0.0, 1.0, 5.0, 6.0]);
        assert_eq!(
            seconds(&format!("{options}\ncooldown_ms = 2000"), "a"),
            [0.0, 2.0, 5.0, 7.0]
        );
    }

    #[test]
    fn what_the_condition_does_not_hold_of_does_not_count() {
        let options = "when = \"source == 'b' && t > 1.0\"\ncooldown_ms = 3000";
        assert_eq!(seconds(options, "a"), [0.0; 0]);
        assert_eq!(seconds(options, "b"), [2.0, 6.0]);
    }
}
