//! `vad`: finds speech in audio with Silero, and cuts it into utterances.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::onnx::{declared, session};
use crate::inference::speech::memory::Memory;
use crate::inference::speech::segments::{Rules, Segment, Segmenter};
use crate::inference::speech::silero::{Places, Silero, WINDOW};
use crate::inference::store::manifest::Task;
use crate::inference::store::options::{ModelOptions, Runs};
use crate::media::audio::{Audio, SAMPLE_RATE, Utterance};
use crate::media::clock::Time;
use crate::media::events::{Of, Speech, SpeechStart};
use crate::media::kind::Lane;
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
    /// Sounds that are no longer are not speech; their `speech_start` was told by then.
    #[serde(default = "default_min_speech_ms")]
    #[schemars(range(min = 0, max = 10_000))]
    pub min_speech_ms: u64,
    /// Shorter pauses do not end an utterance.
    #[serde(default = "default_min_silence_ms")]
    #[schemars(range(min = 32, max = 10_000))]
    pub min_silence_ms: u64,
    /// Longer utterances are cut in their later part, where speech is least likely. Whisper hears 30 s at a time.
    #[serde(default = "default_max_speech_ms")]
    #[schemars(range(min = 1_000, max = 29_000))]
    pub max_speech_ms: u64,
    /// Sound that an utterance holds before and after its speech, so that no syllable is lost.
    #[serde(default = "default_padding_ms")]
    #[schemars(range(min = 0, max = 500))]
    pub padding_ms: u64,
    /// While somebody speaks, all that was said so far is sent every so many milliseconds, 500 at least, as an
    /// utterance that is not complete. 0: never. One shorter than `min_speech_ms` may never be completed.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10_000))]
    pub partial_ms: u64,
}

/// Less sound than this is not worth a look.
const LEAST_PARTIAL_MS: u64 = 500;

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
    padding: u64,
    /// Samples of open speech between utterances that are not complete; none if there are none.
    partial: Option<u64>,
    segmenter: Segmenter,
    memory: Memory,
    /// First sample that has not been through the model.
    heard_to: u64,
}

ports! {
    /// What is heard: that somebody speaks, and the sound of it.
    pub enum Spoken {
        Utterance(Arc<Utterance>),
        Speech(Of<Speech>),
        SpeechStart(Of<SpeechStart>),
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
        let mut misuses = config.model.check();
        if (1..LEAST_PARTIAL_MS).contains(&config.partial_ms) {
            let message = format!("{} ms is too often", config.partial_ms);
            let help = "500 or more, or 0 for never";
            misuses.push(Misuse::new("partial_ms", message, help));
        }
        misuses
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
            padding: samples(config.padding_ms),
            partial: Some(samples(config.partial_ms)).filter(|&it| it > 0),
            segmenter: Segmenter::new(rules, 0),
            memory: Memory::default(),
            heard_to: 0,
        })
    }
}

impl Transform for Vad {
    type In = Arc<Audio>;
    type Out = Spoken;
    const SINGLE: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, audio: Arc<Audio>, out: &mut Emit<Self::Out>) -> Result<()> {
        if !self.memory.continues_with(&audio) {
            // Sound was lost. What comes next has nothing to do with what came before.
            self.finish(out)?;
            self.start_at(audio.first_sample);
        }
        self.memory.add(audio);
        self.listen(out)
    }

    /// The start of open speech, or what has been heard so far.
    fn holds(&self) -> Option<Time> {
        let from = self.segmenter.speech_start().unwrap_or(self.heard_to);
        self.memory.time_of(from)
    }

    fn finish(&mut self, out: &mut Emit<Self::Out>) -> Result<()> {
        let end = self.memory.end();
        let mut window = [0.0; WINDOW];
        let rest = self.memory.after(self.heard_to);
        if !rest.is_empty() {
            window[..rest.len()].copy_from_slice(rest);
            let probability = self.silero.probability(&window)?;
            self.heard_to = end;
            self.hear(probability, out);
        }
        if let Some(segment) = self.segmenter.finish(end) {
            self.tell(segment, out);
        }
        Ok(())
    }
}

impl Vad {
    fn start_at(&mut self, sample: u64) {
        self.silero.reset();
        self.segmenter = Segmenter::new(self.rules, sample);
        self.memory.begin_at(sample);
        self.heard_to = sample;
    }

    /// Runs the model on every whole window.
    fn listen(&mut self, out: &mut Emit<Spoken>) -> Result<()> {
        loop {
            let (windows, _) = self.memory.after(self.heard_to).as_chunks::<WINDOW>();
            if windows.is_empty() {
                break;
            }
            for probability in self.silero.probabilities(windows)?.to_vec() {
                self.heard_to += WINDOW as u64;
                self.hear(probability, out);
            }
        }
        let needed = self.segmenter.speech_start().unwrap_or(self.heard_to);
        self.memory
            .forget_before(needed.saturating_sub(self.padding));
        Ok(())
    }

    /// Takes the probability of the window that ends at `heard_to`.
    fn hear(&mut self, probability: f32, out: &mut Emit<Spoken>) {
        let before = self.segmenter.speech_start();
        let ended = self.segmenter.push(probability);
        if let Some(segment) = ended {
            self.tell(segment, out);
        }
        let Some(start) = self.segmenter.speech_start() else {
            return;
        };
        if before.is_none() {
            self.tell_start(start, probability, out);
        }
        // A window may lie between two times that are due, but no time between two windows.
        let step = WINDOW as u64;
        let is_due =
            |every: u64| (self.heard_to - start) % every < step && self.heard_to - start >= every;
        if self.partial.is_some_and(is_due)
            && let Some(so_far) = self.segmenter.so_far()
        {
            self.send(so_far, false, out);
        }
    }

    fn tell_start(&self, start: u64, probability: f32, out: &mut Emit<Spoken>) {
        let (latest, at) = self.latest(start);
        let start = at.as_secs_f64();
        out.event(&latest.source, at, None, SpeechStart { start, probability });
    }

    /// The latest chunk, and the capture time of a sample.
    fn latest(&self, sample: u64) -> (&Audio, Time) {
        let latest = self.memory.latest().zip(self.memory.time_of(sample));
        latest.expect("there is no speech without audio")
    }

    fn tell(&self, segment: Segment, out: &mut Emit<Spoken>) {
        let (latest, start) = self.latest(segment.start);
        let (_, end) = self.latest(segment.end);
        let speech = Speech {
            start: start.as_secs_f64(),
            end: end.as_secs_f64(),
            probability: segment.probability,
        };
        out.event(&latest.source, start, None, speech);
        self.send(segment, true, out);
    }

    /// Sends the sound of a segment, if anybody wants it.
    fn send(&self, segment: Segment, complete: bool, out: &mut Emit<Spoken>) {
        if !out.wants(Lane::Utterance) {
            return;
        }
        let (latest, start) = self.latest(segment.start);
        let (_, end) = self.latest(segment.end);
        let after = if complete { self.padding } else { 0 };
        let from = segment.start.saturating_sub(self.padding);
        let from = from.max(self.memory.begin());
        let samples = self.memory.between(from, segment.end + after);
        out.send(Arc::new(Utterance {
            source: Arc::clone(&latest.source),
            live: latest.live,
            at: self.latest(from).1,
            start,
            end,
            probability: segment.probability,
            voiced: segment.voiced,
            complete,
            samples: samples.to_vec(),
        }));
    }
}
