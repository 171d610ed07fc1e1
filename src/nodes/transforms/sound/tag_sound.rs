//! `tag_sound`: names sounds that are no words, with YAMNet, and tells when they begin and end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::onnx::{declared, session};
use crate::inference::sound::classes;
use crate::inference::sound::course::{Course, Rules, Stretch, Turn};
use crate::inference::sound::yamnet::{Places, WINDOW, Yamnet};
use crate::inference::speech::memory::Memory;
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::audio::{Audio, SAMPLE_RATE};
use crate::media::clock::Time;
use crate::media::events::{Of, Phase, Sound};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// A sound goes on at this part of the score at which it begins.
const RELEASE: f32 = 0.5;

/// Options of `tag_sound`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<TagSound>,
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

/// One stream of audio.
pub struct TagSound {
    yamnet: Yamnet,
    heard: Heard,
    /// Samples between two windows.
    step: u64,
    memory: Memory,
    /// First sample of the next window.
    next: u64,
    /// First sample that no window has held.
    heard_to: u64,
}

/// What is listened for, and up to which sample it was.
struct Heard {
    watched: Vec<Watched>,
    to: u64,
}

/// A class that is listened for.
struct Watched {
    class: usize,
    label: Arc<str>,
    course: Course,
}

impl Runs for TagSound {
    const TASK: Task = Task::TagSound;
    const USUAL: Option<&'static str> = Some("yamnet");
}

impl Node for TagSound {
    const NAME: &'static str = "tag_sound";
    const ALSO: &'static [&'static str] = &[
        "yamnet",
        "sound",
        "sounds",
        "audioset",
        "audio_tagging",
        "sound_events",
        "classify_sound",
    ];
    const ABOUT: &'static str =
        "Names sounds that are no words, such as breaking glass, alarms and dogs (YAMNet).";
    const EXAMPLE: &'static str = "labels = [\"Glass\", \"Dog\"]\nthresholds = { Dog = 0.4 }";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut misuses = config.model.check();
        if config.labels.is_empty() {
            let help = "name some, such as `Glass`, or leave `labels` out";
            misuses.push(Misuse::new("labels", "nothing is listened for", help));
        }
        for (at, label) in config.labels.iter().enumerate() {
            if classes::find(label).is_none() {
                misuses.push(no_class(format!("labels[{at}]"), label));
            }
        }
        for (label, threshold) in &config.thresholds {
            let option = format!("thresholds.{label}");
            match classes::find(label) {
                None => misuses.push(no_class(option, label)),
                Some(class) if !config.classes().any(|it| it == class) => {
                    let message = format!("`{label}` is not listened for");
                    misuses.push(Misuse::new(option, message, "add it to `labels`"));
                }
                Some(_) if !(0.01..=0.99).contains(threshold) => {
                    let message = format!("the threshold of `{label}` is out of range");
                    misuses.push(Misuse::new(option, message, "from 0.01 to 0.99"));
                }
                Some(_) => {}
            }
        }
        misuses
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let declared = declared::at_hand(&config.model.name, config.model.sha256(), base);
        let places = declared.and_then(|it| {
            Places::of(&it.about).map_err(|why| Misuse::new("model", why, "`yamnet` is one"))
        });
        places.err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<TagSound> {
        let session = session::open(&config.model.name, config.model.sha256(), context)?;
        let mut yamnet = Yamnet::new(session)?;
        yamnet.scores(&[0.0; WINDOW])?;
        Ok(TagSound {
            yamnet,
            heard: Heard {
                watched: config.watched(),
                to: 0,
            },
            step: samples(config.every_ms),
            memory: Memory::default(),
            next: 0,
            heard_to: 0,
        })
    }
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
    fn classes(&self) -> impl Iterator<Item = usize> {
        self.labels.iter().filter_map(|it| classes::find(it))
    }

    /// Each class once.
    fn watched(&self) -> Vec<Watched> {
        let mut classes: Vec<usize> = self.classes().collect();
        classes.sort_unstable();
        classes.dedup();
        classes.into_iter().map(|it| self.watch(it)).collect()
    }

    fn watch(&self, class: usize) -> Watched {
        let own = self
            .thresholds
            .iter()
            .rfind(|it| classes::find(it.0) == Some(class));
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

impl Transform for TagSound {
    type In = Arc<Audio>;
    type Out = Of<Sound>;
    const INFERS: bool = true;

    fn apply(&mut self, audio: Arc<Audio>, out: &mut Emit<Self::Out>) -> Result<()> {
        if !self.memory.continues_with(&audio) {
            // Sound was lost. What comes next has nothing to do with what came before.
            self.finish(out)?;
            self.start_at(audio.first_sample);
        }
        self.memory.add(audio);
        while let Some(window) = self.memory.after(self.next).get(..WINDOW) {
            // A window stands for a step in its middle.
            let to = self.next + (WINDOW as u64 + self.step) / 2;
            let scores = self.yamnet.scores(window)?;
            self.heard.hear(scores, to, &self.memory, out);
            self.heard_to = self.next + WINDOW as u64;
            self.next += self.step;
        }
        self.memory.forget_before(self.next);
        Ok(())
    }

    /// The next window, or what is to be told of the sounds that are open.
    fn holds(&self) -> Option<Time> {
        let open = self.heard.watched.iter().filter_map(|it| it.course.holds());
        self.memory.time_of(open.fold(self.next, u64::min))
    }

    fn finish(&mut self, out: &mut Emit<Self::Out>) -> Result<()> {
        let end = self.memory.end();
        if self.heard_to < end {
            let rest = self.memory.after(self.next);
            let mut window = [0.0; WINDOW];
            window[..rest.len()].copy_from_slice(rest);
            let scores = self.yamnet.scores(&window)?;
            self.heard.hear(scores, end, &self.memory, out);
            self.heard_to = end;
        }
        self.heard.finish(&self.memory, out);
        Ok(())
    }
}

impl TagSound {
    fn start_at(&mut self, sample: u64) {
        self.memory.begin_at(sample);
        (self.next, self.heard_to, self.heard.to) = (sample, sample, sample);
    }
}

impl Heard {
    /// Takes the scores of what comes next, up to a sample.
    fn hear(&mut self, scores: &[f32], to: u64, memory: &Memory, out: &mut Emit<Of<Sound>>) {
        for Watched {
            class,
            label,
            course,
        } in &mut self.watched
        {
            if let Some(turn) = course.push(scores[*class], self.to, to) {
                tell(memory, label, turn, out);
            }
        }
        self.to = to;
    }

    fn finish(&mut self, memory: &Memory, out: &mut Emit<Of<Sound>>) {
        for Watched { label, course, .. } in &mut self.watched {
            if let Some(turn) = course.finish() {
                tell(memory, label, turn, out);
            }
        }
    }
}

fn tell(memory: &Memory, label: &Arc<str>, turn: Turn, out: &mut Emit<Of<Sound>>) {
    let (phase, Stretch { start, end, score }) = match turn {
        Turn::Start(stretch) => (Phase::Start, stretch),
        Turn::End(stretch) => (Phase::End, stretch),
    };
    let latest = memory.latest();
    let latest = latest.expect("there is no sound without audio");
    let [start, end] = [start, end].map(|it| {
        let time = memory.time_of(it);
        time.expect("there is no sound without audio")
    });
    let at = if phase == Phase::Start { start } else { end };
    let sound = Sound {
        phase,
        label: Arc::clone(label),
        score,
        start: start.as_secs_f64(),
        end: end.as_secs_f64(),
    };
    out.event(&latest.source, at, None, sound);
}
