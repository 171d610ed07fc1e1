//! `vad`: finds speech in audio with Silero, and cuts it into utterances.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::onnx::{declared, session};
use crate::inference::speech::segments::{Rules, Segment, Segmenter};
use crate::inference::speech::silero::{Places, Silero, WINDOW};
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::audio::{Audio, SAMPLE_RATE, Utterance, duration_of};
use crate::media::clock::Time;
use crate::media::events::{Of, Speech};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// The probability must fall so far below the threshold before speech can end.
const HYSTERESIS: f32 = 0.15;

/// Options of `vad`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Vad>,
    /// Speech begins at this probability; it ends 0.15 below.
    #[serde(default = "default_threshold")]
    #[schemars(range(min = 0.01, max = 0.99))]
    pub threshold: f32,
    /// Shorter sounds are not speech.
    #[serde(default = "default_min_speech_ms")]
    #[schemars(range(min = 0, max = 10_000))]
    pub min_speech_ms: u64,
    /// Shorter pauses do not end an utterance.
    #[serde(default = "default_min_silence_ms")]
    #[schemars(range(min = 32, max = 10_000))]
    pub min_silence_ms: u64,
    /// Longer utterances are cut. Whisper hears 30 s at a time.
    #[serde(default = "default_max_speech_ms")]
    #[schemars(range(min = 1_000, max = 29_000))]
    pub max_speech_ms: u64,
    /// Sound that an utterance holds before and after its speech, so that no syllable is lost.
    #[serde(default = "default_padding_ms")]
    #[schemars(range(min = 0, max = 500))]
    pub padding_ms: u64,
}

fn default_threshold() -> f32 {
    0.5
}

fn default_min_speech_ms() -> u64 {
    200
}

fn default_min_silence_ms() -> u64 {
    300
}

fn default_max_speech_ms() -> u64 {
    28_000
}

fn default_padding_ms() -> u64 {
    200
}

/// One stream of audio.
pub struct Vad {
    silero: Silero,
    rules: Rules,
    padding: usize,
    segmenter: Segmenter,
    /// Samples from `kept_from` on: those that an utterance may still need.
    kept: Vec<f32>,
    kept_from: u64,
    /// First sample that has not been through the model.
    heard_to: u64,
    /// The latest chunk, to tell the capture time of a sample.
    latest: Option<Arc<Audio>>,
}

ports! {
    /// What is heard: that somebody speaks, and the sound of it.
    pub enum Spoken {
        Utterance(Arc<Utterance>),
        Speech(Of<Speech>),
    }
}

impl Runs for Vad {
    const TASK: Task = Task::Vad;
    const USUAL: Option<&'static str> = Some("silero-vad");
}

impl Node for Vad {
    const NAME: &'static str = "vad";
    const ALSO: &'static [&'static str] =
        &["voice", "voice_activity", "speech", "silero", "utterances"];
    const ABOUT: &'static str =
        "Finds speech in audio (Silero VAD 5 and 6) and cuts it into utterances.";
    const EXAMPLE: &'static str = "min_silence_ms = 500";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        config.model.check()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let declared = declared::at_hand(&config.model.name, config.model.sha256(), base);
        let places = declared.and_then(|it| {
            Places::of(&it.about).map_err(|why| Misuse::new("model", why, "`silero-vad` is one"))
        });
        places.err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Vad> {
        let session = session::open(&config.model.name, config.model.sha256(), context)?;
        let samples = |ms: u64| ms * u64::from(SAMPLE_RATE) / 1000;
        let rules = Rules {
            threshold: config.threshold,
            release: (config.threshold - HYSTERESIS).max(0.01),
            min_speech: samples(config.min_speech_ms),
            min_silence: samples(config.min_silence_ms),
            max_speech: samples(config.max_speech_ms),
        };
        let mut silero = Silero::new(session)?;
        silero.probability(&[0.0; WINDOW])?;
        silero.reset();
        Ok(Vad {
            silero,
            rules,
            padding: samples(config.padding_ms) as usize,
            segmenter: Segmenter::new(rules, 0),
            kept: Vec::new(),
            kept_from: 0,
            heard_to: 0,
            latest: None,
        })
    }
}

impl Transform for Vad {
    type In = Arc<Audio>;
    type Out = Spoken;
    const INFERS: bool = true;

    fn apply(&mut self, audio: Arc<Audio>, out: &mut Emit<Self::Out>) -> Result<()> {
        let expected = self.kept_from + self.kept.len() as u64;
        if self.latest.is_none() || audio.first_sample != expected {
            // Sound was lost. What comes next has nothing to do with what came before.
            self.finish(out)?;
            self.start_at(audio.first_sample);
        }
        self.kept.extend_from_slice(&audio.samples);
        self.latest = Some(audio);
        self.listen(out)
    }

    /// The start of open speech, or what has been heard so far.
    fn holds(&self) -> Option<Time> {
        let latest = self.latest.as_ref()?;
        let from = self.segmenter.speech_start().unwrap_or(self.heard_to);
        Some(capture_time(latest, from))
    }

    fn finish(&mut self, out: &mut Emit<Self::Out>) -> Result<()> {
        if let Some(segment) = self.segmenter.finish() {
            self.tell(segment, out);
        }
        Ok(())
    }
}

impl Vad {
    fn start_at(&mut self, sample: u64) {
        self.silero.reset();
        self.segmenter = Segmenter::new(self.rules, sample);
        self.kept.clear();
        self.kept_from = sample;
        self.heard_to = sample;
    }

    /// Runs the model on every whole window.
    fn listen(&mut self, out: &mut Emit<Spoken>) -> Result<()> {
        loop {
            let start = (self.heard_to - self.kept_from) as usize;
            let Some(window) = self.kept[start..].first_chunk::<WINDOW>() else {
                break;
            };
            let probability = self.silero.probability(window)?;
            self.heard_to += WINDOW as u64;
            if let Some(segment) = self.segmenter.push(probability) {
                self.tell(segment, out);
            }
        }
        let needed = self.segmenter.speech_start().unwrap_or(self.heard_to);
        let needed = needed
            .saturating_sub(self.padding as u64)
            .max(self.kept_from);
        self.kept.drain(..(needed - self.kept_from) as usize);
        self.kept_from = needed;
        Ok(())
    }

    fn tell(&self, segment: Segment, out: &mut Emit<Spoken>) {
        let latest = self
            .latest
            .as_ref()
            .expect("there is no segment without audio");
        let (start, end) = (
            capture_time(latest, segment.start),
            capture_time(latest, segment.end),
        );
        let speech = Speech {
            start: start.as_secs_f64(),
            end: end.as_secs_f64(),
            probability: segment.probability,
        };
        out.event(&latest.source, start, None, speech);
        let from = (segment.start - self.kept_from) as usize;
        let to = (segment.end - self.kept_from) as usize + self.padding;
        let samples = &self.kept[from.saturating_sub(self.padding)..to.min(self.kept.len())];
        out.send(Arc::new(Utterance {
            source: Arc::clone(&latest.source),
            live: latest.live,
            start,
            end,
            probability: segment.probability,
            samples: samples.to_vec(),
        }));
    }
}

/// Capture time of a sample, going by that of the latest chunk.
fn capture_time(latest: &Audio, sample: u64) -> Time {
    if sample >= latest.first_sample {
        latest
            .at
            .after(duration_of((sample - latest.first_sample) as usize))
    } else {
        latest
            .at
            .before(duration_of((latest.first_sample - sample) as usize))
    }
}
