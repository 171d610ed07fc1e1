//! Whisper models in memory, shared by all nodes that hear with the same one.

use std::sync::Arc;

use whisper_rs::{WhisperContext, WhisperContextParameters};

use super::alignment::Alignment;
use super::heard::Wanted;
use super::{gpu, header, processor};
use crate::inference::store::{self, ggml::read, pool::Pool};
use crate::inference::words;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

static MODELS: Pool<Key, WhisperContext> = Pool::new();

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sha256: String,
    wants_gpu: bool,
    words: bool,
}

/// A model that is ready to hear.
pub struct Model {
    /// What whisper.cpp has loaded.
    pub context: Arc<WhisperContext>,
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    /// See [`Alignment`].
    pub late: f64,
}

/// Loads a model, or shares one that is loaded.
///
/// # Errors
/// `Fatal` if it cannot be had or is none, or cannot hear the language.
pub fn open(wanted: &Wanted, context: &Context) -> Result<Model> {
    processor::choose();
    let file = store::load(&wanted.model, wanted.sha256.as_deref(), context)?;
    header::check(&file, &wanted.language).map_err(Error::fatal)?;
    let providers = &context.runtime.providers;
    let key = Key {
        sha256: file.sha256.clone(),
        wants_gpu: providers.iter().any(|it| it.is_gpu()),
        words: wanted.words,
    };
    let (name, late) = (Arc::clone(&file.name), alignment(&file.bytes).late);
    let how = key.clone();
    let context = MODELS.get(key, &context.stop, move || load(&file, &how))?;
    Ok(Model {
        context,
        name,
        late,
    })
}

fn load(file: &store::ModelFile, how: &Key) -> Result<WhisperContext> {
    let mut params = WhisperContextParameters::default();
    let has_gpu = how.wants_gpu && gpu_or_warning();
    params.use_gpu(has_gpu);
    // On processors it makes Whisper slower: 506 against 655 ms for an utterance. Times of words need it off.
    params.flash_attn(has_gpu && !how.words);
    if how.words {
        params.dtw_parameters(alignment(&file.bytes).params());
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

fn alignment(bytes: &[u8]) -> Alignment {
    Alignment::of(&read::check(bytes).expect("it was checked"))
}
