//! What an ONNX model is and takes, and numbers on the way into and out of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use half::f16;
use ort::session::Session;
use ort::value::{DynValue, PrimitiveTensorElementType, TensorElementType, ValueType};
use serde::{Deserialize, Serialize};

use crate::pipeline::contract::error::{Error, Result};

/// What a model is and takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Manifest id and the first digits of the sum, for events.
    pub name: Arc<str>,
    /// The names of its classes as the manifest and the file write them, the most trusted first.
    pub labels: Vec<String>,
    /// What else its exporter wrote into the file that tells how it is to be used.
    pub notes: BTreeMap<String, String>,
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
    /// The type of its elements.
    pub element: Element,
}

impl Port {
    /// Whether its elements are 32-bit floats.
    pub fn is_f32(&self) -> bool {
        self.element == Element::Float
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.shape)
    }
}

/// Ports in a row, for people.
pub fn listed(ports: &[Port]) -> String {
    let shown: Vec<String> = ports.iter().map(Port::to_string).collect();
    shown.join(", ")
}

/// The types of elements that can be put in, read or told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Element {
    /// 32-bit floats.
    Float,
    /// 16-bit floats.
    Half,
    /// Unsigned bytes.
    Byte,
    /// 64-bit integers.
    Long,
    /// 32-bit integers.
    Int,
    /// Any other.
    Other,
}

impl Element {
    /// Of the number that onnx.proto3 gives a type (`TensorProto.DataType`).
    pub fn of_file(number: u64) -> Element {
        match number {
            1 => Element::Float,
            2 => Element::Byte,
            6 => Element::Int,
            7 => Element::Long,
            10 => Element::Half,
            _ => Element::Other,
        }
    }

    /// Of what ONNX Runtime calls it.
    pub fn of_runtime(element: TensorElementType) -> Element {
        match element {
            TensorElementType::Float32 => Element::Float,
            TensorElementType::Uint8 => Element::Byte,
            TensorElementType::Int32 => Element::Int,
            TensorElementType::Int64 => Element::Long,
            TensorElementType::Float16 => Element::Half,
            _ => Element::Other,
        }
    }
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
    /// 16-bit floats.
    Halves(&'a [f16]),
    /// Unsigned bytes.
    Bytes(&'a [u8]),
}

/// What a model has put out.
pub enum Outputs<'a> {
    /// ONNX Runtime's own values, and the session that they need for as long as they are there.
    Here(Vec<DynValue>, Arc<Session>),
    /// What belongs to one of several inputs that were put into one: which of how many.
    Part(Arc<Outputs<'static>>, [usize; 2]),
    /// Copies of a worker's; none where an output is no tensor of numbers.
    Apart(&'a [Option<Copied>]),
}

/// A worker's output: shape and elements.
#[derive(Debug, Default)]
pub struct Copied {
    /// As in [`Array`].
    pub shape: Vec<i64>,
    /// As in [`Array`].
    pub numbers: Vec<f32>,
}

/// An output whose elements are read as floats, whatever their type.
pub struct Array<'a> {
    /// Its product is the number of elements.
    pub shape: Cow<'a, [i64]>,
    /// The elements, the last dimension's side by side.
    pub numbers: Cow<'a, [f32]>,
}

impl Outputs<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Outputs::Here(values, _) => values.len(),
            Outputs::Part(all, _) => all.count(),
            Outputs::Apart(copies) => copies.len(),
        }
    }

    /// The output at this place.
    ///
    /// # Errors
    /// `Fatal` if there is none or it is no tensor of numbers.
    pub fn array(&self, at: usize) -> Result<Array<'_>> {
        let array = match self {
            Outputs::Here(values, _) => values.get(at).and_then(|it| numbers(it, WHOLE)),
            Outputs::Part(all, part) => match &**all {
                Outputs::Here(values, _) => values.get(at).and_then(|it| numbers(it, *part)),
                // Who computes apart from others computes for one.
                Outputs::Part(..) | Outputs::Apart(_) => None,
            },
            Outputs::Apart(copies) => copies.get(at).and_then(Option::as_ref).map(|it| Array {
                shape: Cow::Borrowed(&it.shape[..]),
                numbers: Cow::Borrowed(&it.numbers[..]),
            }),
        };
        array.ok_or_else(|| Error::fatal(format!("output {at} of the model has no numbers")))
    }

    /// The floats of the output at this place.
    ///
    /// # Errors
    /// `Fatal` if there is none or it is no float tensor.
    pub fn floats(&self, at: usize) -> Result<&[f32]> {
        let array = self.array(at).ok();
        let floats = array.and_then(|it| match it.numbers {
            Cow::Borrowed(floats) => Some(floats),
            Cow::Owned(_) => None,
        });
        floats.ok_or_else(|| Error::fatal(format!("output {at} of the model is no float tensor")))
    }

    /// All of them.
    ///
    /// # Errors
    /// `Fatal` if one of them is no tensor of numbers.
    pub fn arrays(&self) -> Result<Vec<Array<'_>>> {
        (0..self.count()).map(|at| self.array(at)).collect()
    }
}

/// An output that belongs to one input.
const WHOLE: [usize; 2] = [0, 1];

/// The numbers of an output that belong to one input: which of how many, as in `Outputs::Part`. None if they cannot be read
/// or told apart.
fn numbers(value: &DynValue, part: [usize; 2]) -> Option<Array<'_>> {
    fn converted<T: PrimitiveTensorElementType + Copy + 'static>(
        value: &DynValue,
        part: [usize; 2],
        number: fn(T) -> f32,
    ) -> Option<Array<'_>> {
        let (shape, elements) = value.try_extract_tensor::<T>().ok()?;
        let (shape, elements) = share(shape, elements, part)?;
        let numbers = elements.iter().map(|&it| number(it)).collect();
        Some(Array { shape, numbers })
    }
    let ValueType::Tensor { ty, .. } = value.dtype() else {
        return None;
    };
    match Element::of_runtime(*ty) {
        Element::Float => {
            let (shape, floats) = value.try_extract_tensor::<f32>().ok()?;
            let (shape, floats) = share(shape, floats, part)?;
            Some(Array {
                shape,
                numbers: Cow::Borrowed(floats),
            })
        }
        Element::Half => converted(value, part, f16::to_f32),
        // Classes and counts: whole numbers that a float holds.
        Element::Long => converted(value, part, |it: i64| it as f32),
        Element::Int => converted(value, part, |it: i32| it as f32),
        Element::Byte => converted(value, part, |it: u8| f32::from(it)),
        Element::Other => None,
    }
}

/// What of a tensor belongs to one of several inputs, which its first dimension counts.
fn share<'a, T>(
    shape: &'a [i64],
    elements: &'a [T],
    [at, count]: [usize; 2],
) -> Option<(Cow<'a, [i64]>, &'a [T])> {
    if count == 1 {
        return Some((Cow::Borrowed(shape), elements));
    }
    let (first, rest) = shape.split_first()?;
    if usize::try_from(*first) != Ok(count) {
        return None;
    }
    let each = elements.len() / count;
    let shape = [&[1], rest].concat();
    Some((shape.into(), &elements[at * each..(at + 1) * each]))
}
