//! The graph that is being made: what each tensor of TensorFlow Lite is called in ONNX, and in which order of its
//! dimensions.
//!
//! TensorFlow Lite has channels last, ONNX's convolutions have them before the rows. A tensor is turned only where an
//! operator needs it otherwise than it is, so that a chain of convolutions is turned once at each end.

use std::collections::HashMap;

use super::constant;
use super::model::{Kind, Tensor};
use super::onnx::{Attribute, Onnx, Type};

/// An order of dimensions: where each of them comes from.
pub type Order = &'static [usize];
/// As TensorFlow Lite has them.
pub const PLAIN: Order = &[];
/// Channels before rows and columns, as ONNX's convolutions want them.
pub const PLANES: Order = &[0, 3, 1, 2];
const BACK: &[i64] = &[0, 2, 3, 1];

/// What is made of a model.
pub struct Graph<'a> {
    /// The tensors of the model.
    pub tensors: &'a [Tensor<'a>],
    /// The file that is written.
    pub onnx: Onnx,
    /// What it finds, if it is a detector whose boxes are decoded here.
    pub detections: Option<Detections>,
    names: HashMap<(usize, Order), String>,
    same: HashMap<usize, usize>,
    known: HashMap<usize, Vec<i64>>,
}

/// A detector's outputs.
pub struct Detections {
    /// By class, the first of which is none: probabilities.
    pub scores: String,
    /// Left, top, right and bottom as parts of the picture.
    pub boxes: String,
    /// How many boxes there are.
    pub count: usize,
    /// How many classes there are, without the one that is none.
    pub classes: usize,
}

