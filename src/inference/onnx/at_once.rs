//! How many inputs a graphics processor computes at once: as many as come out as each does alone.

use std::sync::Arc;

use crate::inference::onnx::parity::{self, Compute, Tolerance};
use crate::inference::onnx::sample::Sample;
use crate::inference::onnx::tensor::{Outputs, Port, listed};
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::runtime_options::Provider;

/// Inputs of noise that are put into one.
const SEEDS: [u64; 3] = [3, 4, 5];

/// How many inputs are computed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtOnce {
    /// A power of two; no other number is ever given to a provider, which prepares itself for each.
    pub most: usize,
    /// Why not more.
    pub why: Option<String>,
}

impl AtOnce {
    /// One after the other, for this reason.
    pub fn one(why: impl Into<String>) -> AtOnce {
        AtOnce {
            most: 1,
            why: Some(why.into()),
        }
    }

    /// One after the other, since more at once would only be later.
    pub fn gains_nothing(provider: Provider) -> AtOnce {
        AtOnce::one(format!("{} gains nothing by more", provider.name()))
    }
}

/// How many inputs like `sample` a provider computes at once as the CPU computes each of them: `most` at most. It has
/// prepared itself for all of them then.
pub fn trial(
    own: &dyn Compute,
    cpu: &dyn Compute,
    (ports, sample): (&[Port], &Sample),
    most: usize,
    tolerance: Tolerance,
) -> AtOnce {
    if most < 2 {
        return AtOnce::one("`batch` says so");
    }
    let is_open = |port: &Port| port.shape.first() == Some(&-1);
    if !ports.iter().all(is_open) {
        return AtOnce::one(format!("the model's file settles it: {}", listed(ports)));
    }
    let noise = SEEDS.map(|seed| sample.noise(seed));
    let expected: Result<Vec<_>> = noise.iter().map(|it| cpu.run(&it.tensors())).collect();
    let expected = match expected {
        Ok(expected) => expected,
        Err(error) => return AtOnce::one(format!("the CPU cannot compute noise: {error}")),
    };
    let is_right = |size: usize| -> std::result::Result<(), String> {
        let mut stack = Sample::default();
        (0..size).for_each(|at| stack.push(&noise[at % noise.len()].tensors()));
        let outputs = own.run(&stack.tensors());
        let outputs = Arc::new(outputs.map_err(|error| error.to_string())?);
        for at in 0..size {
            let part = Outputs::Part(Arc::clone(&outputs), [at, size]);
            parity::compare(&part, &expected[at % expected.len()], tolerance)?;
        }
        Ok(())
    };
    // The largest first: TensorRT builds an engine for each size beyond those that it knows.
    let sizes = std::iter::successors(Some(floor(most)), |it| Some(it / 2));
    let mut at_once = AtOnce { most: 1, why: None };
    for size in sizes.take_while(|it| *it > 1) {
        match is_right(size) {
            Ok(()) => at_once.most = at_once.most.max(size),
            Err(why) => at_once = AtOnce::one(format!("{size} at once: {why}")),
        }
    }
    at_once
}

/// The power of two that is this number or the next below.
pub fn floor(number: usize) -> usize {
    1 << number.max(1).ilog2()
}
