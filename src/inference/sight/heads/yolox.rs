//! YOLOX: one output `[1, boxes, 5 + classes]`, three grids after each other, not yet decoded.
//!
//! After Ge et al., "YOLOX: Exceeding YOLO Series in 2021" (arXiv 2107.08430) and its export. A row
//! is centre x, centre y, log width, log height (in cells), objectness, then a score a class; the
//! last two are probabilities already. Pixels are 0 to 255, blue first.

use super::grid::{cells, corners};
use super::head::{Family, Head};
use crate::inference::onnx::tensor::Port;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Numbers of a row before the classes.
const BEFORE_CLASSES: usize = 5;

pub struct Yolox {
    width: usize,
    height: usize,
    classes: usize,
}

impl Family for Yolox {
    const KNOWN_BY: &'static str = "YOLOX (one output [1, boxes, 5 + classes])";

    fn fit(outputs: &[Port], width: usize, height: usize) -> Option<Yolox> {
        let [output] = outputs else { return None };
        let [1, boxes, row] = output.shape[..] else {
            return None;
        };
        let row = usize::try_from(row).ok()?;
        let fits = output.is_f32
            && row > BEFORE_CLASSES
            && usize::try_from(boxes).ok()? == cells(width, height).count();
        fits.then_some(Yolox {
            width,
            height,
            classes: row - BEFORE_CLASSES,
        })
    }
}

impl Head for Yolox {
    fn picture(&self) -> Picture {
        Picture::PLAIN
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn sizes(&self) -> Vec<usize> {
        vec![cells(self.width, self.height).count() * (BEFORE_CLASSES + self.classes)]
    }

    fn decode(&self, outputs: &[&[f32]], threshold: f32, found: &mut Vec<Candidate>) {
        let rows = outputs[0].chunks_exact(BEFORE_CLASSES + self.classes);
        for (row, cell) in rows.zip(cells(self.width, self.height)) {
            let objectness = row[4];
            // No class can make up for it: this skips most rows at one comparison.
            if objectness < threshold {
                continue;
            }
            let scores = row[BEFORE_CLASSES..].iter().enumerate();
            let best = scores.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
            let (class, probability) = best.expect("there is at least one class");
            let score = objectness * probability;
            if score < threshold {
                continue;
            }
            found.push(Candidate {
                corners: corners(cell, [row[0], row[1], row[2], row[3]]),
                score,
                class,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(shape: [i64; 3]) -> Port {
        Port {
            name: "output".to_owned(),
            shape: shape.to_vec(),
            is_f32: true,
        }
    }

    #[test]
    fn a_row_of_the_second_grid_is_decoded_in_its_place() {
        // 64 x 64 has 64 + 16 + 4 cells; cell 65 is column 1, row 0 of stride 16.
        let head = Yolox::fit(&[port([1, 84, 7])], 64, 64).expect("it fits");
        let mut output = vec![0.0; 84 * 7];
        output[65 * 7..66 * 7].copy_from_slice(&[0.5, 0.25, 0.0, 0.0, 0.8, 0.1, 0.9]);
        output[70 * 7..71 * 7].copy_from_slice(&[f32::NAN, 0.0, 0.0, 0.0, 0.9, 0.9, f32::NAN]);
        let mut found = Vec::new();
        head.decode(&[&output], 0.3, &mut found);
        assert_eq!(found.len(), 2);
        assert!(
            !found[1].is_sound(),
            "what is no number comes through and shows"
        );
        assert_eq!(found[0].corners, [16.0, -4.0, 32.0, 12.0]);
        assert_eq!((found[0].class, found[0].score), (1, 0.8 * 0.9));
    }

    #[test]
    fn other_shapes_do_not_fit() {
        assert!(Yolox::fit(&[port([1, 83, 7])], 64, 64).is_none());
        assert!(Yolox::fit(&[port([1, 84, 5])], 64, 64).is_none());
        assert!(Yolox::fit(&[], 64, 64).is_none());
    }
}
