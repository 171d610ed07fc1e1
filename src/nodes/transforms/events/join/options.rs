//! Options of `join`.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::events::Severity;
use crate::nodes::parts::expression::Expression;
use crate::pipeline::contract::error::Misuse;

/// Options of `join`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Conditions that must hold together, in any order.
    #[serde(default)]
    pub all: Vec<Condition>,
    /// Conditions of which one is enough.
    #[serde(default)]
    pub any: Vec<Condition>,
    /// Conditions that must begin to hold one after the other.
    #[serde(default)]
    pub sequence: Vec<Condition>,
    /// Conditions of which none may hold, within `within_s` before and after. Alone: it is told when none of them has held
    /// for `within_s`, and again when one has held since.
    #[serde(default)]
    pub without: Vec<Condition>,
    /// So far apart may what belongs together be, from the end of the first to the beginning of the last.
    #[serde(default = "default_within_s")]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub within_s: f64,
    /// Each source, zone or track on its own. Default: all together.
    #[serde(default)]
    pub per: Option<Per>,
    /// What goes on, or comes back within so long, is not told again.
    #[serde(default = "default_cooldown_s")]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub cooldown_s: f64,
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// The sentence that tells it. Default: the names of the conditions.
    #[serde(default)]
    pub say: Option<String>,
}

/// Something that may hold of an event or of objects.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What it is called in the alert.
    pub name: Arc<str>,
    /// When it holds, in CEL over the fields of an event as it is written; objects have those of a `detection`, and `objects` as their kind.
    /// Of what begins and ends (`track`, `sound`, `motion`) it holds from the one to the other.
    pub when: String,
}

/// What is decided on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// What is told of each source.
    Source,
    /// What is told of each zone.
    Zone,
    /// What is told of each track.
    Track,
}

fn default_within_s() -> f64 {
    10.0
}

fn default_cooldown_s() -> f64 {
    60.0
}

/// How conditions belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    All,
    Any,
    Sequence,
    /// Nothing holds.
    Quiet,
}

impl Config {
    /// How its conditions belong together, and which they are.
    pub fn mode(&self) -> (Mode, &[Condition]) {
        match (&self.all[..], &self.any[..], &self.sequence[..]) {
            ([], [], []) => (Mode::Quiet, &[]),
            ([], [], sequence) => (Mode::Sequence, sequence),
            ([], any, _) => (Mode::Any, any),
            (all, _, _) => (Mode::All, all),
        }
    }

    /// The time that belongs together.
    pub fn within(&self) -> Duration {
        Duration::from_secs_f64(self.within_s)
    }

    /// What is wrong beyond types and ranges.
    pub fn misuses(&self) -> Vec<Misuse> {
        let lists = [
            ("all", &self.all),
            ("any", &self.any),
            ("sequence", &self.sequence),
        ];
        let given: Vec<&str> = lists
            .iter()
            .filter(|it| !it.1.is_empty())
            .map(|it| it.0)
            .collect();
        let mut misuses = Vec::new();
        if let [first, second, ..] = given[..] {
            let message = format!("`{first}` and `{second}` are two ways to decide");
            misuses.push(Misuse::new(
                second,
                message,
                "keep one, and make another `join` of the other",
            ));
        }
        if given.is_empty() && self.without.is_empty() {
            let help = "name conditions: `all`, `any`, `sequence`, or `without` for what is missed";
            misuses.push(Misuse::new(
                "all",
                "it has no condition and never decides",
                help,
            ));
        }
        let every = lists.into_iter().chain([("without", &self.without)]);
        for (list, conditions) in every {
            for (at, condition) in conditions.iter().enumerate() {
                let mistake = Expression::parse(&condition.when).err();
                misuses.extend(mistake.map(|it| it.of(format!("{list}[{at}].when"))));
            }
        }
        misuses
    }
}
