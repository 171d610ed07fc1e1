//! An ONNX model ready to run, in this process or in a worker process: what goes in and out.

use std::sync::Arc;

use crate::inference::onnx::apart::Apart;
use crate::inference::onnx::model::{self, Loaded};
use crate::inference::onnx::tensor::{About, Outputs, Tensor};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::runtime_options::{Isolation, Provider};

/// A model for one node.
pub struct Session {
    /// What it is and takes.
    pub about: About,
    /// Where it runs.
    pub provider: Provider,
    engine: Engine,
}

enum Engine {
    /// Shared with other nodes of this process.
    Here(Arc<Loaded>),
    Apart(Apart),
}

/// Loads a model where `[runtime] isolation` wants it.
///
/// # Errors
/// `Fatal` if the model cannot be had, is not what it should be, or no provider takes it.
pub fn open(name: &str, sha256: Option<&str>, context: &Context) -> Result<Session> {
    let (about, provider, engine) = match context.runtime.isolation {
        Isolation::None => {
            let loaded = model::open(name, sha256, context)?;
            (loaded.about.clone(), loaded.provider, Engine::Here(loaded))
        }
        Isolation::Process => {
            let (apart, (about, provider)) = Apart::start(name, sha256, context)?;
            (about, provider, Engine::Apart(apart))
        }
    };
    context.describe("model", &about.name);
    context.describe("provider", provider.name());
    Ok(Session {
        about,
        provider,
        engine,
    })
}

impl Session {
    /// What tells the model from others of this process, if nodes share it and it takes batches of any size as they
    /// come. For each size, TensorRT would build an engine.
    pub fn shared(&self) -> Option<usize> {
        match &self.engine {
            Engine::Here(loaded) if self.provider != Provider::Tensorrt => {
                Some(Arc::as_ptr(loaded) as usize)
            }
            _ => None,
        }
    }

    /// Runs the model on inputs in the order of the file; gives outputs in that order.
    ///
    /// # Errors
    /// `Retry`: inference failed or its process died, which reopening may mend. `Fatal` if a shape
    /// does not fit its numbers.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<Outputs<'_>> {
        match &mut self.engine {
            Engine::Here(loaded) => loaded.run(inputs).map(Outputs::Here),
            Engine::Apart(apart) => apart.run(inputs).map(Outputs::Apart),
        }
    }
}
