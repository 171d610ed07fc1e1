//! What an ONNX model is and takes, and numbers on the way into and out of it.

use std::sync::Arc;

use ort::value::DynValue;
use serde::{Deserialize, Serialize};

use crate::pipeline::contract::error::{Error, Result};

/// What a model is and takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    /// The names of its classes as the manifest and the file write them, the most trusted first.
    pub labels: Vec<String>,
    /// Inputs, in the order of the file.
    pub inputs: Vec<Port>,
    /// Outputs, in the order of the file.
    pub outputs: Vec<Port>,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its name in the file.
    pub name: String,
    /// Its shape; -1 where the file leaves it open.
    pub shape: Vec<i64>,
    /// Whether its elements are 32-bit floats.
    pub is_f32: bool,
}

/// Borrowed numbers and their shape, on the way into a model.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    /// Its product is the number of elements.
    pub shape: &'a [i64],
    /// The elements, the last dimension's side by side.
    pub values: Values<'a>,
}

/// The elements of a tensor.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// 32-bit floats.
    Floats(&'a [f32]),
    /// 64-bit integers.
    Integers(&'a [i64]),
}

/// What a model has put out.
pub enum Outputs<'a> {
    /// ONNX Runtime's own values.
    Here(Vec<DynValue>),
    /// Copies of a worker's; none where an output is of another type than floats.
    Apart(&'a [Option<Vec<f32>>]),
}

impl Outputs<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Outputs::Here(values) => values.len(),
            Outputs::Apart(copies) => copies.len(),
        }
    }

    /// The floats of the output at this place.
    ///
    /// # Errors
    /// `Fatal` if there is none or it is no float tensor.
    pub fn floats(&self, at: usize) -> Result<&[f32]> {
        let floats = match self {
            Outputs::Here(values) => values.get(at).and_then(|it| {
                let (_, floats) = it.try_extract_tensor::<f32>().ok()?;
                Some(floats)
            }),
            Outputs::Apart(copies) => copies.get(at).and_then(|it| it.as_deref()),
        };
        floats.ok_or_else(|| Error::fatal(format!("output {at} of the model is no float tensor")))
    }

    /// The floats of all outputs.
    ///
    /// # Errors
    /// `Fatal` if one of them is no float tensor.
    pub fn all(&self) -> Result<Vec<&[f32]>> {
        (0..self.count()).map(|at| self.floats(at)).collect()
    }
}
