//! Whisper for one node, in this process or in a worker process.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inference::speech::whisper::{Heard, Whisper};
use crate::inference::worker::{Engine as WorkerEngine, Shared, Worker};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Isolation;

/// A model that writes speech down.
pub struct Listener {
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    engine: Engine,
}

enum Engine {
    Here(Box<Whisper>),
    Apart(Worker<Child>),
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
                let job = Job {
                    model: model.to_owned(),
                    sha256: sha256.map(ToOwned::to_owned),
                    language: language.to_owned(),
                };
                let (worker, name) = Worker::start(model, &job, context)?;
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
            Engine::Apart(worker) => worker.ask(
                |memory| memory.put(0, samples).map(|_| samples.len()),
                |heard, _| Ok(heard),
            ),
        }
    }
}

/// Which model a child loads, and the language that it is to hear.
#[derive(Serialize, Deserialize)]
pub struct Job {
    model: String,
    sha256: Option<String>,
    language: String,
}

/// The child's side of a worker process.
pub struct Child {
    whisper: Whisper,
    samples: Vec<f32>,
}

impl WorkerEngine for Child {
    const NAME: &'static str = "whisper";
    type Job = Job;
    /// Manifest id and the first digits of the sum.
    type About = Arc<str>;
    /// So many samples in the shared memory.
    type Request = usize;
    type Answer = Heard;

    fn load(job: &Job, context: &Context) -> Result<(Child, Arc<str>)> {
        let whisper = Whisper::open(&job.model, job.sha256.as_deref(), &job.language, context)?;
        let (name, samples) = (Arc::clone(&whisper.name), Vec::new());
        Ok((Child { whisper, samples }, name))
    }

    fn answer(&mut self, count: &usize, memory: &Shared) -> Result<Heard> {
        let read = memory.get(0, *count, &mut self.samples);
        read.map_err(Error::retry)?;
        self.whisper.transcribe(&self.samples)
    }
}
