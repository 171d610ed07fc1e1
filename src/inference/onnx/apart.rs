//! ONNX models in worker processes: tensors through the memory that parent and child share.

use std::io;
use std::sync::Arc;

use half::f16;
use serde::{Deserialize, Serialize};

use crate::inference::onnx::model::{self, Loaded};
use crate::inference::onnx::parity::Tolerance;
use crate::inference::onnx::standing::{Outcome, Standing};
use crate::inference::onnx::tensor::{About, Copied, Outputs, Tensor, Values};
use crate::inference::worker::{Engine, MOST_NUMBERS, Shared, Worker};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Provider;

/// The parent's side.
pub struct Apart {
    worker: Worker<Child>,
    /// As the child has told it.
    standing: Arc<Standing>,
    /// Copies of the latest outputs.
    outputs: Vec<Option<Copied>>,
}

/// The child's side.
pub struct Child {
    model: Arc<Loaded>,
    /// Changes of the standing that the parent knows.
    told: u64,
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
    /// 16 bits each.
    Halves,
    /// 8 bits each, unsigned.
    Bytes,
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
        elements(&self.shape)
    }
}

fn elements(shape: &[i64]) -> io::Result<usize> {
    let multiply = |product: usize, &size: &i64| product.checked_mul(usize::try_from(size).ok()?);
    let count = shape.iter().try_fold(1, multiply);
    let count = count.filter(|&count| count <= MOST_NUMBERS);
    count.ok_or_else(|| io::Error::other("a tensor of that shape cannot be"))
}

/// Buffers of the inputs, kept from request to request.
#[derive(Default)]
struct Buffers {
    floats: Vec<Vec<f32>>,
    integers: Vec<Vec<i64>>,
    halves: Vec<Vec<f16>>,
    bytes: Vec<Vec<u8>>,
}

/// A model and how its providers fare.
pub type Opened = (About, Vec<Outcome>);

/// The answer to a request.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    /// Shapes of the outputs in the shared memory; none for those that are no numbers.
    shapes: Vec<Option<Vec<i64>>>,
    /// Who made them.
    provider: Provider,
    /// How the providers fare, if that has changed.
    outcomes: Option<Vec<Outcome>>,
}

impl Apart {
    /// Starts a worker that loads a model.
    ///
    /// # Errors
    /// As `Worker::start`.
    pub fn start(model: &str, sha256: Option<&str>, context: &Context) -> Result<(Apart, About)> {
        let job = Job {
            model: model.to_owned(),
            sha256: sha256.map(ToOwned::to_owned),
        };
        let (worker, (about, outcomes)) = Worker::start(model, &job, context)?;
        let runtime = &context.runtime;
        let allowed = Tolerance::of(runtime.precision).to_string();
        let standing = Arc::new(Standing::new(&runtime.providers, allowed));
        standing.replace(outcomes);
        let apart = Apart {
            worker,
            standing,
            outputs: Vec::new(),
        };
        Ok((apart, about))
    }

    /// How the providers fare, as of the latest answer.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Runs the model; says who did.
    ///
    /// # Errors
    /// `Retry` if inference fails, takes too long, or the process dies.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<(&[Option<Copied>], Provider)> {
        let outputs = &mut self.outputs;
        let put = |memory: &Shared| put(inputs, memory);
        let get = |answer: Answer, memory: &Shared| {
            get(outputs, answer.shapes, memory)?;
            Ok((answer.provider, answer.outcomes))
        };
        let (provider, outcomes) = self.worker.ask(put, get)?;
        if let Some(outcomes) = outcomes {
            self.standing.replace(outcomes);
        }
        Ok((&self.outputs, provider))
    }
}

