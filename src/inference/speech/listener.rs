//! Whisper for one node, in this process or in a worker process.

use crate::inference::speech::whisper::Whisper;
use crate::inference::speech::whisper::heard::{About, Heard, Told, Wanted};
use crate::inference::worker::{Engine as WorkerEngine, Shared, Worker};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Isolation;

/// A model that writes speech down.
pub struct Listener {
    /// What is told of it.
    pub told: Told,
    engine: Engine,
}

enum Engine {
    Here(Box<Whisper>),
    Apart(Worker<Child>),
}

impl Listener {
    /// Loads a model where `[runtime] isolation` wants it.
    ///
    /// # Errors
    /// `Fatal` if the model cannot be had or is none, or cannot hear that language.
    pub fn open(wanted: &Wanted, context: &Context) -> Result<Listener> {
        let (told, engine) = match context.runtime.isolation {
            Isolation::None => {
                let whisper = Whisper::open(wanted, context)?;
                (whisper.told.clone(), Engine::Here(Box::new(whisper)))
            }
            Isolation::Process => {
                let (worker, told) = Worker::start(&wanted.model, wanted, context)?;
                (told, Engine::Apart(worker))
            }
        };
        context.describe("model", &told.name);
        Ok(Listener { told, engine })
    }

    /// Writes down 16 kHz mono samples.
    ///
    /// # Errors
    /// `Retry` if whisper.cpp fails or its process dies.
    pub fn transcribe(&mut self, samples: &[f32], about: &About) -> Result<Heard> {
        match &mut self.engine {
            Engine::Here(whisper) => whisper.transcribe(samples, about),
            Engine::Apart(worker) => worker.ask(
                |memory| {
                    let put = memory.put(0, samples);
                    put.map(|_| (samples.len(), about.clone()))
                },
                |heard, _| Ok(heard),
            ),
        }
    }
}

/// The child's side of a worker process.
pub struct Child {
    whisper: Whisper,
    samples: Vec<f32>,
}

impl WorkerEngine for Child {
    const NAME: &'static str = "whisper";
    type Job = Wanted;
    type About = Told;
    /// So many samples in the shared memory, and what is known of them.
    type Request = (usize, About);
    type Answer = Heard;

    fn load(wanted: &Wanted, context: &Context) -> Result<(Child, Told)> {
        let whisper = Whisper::open(wanted, context)?;
        let (told, samples) = (whisper.told.clone(), Vec::new());
        Ok((Child { whisper, samples }, told))
    }

    fn answer(&mut self, (count, about): &(usize, About), memory: &Shared) -> Result<Heard> {
        let read = memory.get(0, *count, &mut self.samples);
        read.map_err(Error::retry)?;
        self.whisper.transcribe(&self.samples, about)
    }
}
