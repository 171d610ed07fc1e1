//! Whisper through whisper.cpp: one utterance in, text and how far to trust it out.

mod gate;
pub mod gpu;
pub mod header;
pub mod languages;
mod log;
pub mod processor;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState,
};

use crate::inference::store::{self, pool::Pool};
use crate::inference::words;
use crate::media::audio::SAMPLE_RATE;
use crate::media::events::Doubt;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Provider;

/// whisper.cpp drops shorter input; silence is added up to here.
const SHORTEST: usize = SAMPLE_RATE as usize;
/// Full scale is 1, and some files go beyond it.
const LOUDEST: f32 = 1000.0;
/// Encoder positions (20 ms each) below which Whisper starts to repeat itself.
const SMALLEST_AUDIO_CONTEXT: i32 = 512;
/// An encoder position hears 20 ms.
const SAMPLES_PER_POSITION: usize = SAMPLE_RATE as usize / 50;
/// A token is some four letters and nobody says more of them in a second.
const TOKENS_PER_SECOND: usize = 8;
/// Tokens granted to any utterance, however short.
const TOKENS_AT_LEAST: usize = 16;

/// Loaded models: nodes that use the same one share its memory.
static MODELS: Pool<(String, bool), WhisperContext> = Pool::new();

/// What Whisper makes of an utterance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The words.
    pub text: String,
    /// ISO 639-1 code.
    pub language: Arc<str>,
    /// Mean log probability of the tokens.
    pub avg_logprob: f32,
    /// Probability that there is no speech.
    pub no_speech_prob: f32,
    /// Why the text is not believed, if it is not.
    pub doubt: Option<Doubt>,
}

/// A model with the state of one node.
pub struct Whisper {
    model: Arc<WhisperContext>,
    state: WhisperState,
    threads: i32,
    /// None: find out.
    language: Option<String>,
    samples: Vec<f32>,
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
}

impl Whisper {
    /// Loads a model, or shares one that another node has loaded. `language` is an ISO 639-1 code or
    /// `auto`.
    ///
    /// # Errors
    /// `Fatal` if the model cannot be had or is none, or cannot hear that language.
    pub fn open(
        model: &str,
        sha256: Option<&str>,
        language: &str,
        context: &Context,
    ) -> Result<Whisper> {
        processor::choose();
        let file = store::load(model, sha256, context)?;
        let name = Arc::clone(&file.name);
        let wants_gpu = context
            .runtime
            .providers
            .iter()
            .any(|it| *it != Provider::Cpu);
        let key = (file.sha256.clone(), wants_gpu);
        header::check(&file, language).map_err(Error::fatal)?;
        let model = MODELS.get(key, &context.stop, move || load(&file, wants_gpu))?;
        let state = model
            .create_state()
            .map_err(|error| Error::fatal(format!("{}: {error}", name)))?;
        Ok(Whisper {
            state,
            threads: i32::try_from(context.runtime.threads).unwrap_or(1),
            language: (language != "auto").then(|| language.to_owned()),
            samples: Vec::new(),
            name,
            model,
        })
    }

    /// Writes down 16 kHz mono samples. More than the model's window holds (30 s, of small models
    /// less) is cut where it is quiet.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails.
    pub fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        let window = self.model.model_n_audio_ctx() as usize * SAMPLES_PER_POSITION;
        let (mut heard, mut rest) = (None, samples);
        while rest.len() > window {
            let (piece, after) = rest.split_at(quietest(rest, window / 2..window));
            heard = Some(joined(heard, self.piece(piece)?));
            rest = after;
        }
        Ok(joined(heard, self.piece(rest)?))
    }

    fn piece(&mut self, samples: &[f32]) -> Result<Heard> {
        self.samples.clear();
        self.samples.extend(samples.iter().map(|it| usable(*it)));
        self.samples.resize(samples.len().max(SHORTEST), 0.0);
        let all = self.model.model_n_audio_ctx();
        let short = audio_context(self.samples.len(), all);
        let heard = self.run(short)?;
        // A shortened encoder window is four times as fast, and at times makes Whisper stumble.
        match heard.doubt {
            None | Some(Doubt::NoText) => Ok(heard),
            // Asked twice, it finds words for anything.
            Some(Doubt::Unlikely) => Ok(heard),
            Some(_) if short == all => Ok(heard),
            Some(_) => self.run(all),
        }
    }

    fn run(&mut self, audio_context: i32) -> Result<Heard> {
        let most_tokens = most_tokens(self.samples.len());
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        params.set_n_threads(self.threads);
        params.set_language(Some(self.language.as_deref().unwrap_or("auto")));
        params.set_audio_ctx(audio_context);
        params.set_max_tokens(most_tokens as i32);
        params.set_no_context(true);
        params.set_single_segment(true);
        params.set_no_timestamps(true);
        params.set_suppress_nst(true);
        // Each step decodes again: two are enough to leave a loop.
        params.set_temperature_inc(0.4);
        params.set_print_special(false);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        self.state
            .full(params, &self.samples)
            .map_err(|error| Error::retry(format!("whisper.cpp failed: {error}")))?;
        let no_speech_prob = self.no_speech()?;
        Ok(self.result(most_tokens, no_speech_prob))
    }

    /// How likely there is no speech, of what the encoder has heard: what the decoder makes of nothing but the token
    /// that starts a transcript, as OpenAI does it. whisper.cpp reads its own number from a row of another token
    /// (its pull request 4068).
    fn no_speech(&mut self) -> Result<f32> {
        let threads = self.threads as usize;
        let decoded = self.state.decode(&[self.model.token_sot()], 0, threads);
        let logits = decoded.and_then(|()| self.state.get_logits());
        let logits =
            logits.map_err(|error| Error::retry(format!("whisper.cpp failed: {error}")))?;
        Ok(probability(logits, self.model.token_nosp() as usize))
    }

    fn result(&self, most_tokens: usize, no_speech_prob: f32) -> Heard {
        let (mut text, mut sum, mut tokens) = (String::new(), 0.0, 0usize);
        for segment in self.state.as_iter() {
            text.push_str(&segment.to_str_lossy().unwrap_or_default());
            for token in (0..segment.n_tokens()).filter_map(|at| segment.get_token(at)) {
                sum += token.token_data().plog;
                tokens += 1;
            }
        }
        let text = text.trim().to_owned();
        let avg_logprob = if tokens == 0 {
            0.0
        } else {
            sum / tokens as f32
        };
        let language = whisper_rs::get_lang_str(self.state.full_lang_id_from_state());
        Heard {
            doubt: gate::doubt(&text, tokens, most_tokens, avg_logprob, no_speech_prob),
            language: Arc::from(language.unwrap_or("en")),
            text,
            avg_logprob,
            no_speech_prob,
        }
    }
}

