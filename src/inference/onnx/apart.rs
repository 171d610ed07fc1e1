//! ONNX models in worker processes: tensors through the memory that parent and child share.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inference::onnx::model::{self, Loaded};
use crate::inference::onnx::tensor::{About, Outputs, Tensor, Values};
use crate::inference::worker::{Engine, MOST_NUMBERS, Shared, Worker};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Provider;

/// The parent's side.
pub struct Apart {
    worker: Worker<Child>,
    /// Copies of the latest outputs.
    outputs: Vec<Option<Vec<f32>>>,
}

/// The child's side.
pub struct Child {
    model: Arc<Loaded>,
    buffers: Buffers,
}

/// Name or path of a model, and the sum of the file if it is a path.
#[derive(Serialize, Deserialize)]
pub struct Job {
    model: String,
    sha256: Option<String>,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// 32 bits each.
    Floats,
    /// 64 bits each, signed.
    Integers,
}

/// One input in the shared memory, after those before it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    /// Type of its elements.
    pub kind: Kind,
    /// Its product is the number of elements.
    pub shape: Vec<i64>,
}

impl Input {
    /// Elements of the tensor.
    ///
    /// # Errors
    /// If so many cannot be.
    pub fn elements(&self) -> io::Result<usize> {
        let multiply =
            |product: usize, &size: &i64| product.checked_mul(usize::try_from(size).ok()?);
        let count = self.shape.iter().try_fold(1, multiply);
        let count = count.filter(|&count| count <= MOST_NUMBERS);
        count.ok_or_else(|| io::Error::other("a tensor of that shape cannot be"))
    }
}

/// Buffers of the inputs, kept from request to request.
#[derive(Default)]
struct Buffers {
    floats: Vec<Vec<f32>>,
    integers: Vec<Vec<i64>>,
}

/// A model and where it runs.
pub type Opened = (About, Provider);

impl Apart {
    /// Starts a worker that loads a model.
    ///
    /// # Errors
    /// As `Worker::start`.
    pub fn start(model: &str, sha256: Option<&str>, context: &Context) -> Result<(Apart, Opened)> {
        let job = Job {
            model: model.to_owned(),
            sha256: sha256.map(ToOwned::to_owned),
        };
        let (worker, about) = Worker::start(model, &job, context)?;
        let outputs = Vec::new();
        Ok((Apart { worker, outputs }, about))
    }

    /// Runs the model.
    ///
    /// # Errors
    /// `Retry` if inference fails, takes too long, or the process dies.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<&[Option<Vec<f32>>]> {
        let outputs = &mut self.outputs;
        let put = |memory: &Shared| put(inputs, memory);
        let get = |lengths, memory: &Shared| get(outputs, lengths, memory);
        self.worker.ask(put, get)?;
        Ok(&self.outputs)
    }
}

fn put(inputs: &[Tensor<'_>], memory: &Shared) -> io::Result<Vec<Input>> {
    let (mut at, mut heads) = (0, Vec::with_capacity(inputs.len()));
    for input in inputs {
        let kind;
        (at, kind) = match input.values {
            Values::Floats(floats) => (memory.put(at, floats)?, Kind::Floats),
            Values::Integers(integers) => (memory.put(at, integers)?, Kind::Integers),
        };
        let shape = input.shape.to_vec();
        heads.push(Input { kind, shape });
    }
    Ok(heads)
}

fn get(
    outputs: &mut Vec<Option<Vec<f32>>>,
    lengths: Vec<Option<usize>>,
    memory: &Shared,
) -> io::Result<()> {
    outputs.resize_with(lengths.len(), || None);
    let mut at = 0;
    for (output, length) in outputs.iter_mut().zip(lengths) {
        match length {
            Some(length) => at = memory.get(at, length, output.get_or_insert_default())?,
            None => *output = None,
        }
    }
    Ok(())
}

impl Engine for Child {
    const NAME: &'static str = "onnx";
    type Job = Job;
    type About = Opened;
    type Request = Vec<Input>;
    /// Lengths of the outputs in the shared memory; none for those that are no floats.
    type Answer = Vec<Option<usize>>;

    fn load(job: &Job, context: &Context) -> Result<(Child, Opened)> {
        let model = model::open(&job.model, job.sha256.as_deref(), context)?;
        let about = (model.about.clone(), model.provider);
        let buffers = Buffers::default();
        Ok((Child { model, buffers }, about))
    }

    fn answer(&mut self, inputs: &Vec<Input>, memory: &Shared) -> Result<Vec<Option<usize>>> {
        self.buffers.read(inputs, memory).map_err(Error::retry)?;
        let outputs = Outputs::Here(self.model.run(&self.buffers.tensors(inputs))?);
        write(&outputs, memory).map_err(Error::retry)
    }
}

impl Buffers {
    /// One buffer of each kind an input, of which one is used: there are three inputs at most.
    fn read(&mut self, inputs: &[Input], memory: &Shared) -> io::Result<()> {
        self.floats.resize_with(inputs.len(), Vec::new);
        self.integers.resize_with(inputs.len(), Vec::new);
        let (mut at, buffers) = (0, self.floats.iter_mut().zip(&mut self.integers));
        for (input, (floats, integers)) in inputs.iter().zip(buffers) {
            at = match input.kind {
                Kind::Floats => memory.get(at, input.elements()?, floats)?,
                Kind::Integers => memory.get(at, input.elements()?, integers)?,
            };
        }
        Ok(())
    }

    fn tensors<'a>(&'a self, inputs: &'a [Input]) -> Vec<Tensor<'a>> {
        let tensor = |(at, input): (usize, &'a Input)| Tensor {
            shape: &input.shape,
            values: match input.kind {
                Kind::Floats => Values::Floats(&self.floats[at]),
                Kind::Integers => Values::Integers(&self.integers[at]),
            },
        };
        inputs.iter().enumerate().map(tensor).collect()
    }
}

fn write(outputs: &Outputs<'_>, memory: &Shared) -> io::Result<Vec<Option<usize>>> {
    let (mut at, mut lengths) = (0, Vec::new());
    for output in 0..outputs.count() {
        let floats = outputs.floats(output).ok();
        if let Some(floats) = floats {
            at = memory.put(at, floats)?;
        }
        lengths.push(floats.map(<[f32]>::len));
    }
    Ok(lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_cannot_be_is_refused() {
        let input = |shape: &[i64]| {
            let shape = shape.to_vec();
            let kind = Kind::Floats;
            Input { kind, shape }.elements().ok()
        };
        assert_eq!(input(&[1, 3, 2]), Some(6));
        assert_eq!(input(&[]), Some(1));
        assert_eq!(input(&[-1, 3]), None);
        assert_eq!(input(&[i64::MAX, i64::MAX]), None);
    }
}
