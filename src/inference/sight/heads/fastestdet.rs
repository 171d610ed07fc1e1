//! FastestDet: one grid of stride 16 in one output `[1, 5 + classes, rows, columns]`.
//!
//! After its author's decoder (dog-qiuqiu/FastestDet, `example/onnx-runtime`): objectness, centre from the cell as
//! hyperbolic tangents, width and height in parts of the picture as logits, then probabilities a class. The score is
//! objectness^0.6 times probability^0.4. Pixels are 0 to 1, blue first, stretched.

use super::grid::around;
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::heads::grid::sigmoid;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::{Colours, Picture};

const BEFORE_CLASSES: usize = 5;
const STRIDE: usize = 16;

/// FastestDet.
pub struct FastestDet {
    columns: usize,
    rows: usize,
    classes: usize,
}

impl Family for FastestDet {
    const NAME: &'static str = "fastestdet";
    const KNOWN_BY: &'static str = "FastestDet (one output [1, 5 + classes, rows, columns])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let Some([1, numbers, rows, columns]) = facts.shape(0).filter(|_| facts.outputs.len() == 1)
        else {
            return Vec::new();
        };
        let is_grid = [columns, rows] == [facts.width / STRIDE, facts.height / STRIDE];
        let head = || FastestDet {
            columns,
            rows,
            classes: numbers - BEFORE_CLASSES,
        };
        let fits = is_grid && numbers > BEFORE_CLASSES;
        fits.then(|| Box::new(head()) as Box<dyn Head>)
            .into_iter()
            .collect()
    }
}

impl Head for FastestDet {
    fn reading(&self) -> String {
        format!(
            "objectness, box and {} scores for each cell of a grid",
            self.classes
        )
    }

    fn picture(&self) -> Picture {
        Picture {
            colours: Colours::Bgr,
            ..Picture::STRETCHED
        }
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let cells = self.columns * self.rows;
        let number = |at: usize, cell: usize| outputs[0].numbers[at * cells + cell];
        for cell in 0..cells {
            let objectness = number(0, cell);
            if objectness.powf(0.6) < threshold {
                continue;
            }
            let (mut class, mut probability) = (0, f32::MIN);
            for at in 0..self.classes {
                let it = number(BEFORE_CLASSES + at, cell);
                if it.is_nan() || it > probability {
                    (class, probability) = (at, it);
                }
            }
            let score = objectness.powf(0.6) * probability.powf(0.4);
            if score < threshold {
                continue;
            }
            let (column, row) = ((cell % self.columns) as f32, (cell / self.columns) as f32);
            let (x, y) = (
                column + number(1, cell).tanh(),
                row + number(2, cell).tanh(),
            );
            let (width, height) = (sigmoid(number(3, cell)), sigmoid(number(4, cell)));
            let [columns, rows] = [self.columns, self.rows].map(|it| it as f32);
            let told = [x, y, width * columns, height * rows];
            found.push(Candidate {
                corners: around(told.map(|it| it * STRIDE as f32)),
                score,
                class,
                row: cell,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::read;

    #[test]
    fn a_cell_is_decoded_in_its_place() {
        let mut output = vec![0.0; 7 * 16];
        // Cell 6: column 2, row 1; half the picture wide and high.
        for (at, number) in [0.9, 0.0, 0.0, 0.0, 0.0, 0.2, 0.8].into_iter().enumerate() {
            output[at * 16 + 6] = number;
        }
        let found = read::<FastestDet>(64, 64, &[("758", &[1, 7, 4, 4], &output)], 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].corners, found[0].class),
            ([16.0, 0.0, 48.0, 32.0], 1)
        );
        assert!((found[0].score - 0.8586).abs() < 1e-3);
    }
}
