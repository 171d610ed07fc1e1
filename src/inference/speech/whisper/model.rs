//! Whisper models in memory, shared by all nodes that hear with the same one.

use std::sync::Arc;

use whisper_rs::{
    DtwMode, DtwModelPreset, DtwParameters, WhisperContext, WhisperContextParameters,
};

use super::{Wanted, gpu, header, processor};
use crate::inference::store::{self, ggml::read, pool::Pool};
use crate::inference::words;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Provider;

/// Memory of its own in which whisper.cpp looks for the times of the words of one window; 22 MB were seen.
const ALIGNMENT_BYTES: usize = 64 << 20;

static MODELS: Pool<Key, WhisperContext> = Pool::new();

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sha256: String,
    wants_gpu: bool,
    words: bool,
}

/// Loads a model, or shares one that is loaded; gives it and what it is called in events.
///
/// # Errors
/// `Fatal` if it cannot be had or is none, or cannot hear the language.
pub fn open(wanted: &Wanted, context: &Context) -> Result<(Arc<WhisperContext>, Arc<str>)> {
    processor::choose();
    let file = store::load(&wanted.model, wanted.sha256.as_deref(), context)?;
    header::check(&file, &wanted.language).map_err(Error::fatal)?;
    let providers = &context.runtime.providers;
    let key = Key {
        sha256: file.sha256.clone(),
        wants_gpu: providers.iter().any(|it| *it != Provider::Cpu),
        words: wanted.words,
    };
    let name = Arc::clone(&file.name);
    let how = key.clone();
    let model = MODELS.get(key, &context.stop, move || load(&file, &how))?;
    Ok((model, name))
}

fn load(file: &store::ModelFile, how: &Key) -> Result<WhisperContext> {
    let mut params = WhisperContextParameters::default();
    let has_gpu = how.wants_gpu && gpu_or_warning();
    params.use_gpu(has_gpu);
    // On processors it makes Whisper slower: 506 against 655 ms for an utterance. Times of words need it off.
    params.flash_attn(has_gpu && !how.words);
    if how.words {
        params.dtw_parameters(DtwParameters {
            mode: heads(&file.bytes),
            dtw_mem_size: ALIGNMENT_BYTES,
        });
    }
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

/// Whether the build or a module knows a graphics processor, where the pipeline file wants one.
fn gpu_or_warning() -> bool {
    match gpu::find() {
        Ok(found) => found.is_some(),
        Err(why) => {
            tracing::warn!("{why}; the processor works for Whisper");
            false
        }
    }
}

/// The decoder heads that look at the sound of the word that is being written: known of OpenAI's models, by their
/// numbers of tokens and of layers; of others, the upper half of the layers has them.
fn heads(bytes: &[u8]) -> DtwMode<'static> {
    let head = read::check(bytes).expect("it was checked");
    let (encoder, decoder) = (head.sounds.layers, head.texts.layers);
    let model_preset = match (head.tokens, encoder, decoder) {
        (51_864, 4, 4) => DtwModelPreset::TinyEn,
        (51_865, 4, 4) => DtwModelPreset::Tiny,
        (51_864, 6, 6) => DtwModelPreset::BaseEn,
        (51_865, 6, 6) => DtwModelPreset::Base,
        (51_864, 12, 12) => DtwModelPreset::SmallEn,
        (51_865, 12, 12) => DtwModelPreset::Small,
        (51_864, 24, 24) => DtwModelPreset::MediumEn,
        (51_865, 24, 24) => DtwModelPreset::Medium,
        (51_865, 32, 32) => DtwModelPreset::LargeV2,
        (51_866, 32, 32) => DtwModelPreset::LargeV3,
        (51_866, 32, 4) => DtwModelPreset::LargeV3Turbo,
        _ => {
            let n_top = i32::try_from(decoder / 2).unwrap_or(1).max(1);
            return DtwMode::TopMost { n_top };
        }
    };
    DtwMode::ModelPreset { model_preset }
}
