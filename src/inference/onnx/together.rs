//! Nodes that run the same model, whose inputs a graphics processor computes at once: those that come while it is at work,
//! and those that are due soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::inference::onnx::at_once::{self, AtOnce};
use crate::inference::onnx::sample::Sample;
use crate::inference::onnx::switch::Switch;
use crate::inference::onnx::tensor::{Outputs, Tensor};
use crate::inference::turns::{Seat, Turns};
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::{Provider, Runtime};

/// Where the nodes of a model meet, and how many come together.
pub struct Batches {
    turns: Arc<Turns<Load>>,
    runs: AtomicU64,
    inputs: AtomicU64,
}

impl Batches {
    /// None where nothing is to be computed at once.
    pub fn of(runtime: &Runtime) -> Option<Batches> {
        let has_gpu = runtime.providers.iter().any(|it| it.is_gpu());
        (has_gpu && runtime.batch > 1).then(|| Batches {
            turns: Arc::new(Turns::new(
                at_once::floor(runtime.batch),
                Duration::from_millis(runtime.batch_ms),
            )),
            runs: AtomicU64::new(0),
            inputs: AtomicU64::new(0),
        })
    }

    /// In words, for `/status`.
    pub fn told(&self, at_once: &AtOnce) -> String {
        let AtOnce { most, why } = at_once;
        let (runs, inputs) = (self.runs.load(Relaxed), self.inputs.load(Relaxed));
        let why = why.as_ref().map_or(String::new(), |it| format!(" ({it})"));
        match runs {
            0 => format!("{most} at most{why}"),
            _ => format!(
                "{most} at most, {:.1} on average{why}",
                inputs as f64 / runs as f64
            ),
        }
    }
}

/// A node among those that run the same model.
pub struct Member {
    model: Arc<Switch>,
    /// Its place among the others; none where nothing is computed at once.
    seat: Option<(Arc<Batches>, Seat<Load>)>,
    load: Load,
    stack: Sample,
}

/// What a node brings, and what it gets back.
#[derive(Default)]
pub struct Load {
    inputs: Sample,
    outputs: Option<(Outputs<'static>, Provider)>,
}

impl Member {
    /// A node that runs this model from now on.
    pub fn new(model: Arc<Switch>, batches: Option<Arc<Batches>>) -> Member {
        let seat = |it: Arc<Batches>| {
            let seat = Seat::new(Arc::clone(&it.turns));
            (it, seat)
        };
        Member {
            model,
            seat: batches.map(seat),
            load: Load::default(),
            stack: Sample::default(),
        }
    }

    /// Runs the model, together with other nodes where that is of use; says who did.
    ///
    /// # Errors
    /// As `Switch::run`.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<(Outputs<'static>, Provider)> {
        let most = self.model.most_at_once();
        let is_one = inputs.iter().all(|it| it.shape.first() == Some(&1));
        // Who is alone need not copy what it brings.
        let seat = self.seat.as_ref();
        let seat = seat.filter(|it| most > 1 && is_one && !it.1.is_alone());
        let Some((batches, seat)) = seat else {
            return self.model.run(inputs);
        };
        let mut load = std::mem::take(&mut self.load);
        load.inputs.clear();
        load.inputs.push(inputs);
        let (model, stack) = (&self.model, &mut self.stack);
        let compute = |loads: &mut [Load]| {
            alike(loads, most, &mut |loads| {
                batches.runs.fetch_add(1, Relaxed);
                batches.inputs.fetch_add(loads.len() as u64, Relaxed);
                together(model, loads, stack)
            })
        };
        let mut load = seat.work(load, compute)?;
        let outputs = load.outputs.take();
        self.load = load;
        outputs.ok_or_else(|| Error::retry("the model was given up"))
    }
}

/// Has those of one form computed at once, `most` at most.
fn alike(
    loads: &mut [Load],
    most: usize,
    compute: &mut dyn FnMut(&mut [&mut Load]) -> Result<()>,
) -> Result<()> {
    let mut loads: Vec<&mut Load> = loads.iter_mut().collect();
    loads.sort_by(|a, b| a.inputs.shapes().cmp(b.inputs.shapes()));
    let is_like = |a: &&mut Load, b: &&mut Load| a.inputs.shapes().eq(b.inputs.shapes());
    let mut alike = loads.chunk_by_mut(is_like);
    alike.try_for_each(|it| it.chunks_mut(most).try_for_each(&mut *compute))
}

fn together(model: &Arc<Switch>, loads: &mut [&mut Load], stack: &mut Sample) -> Result<()> {
    if let [alone] = loads {
        alone.outputs = Some(model.run(&alone.inputs.tensors())?);
        return Ok(());
    }
    // The last one again and again up to a size that the provider is prepared for.
    let size = loads.len().next_power_of_two();
    stack.clear();
    for at in 0..size {
        stack.push(&loads[at.min(loads.len() - 1)].inputs.tensors());
    }
    let (outputs, provider) = model.run(&stack.tensors())?;
    let outputs = Arc::new(outputs);
    for (at, load) in loads.iter_mut().enumerate() {
        load.outputs = Some((Outputs::Part(Arc::clone(&outputs), [at, size]), provider));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
