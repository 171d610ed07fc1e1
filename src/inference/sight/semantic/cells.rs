//! How the classes of pixels, or the scores of classes, stand in an output.

use crate::inference::onnx::tensor::{Element, Port};
use crate::inference::sight::input::{Input, Layout};

/// By how much rounding may take a sum of probabilities away from 1.
const ROUNDING: f32 = 0.01;
/// By how much the proportions of the cells may differ from those of the picture.
const SKEW: f64 = 0.1;

/// How the numbers of cells stand in an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// None if they are classes already.
    pub scores: Option<Scores>,
    /// In a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// How scores stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scores {
    /// How many classes there are.
    pub classes: usize,
    /// Numbers from a cell's class to its next.
    class: usize,
    /// Numbers from a cell to the next.
    cell: usize,
}

impl Scores {
    fn of_cell<'a>(&'a self, numbers: &'a [f32], at: usize) -> impl Iterator<Item = f32> + 'a {
        (0..self.classes).map(move |class| numbers[at * self.cell + class * self.class])
    }

    /// The class of a cell and how sure it is.
    pub fn best(&self, numbers: &[f32], at: usize, is_probable: bool) -> (usize, f32) {
        let (mut class, mut most) = (0, f32::NEG_INFINITY);
        for (number, score) in self.of_cell(numbers, at).enumerate() {
            if score > most {
                (class, most) = (number, score);
            }
        }
        match is_probable {
            true => (class, most),
            false => {
                let parts = self.of_cell(numbers, at).map(|it| (it - most).exp());
                (class, 1.0 / parts.sum::<f32>())
            }
        }
    }

    /// Whether they are probabilities already.
    pub fn are_probable(&self, numbers: &[f32]) -> bool {
        let is_part = |it: &f32| (-ROUNDING..=1.0 + ROUNDING).contains(it);
        let sum: f32 = match numbers.is_empty() {
            true => return false,
            false => self.of_cell(numbers, 0).sum(),
        };
        numbers.iter().all(is_part) && (sum - 1.0).abs() <= ROUNDING
    }
}

/// How the cells stand in an output: of two ways to read it, in that of the input.
pub fn cells(port: &Port, input: &Input) -> Option<Cells> {
    let sizes: Option<Vec<usize>> = port
        .shape
        .iter()
        .map(|it| usize::try_from(*it).ok())
        .collect();
    let proportion = input.width as f64 / input.height as f64;
    let is_map = |width: usize, height: usize| {
        let skew = width as f64 / height as f64 / proportion - 1.0;
        width > 1 && height > 1 && skew.abs() < SKEW
    };
    let classes = |width, height| {
        let is_whole = matches!(port.element, Element::Long | Element::Int | Element::Byte);
        (is_whole && is_map(width, height)).then_some(Cells {
            scores: None,
            width,
            height,
        })
    };
    let scores = |width, height, scores: Scores| {
        (scores.classes > 1 && is_map(width, height)).then_some(Cells {
            scores: Some(scores),
            width,
            height,
        })
    };
    match sizes?[..] {
        [1, height, width] | [1, 1, height, width] | [1, height, width, 1] => {
            classes(width, height)
        }
        [1, a, b, c] => {
            let planes = Scores {
                classes: a,
                class: b * c,
                cell: 1,
            };
            let pixels = Scores {
                classes: c,
                class: 1,
                cell: c,
            };
            let [planes, pixels] = [scores(c, b, planes), scores(b, a, pixels)];
            match input.layout {
                Layout::Planes => planes.or(pixels),
                Layout::Pixels => pixels.or(planes),
            }
        }
        _ => None,
    }
}
