//! YOLOv5 and YOLOv7: one output `[1, boxes, 5 + classes]`, three boxes for each cell of the grids.
//!
//! As their exporters write it (`models/yolo.py` of both): centre and size in pixels of the input, objectness, a
//! score a class. Models that also segment have further numbers a row and prototypes in a second output.

use super::grid::{STRIDE_SETS, around, best, count};
use super::head::{Facts, Family, Head, Masks};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Boxes a cell.
const ANCHORS: usize = 3;
/// Numbers of a row before the classes.
const BEFORE_CLASSES: usize = 5;

/// YOLOv5 and YOLOv7.
pub struct Yolov5 {
    classes: usize,
    masks: usize,
}

impl Family for Yolov5 {
    const NAME: &'static str = "yolov5";
    const KNOWN_BY: &'static str =
        "YOLOv5 and YOLOv7 (one output [1, 3 boxes a cell, 5 + classes])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let fit = || {
            let [1, boxes, row] = facts.shape(0)? else {
                return None;
            };
            let is_grid = |it: &&[usize]| ANCHORS * count(facts.width, facts.height, it) == boxes;
            let masks = match facts.outputs.len() {
                1 => 0,
                2 => facts.shape::<4>(1)?[1],
                _ => return None,
            };
            let classes = row.checked_sub(BEFORE_CLASSES + masks)?;
            (classes > 0 && STRIDE_SETS.iter().any(is_grid)).then_some(Yolov5 { classes, masks })
        };
        fit()
            .into_iter()
            .map(|it| Box::new(it) as Box<dyn Head>)
            .collect()
    }
}

impl Yolov5 {
    fn row(&self) -> usize {
        BEFORE_CLASSES + self.classes + self.masks
    }
}

impl Head for Yolov5 {
    fn reading(&self) -> String {
        format!(
            "rows of boxes in pixels, objectness and {} scores",
            self.classes
        )
    }

    fn picture(&self) -> Picture {
        Picture::YOLO
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }

    fn masks(&self) -> Option<Masks> {
        (self.masks > 0).then(|| Masks {
            count: self.masks,
            first: BEFORE_CLASSES + self.classes,
            step: 1,
            row: self.row(),
        })
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        for (at, row) in outputs[0].numbers.chunks_exact(self.row()).enumerate() {
            let objectness = row[4];
            if objectness < threshold {
                continue;
            }
            let (class, probability) = best(&row[BEFORE_CLASSES..][..self.classes]);
            let score = objectness * probability;
            if score < threshold {
                continue;
            }
            found.push(Candidate {
                corners: around([row[0], row[1], row[2], row[3]]),
                score,
                class,
                row: at,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{facts, read};

    #[test]
    fn rows_are_read_with_and_without_masks() {
        let mut output = vec![0.0; 252 * 8];
        output[100 * 8..101 * 8].copy_from_slice(&[30.0, 20.0, 10.0, 4.0, 0.5, 0.1, 0.2, 0.8]);
        let found = read::<Yolov5>(64, 64, &[("output0", &[1, 252, 8], &output)], 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].corners, [25.0, 18.0, 35.0, 22.0]);
        assert_eq!(
            (found[0].class, found[0].score, found[0].row),
            (2, 0.4, 100)
        );
        let prototypes = ("output1", &[1, 2, 16, 16][..], &[][..]);
        let outputs = [("output0", &[1, 252, 8][..], &output[..]), prototypes];
        let segmenting = Yolov5::fit(&facts(64, 64, &outputs).facts());
        assert_eq!(segmenting[0].classes(), Some(1));
        let wanted = Masks {
            count: 2,
            first: 6,
            step: 1,
            row: 8,
        };
        assert_eq!(segmenting[0].masks(), Some(wanted));
    }
}