fn put(inputs: &[Tensor<'_>], memory: &Shared) -> io::Result<Vec<Input>> {
    let (mut at, mut heads) = (0, Vec::with_capacity(inputs.len()));
    for input in inputs {
        let kind;
        (at, kind) = match input.values {
            Values::Floats(floats) => (memory.put(at, floats)?, Kind::Floats),
            Values::Integers(integers) => (memory.put(at, integers)?, Kind::Integers),
            Values::Halves(halves) => (memory.put(at, halves)?, Kind::Halves),
            Values::Bytes(bytes) => (memory.put(at, bytes)?, Kind::Bytes),
        };
        let shape = input.shape.to_vec();
        heads.push(Input { kind, shape });
    }
    Ok(heads)
}

fn get(
    outputs: &mut Vec<Option<Copied>>,
    shapes: Vec<Option<Vec<i64>>>,
    memory: &Shared,
) -> io::Result<()> {
    outputs.resize_with(shapes.len(), || None);
    let mut at = 0;
    for (output, shape) in outputs.iter_mut().zip(shapes) {
        *output = match shape {
            Some(shape) => {
                let mut numbers = output.take().unwrap_or_default().numbers;
                at = memory.get(at, elements(&shape)?, &mut numbers)?;
                Some(Copied { shape, numbers })
            }
            None => None,
        };
    }
    Ok(())
}

impl Engine for Child {
    const NAME: &'static str = "onnx";
    type Job = Job;
    type About = Opened;
    type Request = Vec<Input>;
    type Answer = Answer;

    fn load(job: &Job, context: &Context) -> Result<(Child, Opened)> {
        let model = model::open(&job.model, job.sha256.as_deref(), context)?;
        let standing = model.standing();
        let told = standing.changes();
        let about = (model.about.clone(), standing.outcomes());
        let buffers = Buffers::default();
        let child = Child {
            model,
            told,
            buffers,
        };
        Ok((child, about))
    }

    fn answer(&mut self, inputs: &Vec<Input>, memory: &Shared) -> Result<Self::Answer> {
        self.buffers.read(inputs, memory).map_err(Error::retry)?;
        let (outputs, provider) = self.model.run(&self.buffers.tensors(inputs))?;
        let standing = self.model.standing();
        let changes = standing.changes();
        let is_news = std::mem::replace(&mut self.told, changes) != changes;
        Ok(Answer {
            shapes: write(&outputs, memory).map_err(Error::retry)?,
            provider,
            outcomes: is_news.then(|| standing.outcomes()),
        })
    }
}

impl Buffers {
    /// One buffer of each kind an input, of which one is used: there are three inputs at most.
    fn read(&mut self, inputs: &[Input], memory: &Shared) -> io::Result<()> {
        self.floats.resize_with(inputs.len(), Vec::new);
        self.integers.resize_with(inputs.len(), Vec::new);
        self.halves.resize_with(inputs.len(), Vec::new);
        self.bytes.resize_with(inputs.len(), Vec::new);
        let mut at = 0;
        for (place, input) in inputs.iter().enumerate() {
            let count = input.elements()?;
            at = match input.kind {
                Kind::Floats => memory.get(at, count, &mut self.floats[place])?,
                Kind::Integers => memory.get(at, count, &mut self.integers[place])?,
                Kind::Halves => memory.get(at, count, &mut self.halves[place])?,
                Kind::Bytes => memory.get(at, count, &mut self.bytes[place])?,
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
                Kind::Halves => Values::Halves(&self.halves[at]),
                Kind::Bytes => Values::Bytes(&self.bytes[at]),
            },
        };
        inputs.iter().enumerate().map(tensor).collect()
    }
}

fn write(outputs: &Outputs<'_>, memory: &Shared) -> io::Result<Vec<Option<Vec<i64>>>> {
    let (mut at, mut shapes) = (0, Vec::new());
    for output in 0..outputs.count() {
        let array = outputs.array(output).ok();
        if let Some(array) = &array {
            at = memory.put(at, &array.numbers)?;
        }
        shapes.push(array.map(|it| it.shape.into_owned()));
    }
    Ok(shapes)
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
