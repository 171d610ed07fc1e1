//! Options of `tag_sound`.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::sound::classes;
use crate::inference::sound::course::{Course, Rules};
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::audio::SAMPLE_RATE;
use crate::pipeline::contract::error::Misuse;

/// A sound goes on at this part of the score at which it begins.
const RELEASE: f32 = 0.5;

/// Options of `tag_sound`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Yamnet>,
    /// Which sounds are told: classes of AudioSet as YAMNet has them (`models/yamnet-classes.txt`), in capitals or not.
    /// Of a name with commas, one of the names between them will do. Left out: what somebody may have to see to at once.
    #[serde(default = "default_labels")]
    pub labels: Vec<String>,
    /// A sound begins at this score; it goes on at half of it.
    #[serde(default = "default_threshold")]
    #[schemars(range(min = 0.01, max = 0.99))]
    pub threshold: f32,
    /// Other thresholds for some of the labels: `{ Dog = 0.4 }`.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f32>,
    /// Every so many milliseconds the latest 975 are heard.
    #[serde(default = "default_every_ms")]
    #[schemars(range(min = 96, max = 975))]
    pub every_ms: u64,
    /// Sounds that are shorter are not told. A short one lasts `every_ms` or twice that, as far as can be heard.
    #[serde(default)]
    #[schemars(range(min = 0, max = 60_000))]
    pub min_sound_ms: u64,
    /// Shorter pauses do not end a sound.
    #[serde(default = "default_min_silence_ms")]
    #[schemars(range(min = 0, max = 60_000))]
    pub min_silence_ms: u64,
}

fn default_labels() -> Vec<String> {
    USUAL.map(str::to_owned).to_vec()
}

/// What is told if nobody says what: what somebody may have to see to at once. Rain and wind sound like shots and
/// explosions to the model, so who wants these must say so.
const USUAL: [&str; 7] = [
    "Glass",
    "Shatter",
    "Smoke detector, smoke alarm",
    "Fire alarm",
    "Siren",
    "Screaming",
    "Baby cry, infant cry",
];

fn default_threshold() -> f32 {
    0.5
}

fn default_every_ms() -> u64 {
    480
}

fn default_min_silence_ms() -> u64 {
    1_000
}

/// What names sounds.
#[derive(Clone)]
pub struct Yamnet;

impl Runs for Yamnet {
    const TASK: Task = Task::TagSound;
    const USUAL: Option<&'static str> = Some("yamnet");
}

/// A class that is listened for.
pub struct Watched {
    /// Its place among the scores.
    pub class: usize,
    /// Its name.
    pub label: Arc<str>,
    /// Where it is in its course.
    pub course: Course,
}

fn samples(ms: u64) -> u64 {
    ms * u64::from(SAMPLE_RATE) / 1000
}

fn no_class(option: String, label: &str) -> Misuse {
    let message = format!("there is no class `{label}`");
    let help = format!("did you mean `{}`?", classes::nearest(label));
    Misuse::new(option, message, help)
}

impl Config {
    /// What is wrong with them, without touching the world.
    pub fn check(&self) -> Vec<Misuse> {
        let mut misuses = self.model.check();
        if self.labels.is_empty() {
            let help = "name some, such as `Glass`, or leave `labels` out";
            misuses.push(Misuse::new("labels", "nothing is listened for", help));
        }
        for (at, label) in self.labels.iter().enumerate() {
            if classes::find(label).is_none() {
                misuses.push(no_class(format!("labels[{at}]"), label));
            }
        }
        for (label, &threshold) in &self.thresholds {
            misuses.extend(self.check_threshold(label, threshold));
        }
        misuses
    }

    fn check_threshold(&self, label: &str, threshold: f32) -> Option<Misuse> {
        let option = format!("thresholds.{label}");
        let Some(class) = classes::find(label) else {
            return Some(no_class(option, label));
        };
        let same = self
            .thresholds
            .keys()
            .find(|it| classes::find(it) == Some(class));
        let (message, help) = if !self.classes().any(|it| it == class) {
            let message = format!("`{label}` is not listened for");
            (message, "add it to `labels`".to_owned())
        } else if let Some(same) = same.filter(|it| *it != label) {
            let message = format!("`{label}` has two thresholds");
            (message, format!("`{same}` is the same class; remove one"))
        } else if !(0.01..=0.99).contains(&threshold) {
            let message = format!("the threshold of `{label}` is out of range");
            (message, "from 0.01 to 0.99".to_owned())
        } else {
            return None;
        };
        Some(Misuse::new(option, message, help))
    }

    /// Samples between two windows.
    pub fn step(&self) -> u64 {
        samples(self.every_ms)
    }

    fn classes(&self) -> impl Iterator<Item = usize> {
        self.labels.iter().filter_map(|it| classes::find(it))
    }

    /// What is listened for, each class once.
    pub fn watched(&self) -> Vec<Watched> {
        let mut classes: Vec<usize> = self.classes().collect();
        classes.sort_unstable();
        classes.dedup();
        classes.into_iter().map(|it| self.watch(it)).collect()
    }

    fn watch(&self, class: usize) -> Watched {
        let own = self
            .thresholds
            .iter()
            .find(|it| classes::find(it.0) == Some(class));
        let threshold = own.map_or(self.threshold, |it| *it.1);
        Watched {
            class,
            label: Arc::from(classes::names()[class]),
            course: Course::new(Rules {
                threshold,
                release: threshold * RELEASE,
                min_sound: samples(self.min_sound_ms),
                min_silence: samples(self.min_silence_ms),
            }),
        }
    }
}
