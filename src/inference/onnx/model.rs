//! ONNX models in this process, which nodes share, at the providers that were asked for.

use std::sync::Arc;

use crate::inference::onnx::at_once;
use crate::inference::onnx::native::Native;
use crate::inference::onnx::parity::{Compute, Tolerance};
use crate::inference::onnx::standing::{Standing, State};
use crate::inference::onnx::switch::{Candidates, Switch, Told};
use crate::inference::onnx::tensor::{About, Outputs, Tensor};
use crate::inference::onnx::together::{Batches, Member};
use crate::inference::onnx::{declared, file as onnx_file, library, providers};
use crate::inference::store::{self, ModelFile, pool::Pool};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::{Precision, Provider};

/// Models in use, by file and options: cameras that run the same model share its memory.
static MODELS: Pool<Key, Loaded> = Pool::new();

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    sha256: String,
    providers: Vec<Provider>,
    precision: Precision,
    gpu_memory_mb: Option<u32>,
    threads: usize,
    batch: usize,
    batch_ms: u64,
}

/// A model loaded into ONNX Runtime.
pub struct Loaded {
    /// What it is and takes.
    pub about: About,
    batches: Option<Arc<Batches>>,
    switch: Arc<Switch>,
}

/// Loads a model, or shares what another node has already made of it.
///
/// # Errors
/// `Fatal` if the model cannot be had, is not what it should be, or no provider takes it.
pub fn open(model: &str, sha256: Option<&str>, context: &Context) -> Result<Arc<Loaded>> {
    let file = store::load(model, sha256, context)?;
    let runtime = &context.runtime;
    let key = Key {
        sha256: file.sha256.clone(),
        providers: runtime.providers.clone(),
        precision: runtime.precision,
        gpu_memory_mb: runtime.gpu_memory_mb,
        threads: runtime.threads,
        batch: runtime.batch,
        batch_ms: runtime.batch_ms,
    };
    let world = context.clone();
    MODELS.get(key, &context.stop, move || build(file, world))
}

/// The CPU serves while those before it in the list are made ready; without it in the list, they are waited for.
fn build(file: ModelFile, context: Context) -> Result<Loaded> {
    onnx_file::check(&file.bytes).map_err(|why| Error::fatal(format!("{}: {why}", file.name)))?;
    let environment = library::environment(&context)?;
    let wanted = context.runtime.providers.clone();
    let tolerance = Tolerance::of(context.runtime.precision);
    let cpu = providers::build(&environment, &file, Provider::Cpu, &context);
    let about = about(&file, cpu.as_deref().ok());
    let told = Told {
        model: Arc::clone(&file.name),
        inputs: about.inputs.clone(),
        tolerance,
        most_at_once: at_once::floor(context.runtime.batch),
        standing: Arc::new(Standing::new(&wanted, tolerance.to_string())),
    };
    let batches = Batches::of(&context.runtime).map(Arc::new);
    let place = wanted.iter().position(|it| *it == Provider::Cpu);
    let make = move |provider| {
        let made = providers::build(&environment, &file, provider, &context);
        made.map(|it| it as Arc<dyn Compute>)
    };
    let candidates = |count: usize, cpu| Candidates {
        build: Box::new(make),
        providers: wanted[..count]
            .iter()
            .copied()
            .filter(|it| *it != Provider::Cpu)
            .collect(),
        cpu,
        falls_back: place.is_some(),
    };
    let switch = match (cpu, place) {
        (Ok(cpu), Some(0)) => Switch::fixed(told, Provider::Cpu, cpu),
        (Ok(cpu), Some(place)) => {
            let reference = Some(Arc::clone(&cpu) as Arc<dyn Compute>);
            Switch::live(told, cpu, candidates(place, reference))?
        }
        (Ok(cpu), None) => Switch::settled(told, candidates(wanted.len(), Some(cpu)))?,
        (Err(why), _) => {
            if place.is_some() {
                told.refused(Provider::Cpu, State::Refused(why));
            }
            Switch::settled(told, candidates(wanted.len(), None))?
        }
    };
    Ok(Loaded {
        about,
        batches,
        switch,
    })
}

/// What a model is and takes. Where the CPU takes it, ONNX Runtime knows its shapes best.
fn about(file: &ModelFile, cpu: Option<&Native>) -> About {
    let declared = declared::declared(file).about;
    match cpu.map(Native::ports) {
        Some([inputs, outputs]) => About {
            inputs,
            outputs,
            ..declared
        },
        None => declared,
    }
}

impl Loaded {
    /// Runs the model on inputs in the order of the file; gives outputs in that order, and says who made them.
    ///
    /// Several threads may call this at once.
    ///
    /// # Errors
    /// `Retry`: inference failed, which reopening may mend. `Fatal` if a shape does not fit its
    /// numbers.
    pub fn run(&self, inputs: &[Tensor<'_>]) -> Result<(Outputs<'static>, Provider)> {
        self.switch.run(inputs)
    }

    /// A node that runs this model from now on, together with others where that is of use.
    pub fn member(&self) -> Member {
        Member::new(Arc::clone(&self.switch), self.batches.clone())
    }

    /// How many inputs are computed at once, in words; none where they never are.
    pub fn batch(&self) -> Option<String> {
        let batches = self.batches.as_ref()?;
        Some(batches.told(&self.switch.at_once()))
    }

    /// How the providers fare.
    pub fn standing(&self) -> &Arc<Standing> {
        self.switch.standing()
    }
}
