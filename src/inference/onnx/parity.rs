//! Whether a provider computes what the CPU does: inputs to try it with, and how far answers may be apart.

use std::fmt;

use crate::inference::onnx::sample::Sample;
use crate::inference::onnx::tensor::{Array, Outputs, Tensor};
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::runtime_options::Precision;

/// Inputs of noise that a provider is tried with.
const SEEDS: [u64; 2] = [1, 2];
/// Rows and columns of what is taken for a list of boxes, at most.
const MOST_ROWS: usize = 1_000;
const MOST_COLUMNS: usize = 64;

/// Something that computes a model.
pub trait Compute: Send + Sync {
    /// Runs the model on inputs in the order of the file; gives outputs in that order.
    ///
    /// # Errors
    /// `Retry`: inference failed. `Fatal` if a shape does not fit its numbers.
    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Outputs<'static>>;
}

/// How far a number may be from the CPU's: so far, and this part of the CPU's number on top.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    absolute: f32,
    relative: f32,
}

impl Tolerance {
    /// What is allowed of a precision.
    pub fn of(precision: Precision) -> Tolerance {
        let (absolute, relative) = match precision {
            Precision::Fp32 => (1e-3, 0.01),
            Precision::Fp16 => (1e-2, 0.03),
            Precision::Int8 => (5e-2, 0.1),
        };
        Tolerance { absolute, relative }
    }

    /// The difference, if it is allowed. What is no number at the CPU says nothing.
    fn difference(self, own: f32, cpu: f32) -> Option<f32> {
        if own == cpu || cpu.is_nan() {
            return Some(0.0);
        }
        let difference = (own - cpu).abs();
        (difference <= self.absolute + self.relative * cpu.abs()).then_some(difference)
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let percent = self.relative * 100.0;
        write!(f, "{} and {percent:.0} % of the value", self.absolute)
    }
}

/// Why a provider is not taken.
pub enum Flaw {
    /// It does not run.
    Failed(String),
    /// It answers otherwise.
    Differs(String),
}

/// Tries a provider with noise in the form of `sample`, and with the sample; gives the largest difference, or none
/// where the CPU cannot run the noise either.
///
/// # Errors
/// What is wrong with the provider.
pub fn check(
    own: &dyn Compute,
    cpu: &dyn Compute,
    sample: &Sample,
    tolerance: Tolerance,
) -> std::result::Result<Option<f32>, Flaw> {
    let mut largest = None;
    let noise = SEEDS.map(|seed| sample.noise(seed));
    for inputs in noise.iter().chain([sample]) {
        let inputs = inputs.tensors();
        let Ok(expected) = cpu.run(&inputs) else {
            continue;
        };
        let outputs = own.run(&inputs);
        let outputs = outputs.map_err(|error| Flaw::Failed(error.to_string()))?;
        let difference = compare(&outputs, &expected, tolerance).map_err(Flaw::Differs)?;
        largest = Some(difference.max(largest.unwrap_or_default()));
    }
    Ok(largest)
}

/// The largest difference between the numbers of two answers.
///
/// # Errors
/// Where they differ by more than is allowed, in words.
pub fn compare(
    own: &Outputs<'_>,
    cpu: &Outputs<'_>,
    tolerance: Tolerance,
) -> std::result::Result<f32, String> {
    let mut largest = 0.0f32;
    for at in 0..cpu.count() {
        let Ok(expected) = cpu.array(at) else {
            continue;
        };
        let Ok(array) = own.array(at) else {
            return Err(format!("output {at} has no numbers"));
        };
        let difference = of_arrays(&array, &expected, tolerance);
        let difference = difference.map_err(|why| format!("output {at} {why}"))?;
        largest = largest.max(difference);
    }
    Ok(largest)
}

fn of_arrays(
    own: &Array<'_>,
    cpu: &Array<'_>,
    tolerance: Tolerance,
) -> std::result::Result<f32, String> {
    let wrong = if own.shape == cpu.shape {
        let mut largest = 0.0f32;
        let mut wrong = None;
        for (own, cpu) in own.numbers.iter().zip(cpu.numbers.iter()) {
            match tolerance.difference(*own, *cpu) {
                Some(difference) => largest = largest.max(difference),
                None => {
                    wrong = Some(format!("has {own} where the CPU has {cpu}"));
                    break;
                }
            }
        }
        match wrong {
            Some(wrong) => wrong,
            None => return Ok(largest),
        }
    } else {
        format!("has the shape {:?}, the CPU's {:?}", own.shape, cpu.shape)
    };
    of_lists(own, cpu, tolerance).ok_or(wrong)
}

