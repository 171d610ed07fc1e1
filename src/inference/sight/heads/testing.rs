//! Models of a few outputs, for the tests of families.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::head::{Facts, Family};
use crate::inference::onnx::tensor::{About, Array, Element, Port};
use crate::inference::sight::nms::Candidate;

/// Name, shape and elements of an output.
pub type Output<'a> = (&'a str, &'a [i64], &'a [f32]);

/// A model, as far as families look at it.
pub struct Model {
    pub model: About,
    width: usize,
    height: usize,
}

impl Model {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            model: &self.model,
            outputs: &self.model.outputs,
            width: self.width,
            height: self.height,
        }
    }
}

pub fn port(name: &str, shape: &[i64]) -> Port {
    Port {
        name: name.to_owned(),
        shape: shape.to_vec(),
        element: Element::Float,
    }
}

/// A model that takes a picture of this size.
pub fn facts(width: usize, height: usize, outputs: &[Output<'_>]) -> Model {
    let model = About {
        name: Arc::from("m"),
        labels: Vec::new(),
        notes: BTreeMap::new(),
        inputs: vec![port("images", &[1, 3, height as i64, width as i64])],
        outputs: outputs.iter().map(|it| port(it.0, it.1)).collect(),
    };
    Model {
        model,
        width,
        height,
    }
}

pub fn array<'a>(shape: &'a [i64], numbers: &'a [f32]) -> Array<'a> {
    Array {
        shape: Cow::Borrowed(shape),
        numbers: Cow::Borrowed(numbers),
    }
}

/// What a family finds by the one of its ways of reading that has this number.
pub fn read<F: Family>(
    width: usize,
    height: usize,
    outputs: &[Output<'_>],
    way: usize,
    threshold: f32,
) -> Vec<Candidate> {
    let mut heads = F::fit(&facts(width, height, outputs).facts());
    let arrays: Vec<_> = outputs.iter().map(|it| array(it.1, it.2)).collect();
    let mut found = Vec::new();
    heads[way]
        .decode(&arrays, threshold, &mut found)
        .expect("it fits");
    found
}
