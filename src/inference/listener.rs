//! Whisper for one node, in this process or in a worker process.

use std::sync::Arc;

use crate::inference::whisper::{Heard, Whisper};
use crate::inference::worker::{Job, Worker};
use crate::pipeline::context::Context;
use crate::pipeline::node::Result;
use crate::pipeline::options::Isolation;

/// A model that writes speech down.
pub struct Listener {
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    engine: Engine,
}

enum Engine {
    Here(Box<Whisper>),
    Apart(Worker),
}

impl Listener {
    /// Loads a model where `[runtime] isolation` wants it. `language` is an ISO 639-1 code or `auto`.
    ///
    /// # Errors
    /// `Fatal` if the model cannot be had or is none, or cannot hear that language.
    pub fn open(
        model: &str,
        sha256: Option<&str>,
        language: &str,
        context: &Context,
    ) -> Result<Listener> {
        let (name, engine) = match context.runtime.isolation {
            Isolation::None => {
                let whisper = Whisper::open(model, sha256, language, context)?;
                (Arc::clone(&whisper.name), Engine::Here(Box::new(whisper)))
            }
            Isolation::Process => {
                let job = Job::whisper(model, sha256, language);
                let (worker, name) = Worker::start_whisper(&job, context)?;
                (name, Engine::Apart(worker))
            }
        };
        context.describe("model", &name);
        Ok(Listener { name, engine })
    }

    /// Writes down 16 kHz mono samples.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails or its process dies.
    pub fn transcribe(&mut self, samples: &[f32]) -> Result<Heard> {
        match &mut self.engine {
            Engine::Here(whisper) => whisper.transcribe(samples),
            Engine::Apart(worker) => worker.transcribe(samples),
        }
    }
}
