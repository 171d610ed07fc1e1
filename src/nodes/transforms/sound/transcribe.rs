//! `transcribe`: writes down utterances with Whisper.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::speech::listener::Listener;
use crate::inference::speech::whisper::{header, languages};
use crate::inference::store::options::{ModelOptions, Runs};
use crate::inference::store::{self, manifest::Task};
use crate::media::audio::Utterance;
use crate::media::clock::Clock;
use crate::media::events::{Of, Transcript};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// Options of `transcribe`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Which model it runs.
    #[serde(flatten)]
    pub model: ModelOptions<Transcribe>,
    /// ISO 639-1 code of the language that is spoken, or `auto`. English-only models know `en`.
    #[serde(default = "english")]
    pub language: String,
}

fn english() -> String {
    "en".to_owned()
}

/// A model and its state.
pub struct Transcribe {
    listener: Listener,
    clock: Clock,
}

impl Runs for Transcribe {
    const TASK: Task = Task::Transcribe;
    const FILE: &'static str = "a ggml file";
}

impl Node for Transcribe {
    const NAME: &'static str = "transcribe";
    const ALSO: &'static [&'static str] = &[
        "whisper",
        "stt",
        "asr",
        "speech_to_text",
        "speech_recognition",
        "transcription",
        "transcript",
    ];
    const ABOUT: &'static str = "Writes down what is said in utterances (Whisper by whisper.cpp).";
    const EXAMPLE: &'static str = "model = \"whisper-tiny.en\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mut misuses = config.model.check();
        let (name, language) = (&config.model.name, &config.language);
        let known = match languages::number(language) {
            None if language != "auto" => Some(languages::unknown(language)),
            _ => languages::tokens(name).and_then(|it| languages::deaf(name, it, language)),
        };
        misuses.extend(known);
        misuses
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        // A file of the manifest may take seconds to sum up, and is known.
        if let Some(entry) = store::named(&config.model.name) {
            let missing = store::local(entry).is_none();
            return missing
                .then(|| store::not_here(entry))
                .into_iter()
                .collect();
        }
        let file = store::at_hand(&config.model.name, config.model.sha256(), base);
        let header = file.and_then(|it| header::look(&it, &config.language));
        header.err().into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Transcribe> {
        let ModelOptions { name, .. } = &config.model;
        let sha256 = config.model.sha256();
        let mut listener = Listener::open(name, sha256, &config.language, context)?;
        listener.transcribe(&[])?;
        Ok(Transcribe {
            listener,
            clock: context.clock.clone(),
        })
    }
}

impl Transform for Transcribe {
    type In = Arc<Utterance>;
    type Out = Of<Transcript>;
    const STATELESS: bool = true;
    const INFERS: bool = true;

    fn apply(&mut self, utterance: Arc<Utterance>, out: &mut Emit<Self::Out>) -> Result<()> {
        if !utterance.complete {
            return Ok(());
        }
        let heard = self.listener.transcribe(&utterance.samples)?;
        let lag = self.clock.now().since(utterance.end);
        let transcript = Transcript {
            start: utterance.start.as_secs_f64(),
            end: utterance.end.as_secs_f64(),
            text: heard.text,
            language: heard.language,
            avg_logprob: heard.avg_logprob,
            no_speech_prob: heard.no_speech_prob,
            accepted: heard.doubt.is_none(),
            doubt: heard.doubt,
            lag_ms: utterance.live.then_some(lag.as_millis() as u64),
            model: Arc::clone(&self.listener.name),
        };
        out.event(&utterance.source, utterance.start, None, transcript);
        Ok(())
    }
}
