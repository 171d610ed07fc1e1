//! An ONNX model ready to run, in this process or in a worker process: what goes in and out.

use std::sync::Arc;

use crate::inference::onnx::apart::Apart;
use crate::inference::onnx::model::{self, Loaded};
use crate::inference::onnx::standing::Standing;
use crate::inference::onnx::tensor::{About, Outputs, Tensor};
use crate::inference::onnx::together::Member;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::runtime_options::{Isolation, Provider};

/// A model for one node.
pub struct Session {
    /// What it is and takes.
    pub about: About,
    /// Who made the latest outputs.
    provider: Arc<str>,
    takes_any_size: bool,
    engine: Engine,
}

enum Engine {
    /// Shared with other nodes of this process.
    Here(Arc<Loaded>, Member),
    Apart(Apart),
}

/// Loads a model where `[runtime] isolation` wants it.
///
/// # Errors
/// `Fatal` if the model cannot be had, is not what it should be, or no provider takes it.
pub fn open(name: &str, sha256: Option<&str>, context: &Context) -> Result<Session> {
    let (about, engine) = match context.runtime.isolation {
        Isolation::None => {
            let loaded = model::open(name, sha256, context)?;
            // Who looks on does not keep it.
            let model = Arc::downgrade(&loaded);
            context.describe_live("batch", move || model.upgrade()?.batch());
            let member = loaded.member();
            (loaded.about.clone(), Engine::Here(loaded, member))
        }
        Isolation::Process => {
            let (apart, about) = Apart::start(name, sha256, context)?;
            (about, Engine::Apart(apart))
        }
    };
    let standing = match &engine {
        Engine::Here(loaded, _) => loaded.standing(),
        Engine::Apart(apart) => apart.standing(),
    };
    context.describe("model", &about.name);
    describe(standing, context);
    Ok(Session {
        about,
        provider: standing.in_use().map_or("", Provider::name).into(),
        // For each size, TensorRT would build an engine.
        takes_any_size: !context.runtime.providers.contains(&Provider::Tensorrt),
        engine,
    })
}

/// Shows how the providers fare, from now on.
fn describe(standing: &Arc<Standing>, context: &Context) {
    let now = Arc::clone(standing);
    context.describe_live("provider", move || {
        now.in_use().map(|it| it.name().to_owned())
    });
    let now = Arc::clone(standing);
    context.describe_live("providers", move || now.told());
}

impl Session {
    /// Name of the provider that made the latest outputs; before the first ones, of the one that is in use.
    pub fn provider(&self) -> &Arc<str> {
        &self.provider
    }

    /// What tells the model from others of this process, if nodes share it and it takes batches of any size as they
    /// come.
    pub fn shared(&self) -> Option<usize> {
        match &self.engine {
            Engine::Here(loaded, _) if self.takes_any_size => Some(Arc::as_ptr(loaded) as usize),
            _ => None,
        }
    }

    /// Runs the model on inputs in the order of the file; gives outputs in that order.
    ///
    /// # Errors
    /// `Retry`: inference failed or its process died, which reopening may mend. `Fatal` if a shape
    /// does not fit its numbers.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<Outputs<'_>> {
        let (outputs, provider) = match &mut self.engine {
            Engine::Here(_, member) => member.run(inputs)?,
            Engine::Apart(apart) => {
                let (outputs, provider) = apart.run(inputs)?;
                (Outputs::Apart(outputs), provider)
            }
        };
        if *self.provider != *provider.name() {
            self.provider = provider.name().into();
        }
        Ok(outputs)
    }
}