impl<'a> Graph<'a> {
    /// One without nodes.
    pub fn new(tensors: &'a [Tensor<'a>], room: usize) -> Graph<'a> {
        Graph {
            tensors,
            onnx: Onnx::new(room),
            detections: None,
            names: HashMap::new(),
            same: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// A tensor, by its number.
    pub fn tensor(&self, number: usize) -> &'a Tensor<'a> {
        &self.tensors[self.origin(number)]
    }

    /// The size of a tensor in each dimension, which for this operator must have four.
    pub fn picture(&self, number: usize) -> Result<[usize; 4], String> {
        let shape = &self.tensors[number].shape;
        let picture = <[usize; 4]>::try_from(&shape[..]);
        picture.map_err(|_| format!("{shape:?} is not the shape of pictures"))
    }

    /// The tensor whose elements another one has as they are.
    fn origin(&self, number: usize) -> usize {
        self.same.get(&number).copied().unwrap_or(number)
    }

    /// Says that a tensor is just as another one.
    pub fn alias(&mut self, number: usize, of: usize) {
        self.same.insert(number, self.origin(of));
    }

    /// Says what numbers a tensor has.
    pub fn tell(&mut self, number: usize, integers: Vec<i64>) -> Result<(), String> {
        let shape = self.tensors[number].shape.clone();
        let kind = number_type(self.tensors[number].kind)?;
        let name = self.integers(&shape, &integers)?;
        let name = self.node("Cast", &[&name], &[("to", Attribute::Int(kind as i64))]);
        self.known.insert(number, integers);
        self.set(number, PLAIN, name);
        Ok(())
    }

    /// The integers of a tensor that never changes.
    pub fn ints(&self, number: usize) -> Result<Vec<i64>, String> {
        let number = self.origin(number);
        match self.known.get(&number) {
            Some(known) => Ok(known.clone()),
            None => constant::integers(&self.tensors[number]),
        }
    }

    /// The same of one that has only one.
    pub fn int(&self, number: usize) -> Result<i64, String> {
        match self.ints(number)?[..] {
            [one] => Ok(one),
            _ => Err(format!("`{}` is not one number", self.tensor(number).name)),
        }
    }

    /// Whether a tensor never changes.
    pub fn is_constant(&self, number: usize) -> bool {
        !self.tensor(number).data.is_empty()
    }

    /// Whether a tensor is there in this order.
    pub fn has(&self, number: usize, order: Order) -> bool {
        self.names.contains_key(&(self.origin(number), order))
    }

    /// Says what a tensor is called.
    pub fn set(&mut self, number: usize, order: Order, name: String) {
        self.same.remove(&number);
        self.names.insert((number, order), name);
    }

    /// What a tensor is called in this order; turns it if need be.
    pub fn get(&mut self, number: usize, order: Order) -> Result<String, String> {
        let number = self.origin(number);
        if let Some(name) = self.names.get(&(number, order)) {
            return Ok(name.clone());
        }
        let name = match () {
            () if self.is_constant(number) => {
                constant::write(&self.tensors[number], order, &mut self.onnx)?
            }
            () if order == PLAIN => {
                let tensor = &self.tensors[number];
                let name = self.names.get(&(number, PLANES));
                let name =
                    name.ok_or_else(|| format!("`{}` is used before it is made", tensor.name))?;
                self.onnx
                    .nodes(
                        "Transpose",
                        &[&name.clone()],
                        1,
                        &[("perm", Attribute::Ints(BACK))],
                    )
                    .remove(0)
            }
            () => {
                let name = self.get(number, PLAIN)?;
                let order: Vec<i64> = order.iter().map(|it| *it as i64).collect();
                self.node("Transpose", &[&name], &[("perm", Attribute::Ints(&order))])
            }
        };
        self.names.insert((number, order), name.clone());
        Ok(name)
    }

    /// The order in which all of these tensors can be had at no cost, as far as there is one.
    pub fn common(&self, numbers: &[usize]) -> Order {
        let has = |it: &usize| self.has(*it, PLANES);
        let is_small = |it: &usize| self.is_constant(*it) && self.tensor(*it).shape.len() <= 4;
        match numbers.iter().any(has) && numbers.iter().all(|it| has(it) || is_small(it)) {
            true => PLANES,
            false => PLAIN,
        }
    }

    /// Appends a node with one output; gives its name.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        self.onnx.nodes(operator, inputs, 1, attributes).remove(0)
    }

    /// A list of integers, as a constant.
    pub fn list(&mut self, integers: &[i64]) -> Result<String, String> {
        self.integers(&[integers.len()], integers)
    }

    fn integers(&mut self, shape: &[usize], integers: &[i64]) -> Result<String, String> {
        let bytes: Vec<u8> = integers.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.onnx.constant(Type::I64, shape, &bytes)
    }

    /// Numbers of this shape, as a constant.
    pub fn floats(&mut self, shape: &[usize], floats: &[f32]) -> Result<String, String> {
        let bytes: Vec<u8> = floats.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.onnx.constant(Type::Float, shape, &bytes)
    }

    /// One number, as a constant.
    pub fn scalar(&mut self, number: f32) -> Result<String, String> {
        self.floats(&[], &[number])
    }

    /// A value with the shape that a tensor has.
    pub fn reshaped(&mut self, value: &str, like: usize) -> Result<String, String> {
        let shape = dimensions(&self.tensors[like].shape);
        let shape = self.list(&shape)?;
        Ok(self.node("Reshape", &[value, &shape], &[]))
    }
}

/// Sizes as ONNX takes them.
pub fn dimensions(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|it| *it as i64).collect()
}

/// What the elements of a tensor are in ONNX: levels of a quantised one are numbers with fractions there.
pub fn number_type(kind: Kind) -> Result<Type, String> {
    match kind {
        Kind::F32 | Kind::F16 | Kind::F64 | Kind::U8 | Kind::I8 | Kind::I16 | Kind::I4 => {
            Ok(Type::Float)
        }
        Kind::I32 => Ok(Type::I32),
        Kind::I64 => Ok(Type::I64),
        Kind::Bool => Ok(Type::Bool),
        Kind::Other(number) => Err(format!("tensors of type {number} are not known")),
    }
}
