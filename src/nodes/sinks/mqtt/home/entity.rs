//! An entity of Home Assistant: what it is called, where its state is, and how it is announced.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::inference::store::sum;
use crate::nodes::sinks::mqtt::topics::Topics;

/// So many digits tell apart what is alike without its other characters.
const DIGITS: usize = 6;

/// What an entity tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Whether something of a kind is there.
    Present,
    /// Whether something moves.
    Moves,
    /// Whether a sound is heard.
    Sounds,
    /// The last words.
    Words,
    /// How many are in a zone.
    Count,
    /// How many have crossed a line.
    Crossed,
    /// Whether the source gives anything.
    Connected,
    /// Whether what it gives is of no use.
    Problem,
    /// The last picture.
    Picture,
}

/// One entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// What it tells.
    pub what: What,
    /// Of which source.
    pub source: String,
    /// Of what it tells that: a label, or a side of a line.
    #[serde(default)]
    pub label: String,
    /// Where, if not in all of the picture.
    #[serde(default)]
    pub zone: String,
}

impl What {
    /// Name in topics and ids.
    fn name(self) -> &'static str {
        match self {
            What::Present => "occupancy",
            What::Moves => "motion",
            What::Sounds => "sound",
            What::Words => "words",
            What::Count => "count",
            What::Crossed => "crossed",
            What::Connected => "connected",
            What::Problem => "problem",
            What::Picture => "picture",
        }
    }

    /// What it says before anything is known.
    pub fn at_first(self) -> Option<&'static str> {
        match self {
            What::Present | What::Moves | What::Sounds | What::Problem => Some("OFF"),
            What::Connected => Some("ON"),
            What::Count => Some("0"),
            What::Words | What::Crossed | What::Picture => None,
        }
    }

    /// Whether it tells that something is there.
    pub fn is_present(self) -> bool {
        matches!(self, What::Present | What::Moves | What::Sounds)
    }

    /// The kind of entity, its class, and what else it has.
    fn component(self) -> (&'static str, Value) {
        let class = |name: &str| json!({ "device_class": name });
        match self {
            What::Present => ("binary_sensor", class("occupancy")),
            What::Moves => ("binary_sensor", class("motion")),
            What::Sounds => ("binary_sensor", class("sound")),
            What::Connected => (
                "binary_sensor",
                json!({ "device_class": "connectivity", "entity_category": "diagnostic" }),
            ),
            What::Problem => (
                "binary_sensor",
                json!({ "device_class": "problem", "entity_category": "diagnostic" }),
            ),
            What::Words => (
                "sensor",
                json!({ "value_template": "{{ value_json.text }}", "icon": "mdi:text-to-speech" }),
            ),
            What::Count => (
                "sensor",
                json!({ "state_class": "measurement", "icon": "mdi:counter" }),
            ),
            What::Crossed => (
                "sensor",
                json!({ "state_class": "total_increasing", "icon": "mdi:counter" }),
            ),
            What::Picture => ("image", json!({ "content_type": "image/jpeg" })),
        }
    }
}

impl Entity {
    /// What is told of a source.
    pub fn of(what: What, source: &str) -> Entity {
        Entity {
            what,
            source: source.to_owned(),
            label: String::new(),
            zone: String::new(),
        }
    }

    /// The same of one kind of thing.
    #[must_use]
    pub fn label(self, label: &str) -> Entity {
        let label = label.to_owned();
        Entity { label, ..self }
    }

    /// The same in a part of the picture.
    #[must_use]
    pub fn zone(self, zone: &str) -> Entity {
        let zone = zone.to_owned();
        Entity { zone, ..self }
    }

    /// What people read.
    fn title(&self) -> String {
        let what = match self.what {
            What::Present => "",
            What::Words => "last words",
            What::Crossed => "crossed to the",
            it => it.name(),
        };
        let words = match self.what {
            What::Crossed => [&*self.source, &*self.zone, what, &*self.label],
            _ => [&*self.source, &*self.zone, &*self.label, what],
        };
        let words: Vec<&str> = words.into_iter().filter(|it| !it.is_empty()).collect();
        words.join(" ")
    }

    /// The topic of what an entity says.
    pub fn state(&self, topics: &Topics) -> String {
        format!("{}/{}", topics.own, self.words().join("/"))
    }

    /// The topic by which Home Assistant learns that there is such an self.
    pub fn announcement(&self, topics: &Topics) -> String {
        let (component, _) = self.what.component();
        let (discovery, device) = (&topics.discovery, plain(&topics.own));
        let object = self.words().join("_");
        format!("{discovery}/{component}/{device}/{object}/config")
    }

    /// What it learns of it.
    pub fn config(&self, topics: &Topics) -> Value {
        let device = plain(&topics.own);
        let (_, more) = self.what.component();
        let version = env!("CARGO_PKG_VERSION");
        let mut config = json!({
            "name": self.title(),
            "unique_id": format!("{device}_{}", self.words().join("_")),
            "availability_topic": topics.availability(),
            "device": {
                "identifiers": [device],
                "name": topics.own.replace('/', " "),
                "manufacturer": "otus",
                "sw_version": version,
            },
            "origin": { "name": "otus", "sw_version": version },
        });
        let place = match self.what {
            What::Picture => "image_topic",
            _ => "state_topic",
        };
        config[place] = json!(self.state(topics));
        if self.what == What::Words {
            config["json_attributes_topic"] = config[place].clone();
        }
        if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
            config.extend(more);
        }
        config
    }

    /// Its parts as they can stand in topics and ids.
    fn words(&self) -> Vec<String> {
        let parts = [&*self.source, &*self.zone, &*self.label, self.what.name()];
        let parts = parts.into_iter().filter(|it| !it.is_empty());
        parts.map(plain).collect()
    }
}

/// A word that can stand in a topic and an id, and is no other word's.
fn plain(word: &str) -> String {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    let mut plain: String = word
        .chars()
        .map(|it| it.to_ascii_lowercase())
        .map(|it| if fits(it) { it } else { '_' })
        .collect();
    if plain != word {
        let sum = sum::sum(word.as_bytes());
        plain = format!("{plain}_{}", &sum[..DIGITS]);
    }
    plain
}