/// A sample that whisper.cpp can square and sum: what is no number, or no sound, becomes silence or very loud.
fn usable(sample: f32) -> f32 {
    match sample.is_finite() {
        true => sample.clamp(-LOUDEST, LOUDEST),
        false => 0.0,
    }
}

/// The probability of one of several outcomes of which the logits are given.
fn probability(logits: &[f32], of: usize) -> f32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: f32 = logits.iter().map(|it| (it - most).exp()).sum();
    (logits[of] - most).exp() / all
}

fn load(file: &store::ModelFile, wants_gpu: bool) -> Result<WhisperContext> {
    let mut params = WhisperContextParameters::default();
    params.flash_attn(true);
    // Where the build or a module knows a GPU, and the pipeline file wants one.
    if wants_gpu && let Err(why) = gpu::find() {
        tracing::warn!("{why}; the processor works for Whisper");
    }
    params.use_gpu(wants_gpu);
    words::complaint();
    WhisperContext::new_from_buffer_with_params(&file.bytes, params).map_err(|error| {
        let why = words::complaint().unwrap_or_else(|| error.to_string());
        // It says in which function of its own.
        let why = match why.split_once(": ") {
            Some((function, why)) if function.starts_with("whisper_") => why,
            _ => &why,
        };
        Error::fatal(format!("whisper.cpp cannot load {}: {why}", file.name))
    })
}

/// The middle of the 50 ms with the least power in a range of samples.
fn quietest(samples: &[f32], range: Range<usize>) -> usize {
    let power = |at: usize| -> f32 { samples[at..at + 800].iter().map(|it| it * it).sum() };
    let starts = range
        .clone()
        .step_by(400)
        .filter(|at| at + 800 <= range.end);
    starts
        .min_by(|a, b| power(*a).total_cmp(&power(*b)))
        .map_or(range.end, |at| at + 400)
}

/// Two pieces of one utterance as one; what cannot be believed is left out beside what can.
fn joined(before: Option<Heard>, after: Heard) -> Heard {
    match before {
        None => after,
        Some(before) if after.doubt.is_some() => before,
        Some(before) if before.doubt.is_some() => after,
        Some(before) => Heard {
            text: format!("{} {}", before.text, after.text),
            avg_logprob: before.avg_logprob.min(after.avg_logprob),
            no_speech_prob: before.no_speech_prob.max(after.no_speech_prob),
            ..after
        },
    }
}

/// Encoder positions for so many samples: their own length and some room, not below the floor.
fn audio_context(samples: usize, all: i32) -> i32 {
    (samples.div_ceil(SAMPLES_PER_POSITION) as i32 + 128)
        .max(SMALLEST_AUDIO_CONTEXT)
        .min(all)
}

fn most_tokens(samples: usize) -> usize {
    TOKENS_PER_SECOND * samples / SAMPLE_RATE as usize + TOKENS_AT_LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_speech_is_cut_where_it_is_quiet() {
        let mut samples = vec![0.5; 16_000];
        samples[10_000..11_000].fill(0.001);
        let cut = quietest(&samples, 8_000..16_000);
        assert!((10_000..11_000).contains(&cut), "{cut}");
    }

    #[test]
    fn pieces_are_joined_and_doubtful_ones_left_out() {
        let heard = |text: &str, avg_logprob, doubt| Heard {
            text: text.to_owned(),
            language: "en".into(),
            avg_logprob,
            no_speech_prob: 0.0,
            doubt,
        };
        let both = joined(Some(heard("one", -0.3, None)), heard("two", -0.1, None));
        assert_eq!((both.text.as_str(), both.avg_logprob), ("one two", -0.3));
        let first = joined(
            Some(heard("one", -0.3, None)),
            heard("", 0.0, Some(Doubt::NoText)),
        );
        assert_eq!(first.text, "one");
        let second = joined(
            Some(heard("uh", -2.0, Some(Doubt::Unlikely))),
            heard("two", -0.1, None),
        );
        assert_eq!(second.text, "two");
    }

    #[test]
    fn the_encoder_window_fits_the_utterance_between_floor_and_whole() {
        assert_eq!(audio_context(16_000, 1500), 512);
        assert_eq!(audio_context(16_000 * 10, 1500), 628);
        assert_eq!(audio_context(16_000 * 30, 1500), 1500);
        assert_eq!(audio_context(16_000, 200), 200);
    }
}
