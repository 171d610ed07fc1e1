//! YOLO whose file leaves one box an object: YOLOv10 and YOLO26, and any YOLO exported with suppression inside.
//!
//! As Ultralytics exports them, `[1, boxes, 6]`: corners, score, class, sorted by score and filled up with nothing;
//! after those the numbers of masks, where there are any. As YOLOv7 does (`--end2end --max-wh`), `[boxes, 7]`: number of
//! the picture, corners, class, score.

use super::grid::strides;
use super::head::{Facts, Family, Head, Masks};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Numbers of a box before those of its mask.
const NUMBERS: usize = 6;
/// Numbers of a row of YOLOv7.
const SEVEN: usize = 7;
/// More boxes than any export keeps.
const MOST_BOXES: usize = 1000;

/// A YOLO that suppresses by itself.
pub struct YoloEnds {
    /// Numbers of a row.
    length: usize,
    /// Where the corners, the score and the class stand in it.
    corners: usize,
    score: usize,
    class: usize,
    /// By what the corners are multiplied.
    unit: [f32; 2],
}

impl Family for YoloEnds {
    const NAME: &'static str = "yolo-nms";
    const KNOWN_BY: &'static str =
        "YOLO without or with suppression inside (one output [1, boxes, 6])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let is_other = facts.notes("head", "rtdetr") || facts.notes("description", "rtdetr");
        let Some(length) = row(facts).filter(|_| !is_other) else {
            return Vec::new();
        };
        let (corners, score, class) = match length {
            SEVEN => (1, 6, 5),
            _ => (0, 4, 5),
        };
        let units = [[1.0, 1.0], [facts.width as f32, facts.height as f32]];
        let head = |unit| YoloEnds {
            length,
            corners,
            score,
            class,
            unit,
        };
        units.map(|it| Box::new(head(it)) as Box<dyn Head>).into()
    }
}

/// Numbers of a row, if the outputs are such rows.
fn row(facts: &Facts<'_>) -> Option<usize> {
    let told = facts.outputs.first()?;
    let last = |at: usize| usize::try_from(*told.shape.get(at)?).ok();
    match (told.shape.len(), facts.outputs.len()) {
        (2, 1) => last(1).filter(|it| *it == SEVEN),
        (3, outputs) => {
            let masks = match outputs {
                1 => 0,
                2 => facts.shape::<4>(1)?[1],
                _ => return None,
            };
            let boxes = last(1)?;
            let is_grid = strides(facts.width, facts.height, boxes).is_some();
            let fits = told.shape[0].abs() == 1 && !is_grid && boxes <= MOST_BOXES;
            last(2).filter(|it| fits && *it == NUMBERS + masks)
        }
        _ => None,
    }
}

impl Head for YoloEnds {
    fn reading(&self) -> String {
        let unit = if self.unit == [1.0; 2] {
            "pixels"
        } else {
            "parts of its sides"
        };
        format!("rows of corners in {unit}, score and class, already suppressed")
    }

    fn picture(&self) -> Picture {
        Picture::YOLO
    }

    fn classes(&self) -> Option<usize> {
        None
    }

    fn masks(&self) -> Option<Masks> {
        let count = self.length - NUMBERS;
        (count > 1).then_some(Masks {
            count,
            first: NUMBERS,
            step: 1,
            row: self.length,
        })
    }

    fn doubt(&self, outputs: &[Array<'_>]) -> Option<&'static str> {
        let mut rows = outputs[0].numbers.chunks_exact(self.length);
        let is_class = |it: f32| it >= 0.0 && it.fract() == 0.0;
        let are_classes = rows.all(|it| is_class(it[self.class]));
        (!are_classes).then_some("the number of a class is not whole")
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        for (at, row) in outputs[0].numbers.chunks_exact(self.length).enumerate() {
            let score = row[self.score];
            if score < threshold {
                continue;
            }
            found.push(Candidate {
                corners: [0, 1, 2, 3].map(|it| row[self.corners + it] * self.unit[it % 2]),
                score,
                // Of what is no number this makes 0, and the score or the corners show it.
                class: row[self.class] as usize,
                row: at,
            });
        }
        Ok(())
    }

    fn suppressed(&self) -> bool {
        true
    }

    fn varies(&self) -> bool {
        self.length == SEVEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{array, facts, read};

    #[test]
    fn rows_of_both_exporters_are_read() {
        let mut output = vec![0.0; 300 * 6];
        output[..6].copy_from_slice(&[10.0, 20.0, 30.0, 60.0, 0.9, 2.0]);
        let found = read::<YoloEnds>(64, 64, &[("output0", &[1, 300, 6], &output)], 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].corners, found[0].class),
            ([10.0, 20.0, 30.0, 60.0], 2)
        );
        let seven = [0.0, 10.0, 20.0, 30.0, 60.0, 2.0, 0.9];
        let same = read::<YoloEnds>(64, 64, &[("output", &[1, 7], &seven)], 0, 0.3);
        assert_eq!(same, found);
    }

    #[test]
    fn transformers_and_grids_are_other_families() {
        let ways = |shape: &[i64], note: Option<&str>| {
            let outputs = [("output0", shape, &[][..])];
            let mut facts = facts(64, 64, &outputs);
            let notes = note.map(|it| ("description".to_owned(), it.to_owned()));
            facts.model.notes.extend(notes);
            YoloEnds::fit(&facts.facts()).len()
        };
        assert_eq!(ways(&[1, 300, 6], Some("Ultralytics YOLO26n model")), 2);
        assert_eq!(ways(&[1, 300, 6], Some("Ultralytics rtdetr-l model")), 0);
        assert_eq!([ways(&[1, 84, 6], None), ways(&[1, 300, 7], None)], [0, 0]);
        let heads = YoloEnds::fit(&facts(64, 64, &[("o", &[1, 1, 6], &[])]).facts());
        let shares = [0.5, 0.5, 0.1, 0.1, 0.2, 0.7];
        assert!(heads[0].doubt(&[array(&[1, 1, 6], &shares)]).is_some());
    }
}