/// The same for lists of boxes that a model sorts and cuts off by itself: boxes that score nearly the same may change
/// places, and one in twenty may be another.
fn of_lists(own: &Array<'_>, cpu: &Array<'_>, tolerance: Tolerance) -> Option<f32> {
    let [.., own_rows, own_columns] = own.shape[..] else {
        return None;
    };
    let [.., rows, columns] = cpu.shape[..] else {
        return None;
    };
    let (count, width) = (usize::try_from(rows).ok()?, usize::try_from(columns).ok()?);
    let is_list = cpu.shape.iter().product::<i64>() == rows * columns
        && own.shape.iter().product::<i64>() == own_rows * own_columns
        && own_columns == columns
        && (4..=MOST_COLUMNS).contains(&width)
        && count.max(usize::try_from(own_rows).ok()?) <= MOST_ROWS;
    let spare = (count / 20).max(1);
    if !is_list || own_rows.abs_diff(rows) > spare as u64 {
        return None;
    }
    let mut free: Vec<&[f32]> = own.numbers.chunks_exact(width).collect();
    let (mut largest, mut lost) = (0.0f32, 0);
    for row in cpu.numbers.chunks_exact(width) {
        let of_row = |other: &[f32]| {
            let pairs = other.iter().zip(row);
            let mut differences = pairs.map(|(own, cpu)| tolerance.difference(*own, *cpu));
            differences.try_fold(0.0f32, |largest, it| Some(largest.max(it?)))
        };
        let mut found = free.iter().enumerate();
        match found.find_map(|(at, it)| Some((at, of_row(it)?))) {
            Some((at, difference)) => {
                free.remove(at);
                largest = largest.max(difference);
            }
            None => lost += 1,
        }
    }
    (lost <= spare).then_some(largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::onnx::tensor::Copied;

    const FP32: fn() -> Tolerance = || Tolerance::of(Precision::Fp32);

    fn against(
        shape: &[i64],
        own: &[f32],
        own_shape: &[i64],
        cpu: &[f32],
    ) -> std::result::Result<f32, String> {
        let copied = |shape: &[i64], numbers: &[f32]| {
            [Some(Copied {
                shape: shape.to_vec(),
                numbers: numbers.to_vec(),
            })]
        };
        let (own, cpu) = (copied(own_shape, own), copied(shape, cpu));
        compare(&Outputs::Apart(&own), &Outputs::Apart(&cpu), FP32())
    }

    #[test]
    fn a_thousandth_and_one_percent_are_allowed_and_nothing_that_is_no_number() {
        let of = |own: f32, cpu: f32| against(&[1], &[own], &[1], &[cpu]);
        assert_eq!(of(0.0009, 0.0), Ok(0.0009));
        assert!(of(0.0011, 0.0).is_err());
        assert!(of(100.9, 100.0).is_ok() && of(101.1, 100.0).is_err());
        assert_eq!(
            of(f32::NAN, 1.0),
            Err("output 0 has NaN where the CPU has 1".to_owned())
        );
        assert!(of(f32::NAN, f32::NAN).is_ok() && of(f32::INFINITY, 1.0).is_err());
        assert_eq!(of(f32::NEG_INFINITY, f32::NEG_INFINITY), Ok(0.0));
        assert!(against(&[2], &[1.0; 3], &[3], &[1.0; 2]).is_err_and(|it| it.contains("shape")));
    }

    #[test]
    fn boxes_may_change_places_in_a_list_but_not_be_others() {
        let rows = |order: &[u16]| -> Vec<f32> {
            order
                .iter()
                .flat_map(|&it| [f32::from(it) * 10.0; 5])
                .collect()
        };
        let of = |own: &[u16], cpu: &[u16]| {
            let shape = |it: &[u16]| [1, it.len() as i64, 5];
            against(&shape(cpu), &rows(own), &shape(own), &rows(cpu))
        };
        assert_eq!(of(&[2, 1, 3], &[1, 2, 3]), Ok(0.0));
        assert_eq!(of(&[2, 1], &[1, 2, 3]), Ok(0.0), "the last was cut off");
        assert!(of(&[7, 8, 3], &[1, 2, 3]).is_err());
        assert!(of(&[1], &[1, 2, 3]).is_err());
    }
}
