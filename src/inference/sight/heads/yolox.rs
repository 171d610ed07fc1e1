//! YOLOX and YOLOv6: one output `[1, boxes, 5 + classes]`, a row for each cell of three grids.
//!
//! After Ge et al., "YOLOX: Exceeding YOLO Series in 2021" (arXiv 2107.08430) and its export. A row
//! is centre x, centre y, log width, log height (in cells), objectness, then a score a class; the
//! last two are probabilities already. Pixels are 0 to 255, blue first. Exported with `--decode_in_inference` the
//! box is centre and size in pixels. So it is with YOLOv6 (arXiv 2209.02976), whose objectness is always 1.

use super::grid::{ASTRAY, FEW_CELLS, STRIDES, around, best, cells, corners, count, follow};
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Numbers of a row before the classes.
const BEFORE_CLASSES: usize = 5;

/// What the rows of a model are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Boxes in cells.
    Cells,
    /// Boxes in pixels.
    Pixels,
    /// Boxes in pixels without objectness: YOLOv6.
    Sure,
}

struct Yolox {
    width: usize,
    height: usize,
    classes: usize,
    rows: Rows,
}

/// YOLOX, its boxes decoded or not.
pub struct Ours;

/// YOLOv6.
pub struct Six;

impl Family for Ours {
    const NAME: &'static str = "yolox";
    const KNOWN_BY: &'static str = "YOLOX (one output [1, boxes, 5 + classes])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let rows = [Rows::Cells, Rows::Pixels].into_iter();
        rows.filter_map(|it| Yolox::of(facts, it)).collect()
    }
}

impl Family for Six {
    const NAME: &'static str = "yolov6";
    const KNOWN_BY: &'static str = "YOLOv6 (the same with an objectness of 1)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        Yolox::of(facts, Rows::Sure).into_iter().collect()
    }
}

impl Yolox {
    fn of(facts: &Facts<'_>, rows: Rows) -> Option<Box<dyn Head>> {
        let Facts { width, height, .. } = *facts;
        let [1, boxes, row] = facts.shape(0)? else {
            return None;
        };
        let fits = facts.outputs.len() == 1
            && facts.note("task").is_none()
            && row > BEFORE_CLASSES
            && boxes == count(width, height, &STRIDES)
            && (rows == Rows::Cells || boxes >= FEW_CELLS);
        let head = Yolox {
            width,
            height,
            classes: row.saturating_sub(BEFORE_CLASSES),
            rows,
        };
        fits.then(|| Box::new(head) as Box<dyn Head>)
    }
}

impl Head for Yolox {
    fn reading(&self) -> String {
        let boxes = match self.rows {
            Rows::Cells => "boxes in cells of three grids",
            Rows::Pixels | Rows::Sure => "boxes in pixels",
        };
        format!("rows of {boxes}, objectness and {} scores", self.classes)
    }

    fn picture(&self) -> Picture {
        match self.rows {
            Rows::Sure => Picture::YOLO,
            Rows::Cells | Rows::Pixels => Picture::PLAIN,
        }
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }

    fn doubt(&self, outputs: &[Array<'_>]) -> Option<&'static str> {
        let rows = || {
            outputs[0]
                .numbers
                .chunks_exact(BEFORE_CLASSES + self.classes)
        };
        let are_sure = rows().all(|it| it[4] == 1.0);
        let middles = rows().map(|it| [it[0], it[1]]);
        match self.rows {
            Rows::Cells => None,
            _ if !follow(self.width, self.height, &STRIDES, middles) => Some(ASTRAY),
            Rows::Sure if !are_sure => Some("an objectness is not 1"),
            Rows::Pixels if are_sure => Some("every objectness is 1"),
            _ => None,
        }
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let rows = outputs[0]
            .numbers
            .chunks_exact(BEFORE_CLASSES + self.classes);
        let cells = cells(self.width, self.height, &STRIDES);
        for (at, (row, cell)) in rows.zip(cells).enumerate() {
            let objectness = row[4];
            // No class can make up for it: this skips most rows at one comparison.
            if objectness < threshold {
                continue;
            }
            let (class, probability) = best(&row[BEFORE_CLASSES..]);
            let score = objectness * probability;
            if score < threshold {
                continue;
            }
            let told = [row[0], row[1], row[2], row[3]];
            found.push(Candidate {
                corners: match self.rows {
                    Rows::Cells => corners(cell, told),
                    Rows::Pixels | Rows::Sure => around(told),
                },
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
    use crate::inference::sight::heads::testing::{array, facts, read};

    #[test]
    fn a_row_of_the_second_grid_is_decoded_in_its_place() {
        // 64 x 64 has 64 + 16 + 4 cells; cell 65 is column 1, row 0 of stride 16.
        let mut output = vec![0.0; 84 * 7];
        output[65 * 7..66 * 7].copy_from_slice(&[0.5, 0.25, 0.0, 0.0, 0.8, 0.1, 0.9]);
        output[70 * 7..71 * 7].copy_from_slice(&[f32::NAN, 0.0, 0.0, 0.0, 0.9, 0.9, f32::NAN]);
        let found = read::<Ours>(64, 64, &[("output", &[1, 84, 7], &output)], 0, 0.3);
        assert_eq!(found.len(), 2);
        assert!(
            !found[1].is_sound(),
            "what is no number comes through and shows"
        );
        assert_eq!(found[0].corners, [16.0, -4.0, 32.0, 12.0]);
        assert_eq!((found[0].class, found[0].score), (1, 0.8 * 0.9));
    }

    #[test]
    fn decoded_boxes_are_pixels_and_yolov6_is_told_by_its_objectness() {
        let mut output = vec![0.0; 84 * 6];
        output[6..12].copy_from_slice(&[20.0, 30.0, 8.0, 4.0, 1.0, 0.5]);
        let outputs = [("output", &[1, 84, 6][..], &output[..])];
        let found = read::<Ours>(64, 64, &outputs, 1, 0.3);
        assert_eq!(found[0].corners, [16.0, 28.0, 24.0, 32.0]);
        let six = Six::fit(&facts(64, 64, &outputs).facts());
        let doubt = |numbers: &[f32]| six[0].doubt(&[array(&[1, 84, 6], numbers)]);
        assert!(
            doubt(&vec![1.0; 84 * 6]).is_some(),
            "all boxes at one place"
        );
        for (row, (x, y, stride)) in output.chunks_exact_mut(6).zip(cells(64, 64, &STRIDES)) {
            row[..5].copy_from_slice(&[x * stride, y * stride, 8.0, 4.0, 1.0]);
        }
        assert_eq!(doubt(&output), None);
        output[4] = 0.5;
        assert_eq!(doubt(&output), Some("an objectness is not 1"));
    }

    #[test]
    fn other_shapes_do_not_fit() {
        let ways = |shape: &[i64]| Ours::fit(&facts(64, 64, &[("o", shape, &[])]).facts()).len();
        assert_eq!(
            [ways(&[1, 84, 7]), ways(&[1, 83, 7]), ways(&[1, 84, 5])],
            [2, 0, 0]
        );
        assert!(Ours::fit(&facts(64, 64, &[]).facts()).is_empty());
    }
}
