//! YOLOv8, 9, 11, 12 and 26 as they come out of the network: one output `[1, 4 + classes, cells]`, or turned over.
//!
//! As Ultralytics exports them (<https://docs.ultralytics.com/modes/export/>): centre and size, then a score a class,
//! all boxes of a number side by side. Boxes are in pixels of the input; those of its TensorFlow Lite exports are parts
//! of its sides. Models that also segment have further numbers a box and prototypes in a second output.

use super::grid::{ASTRAY, FEW_CELLS, around, best, follow, strides};
use super::head::{Facts, Family, Head, Masks};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Numbers of a box before the classes.
const BEFORE_CLASSES: usize = 4;
/// Mean score of a class that no detector gives to noise.
const COMMON: f32 = 0.5;
/// Boxes looked at together: their best scores stay in the nearest cache.
const BLOCK: usize = 512;

/// YOLOv8 and its heirs.
pub struct Yolov8 {
    size: [usize; 2],
    strides: &'static [usize],
    boxes: usize,
    classes: usize,
    masks: usize,
    /// Whether the numbers of a box are side by side.
    is_turned: bool,
    /// By what the numbers of a box are multiplied.
    unit: [f32; 2],
}

impl Family for Yolov8 {
    const NAME: &'static str = "yolov8";
    const KNOWN_BY: &'static str =
        "YOLOv8 to YOLO26 without suppression (one output [1, 4 + classes, cells], or turned over)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let pixels = [1.0, 1.0];
        let parts = [facts.width as f32, facts.height as f32];
        let read = |unit| Some(Box::new(Yolov8::of(facts, unit)?) as Box<dyn Head>);
        [pixels, parts].into_iter().filter_map(read).collect()
    }
}

impl Yolov8 {
    fn of(facts: &Facts<'_>, unit: [f32; 2]) -> Option<Yolov8> {
        let [1, first, second] = facts.shape(0)? else {
            return None;
        };
        let strides = |cells| strides(facts.width, facts.height, cells);
        let (numbers, boxes, is_turned) = match (strides(second), strides(first)) {
            (Some(_), _) => (first, second, false),
            (None, Some(_)) => (second, first, true),
            (None, None) => return None,
        };
        let masks = match facts.outputs.len() {
            1 => 0,
            2 => facts.shape::<4>(1)?[1],
            _ => return None,
        };
        let classes = numbers.checked_sub(BEFORE_CLASSES + masks)?;
        (classes > 0 && boxes >= FEW_CELLS).then_some(Yolov8 {
            size: [facts.width, facts.height],
            strides: strides(boxes)?,
            boxes,
            classes,
            masks,
            is_turned,
            unit,
        })
    }

    /// The place of a number of a box.
    fn place(&self, row: usize, number: usize) -> usize {
        match self.is_turned {
            true => row * (BEFORE_CLASSES + self.classes + self.masks) + number,
            false => number * self.boxes + row,
        }
    }

    fn candidate(&self, numbers: &[f32], row: usize, class: usize, score: f32) -> Candidate {
        let told = [0, 1, 2, 3].map(|it| numbers[self.place(row, it)] * self.unit[it % 2]);
        Candidate {
            corners: around(told),
            score,
            class,
            row,
        }
    }

    fn decode_turned(&self, numbers: &[f32], threshold: f32, found: &mut Vec<Candidate>) {
        let length = BEFORE_CLASSES + self.classes + self.masks;
        for (row, told) in numbers.chunks_exact(length).enumerate() {
            let (class, score) = best(&told[BEFORE_CLASSES..][..self.classes]);
            if score.is_nan() || score >= threshold {
                found.push(self.candidate(numbers, row, class, score));
            }
        }
    }

    fn decode_block(
        &self,
        numbers: &[f32],
        from: usize,
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) {
        let length = BLOCK.min(self.boxes - from);
        let (mut scores, mut classes, mut odd) = ([f32::MIN; BLOCK], [0u32; BLOCK], [0.0; BLOCK]);
        let (scores, classes, odd) = (
            &mut scores[..length],
            &mut classes[..length],
            &mut odd[..length],
        );
        for class in 0..self.classes {
            let told = &numbers[self.place(from, BEFORE_CLASSES + class)..][..length];
            let all = told
                .iter()
                .zip(&mut *scores)
                .zip(&mut *classes)
                .zip(&mut *odd);
            for (((&told, score), best), odd) in all {
                *best = if told > *score { class as u32 } else { *best };
                *score = if told > *score { told } else { *score };
                // Stays 0 until a score is no number.
                *odd += told * 0.0;
            }
        }
        for at in 0..length {
            let score = scores[at] + odd[at];
            if score.is_nan() || score >= threshold {
                found.push(self.candidate(numbers, from + at, classes[at] as usize, score));
            }
        }
    }
}

impl Head for Yolov8 {
    fn reading(&self) -> String {
        let unit = if self.unit == [1.0; 2] {
            "pixels"
        } else {
            "parts of its sides"
        };
        format!(
            "boxes in {unit} and {} scores, not yet suppressed",
            self.classes
        )
    }

    fn picture(&self) -> Picture {
        Picture::YOLO
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }

    fn doubt(&self, outputs: &[Array<'_>]) -> Option<&'static str> {
        let numbers = &outputs[0].numbers;
        let axis = |row: usize, axis: usize| numbers[self.place(row, axis)] * self.unit[axis];
        let middles = (0..self.boxes).map(|row| [axis(row, 0), axis(row, 1)]);
        let [width, height] = self.size;
        if !follow(width, height, self.strides, middles) {
            return Some(ASTRAY);
        }
        let score = |class: usize| {
            let all = (0..self.boxes).map(|row| numbers[self.place(row, BEFORE_CLASSES + class)]);
            all.sum::<f32>() / self.boxes as f32
        };
        // The angle of an oriented box stands where a score would.
        let is_high = (0..self.classes).any(|class| score(class) > COMMON);
        is_high.then_some("a class is seen everywhere, even in noise")
    }

    fn masks(&self) -> Option<Masks> {
        let first = BEFORE_CLASSES + self.classes;
        (self.masks > 0).then(|| Masks {
            count: self.masks,
            first: self.place(0, first),
            step: self.place(0, 1),
            row: self.place(1, 0),
        })
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let numbers = &outputs[0].numbers;
        if self.is_turned {
            self.decode_turned(numbers, threshold, found);
        } else {
            for from in (0..self.boxes).step_by(BLOCK) {
                self.decode_block(numbers, from, threshold, found);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{facts, read};

    /// One box of 84 with the given numbers, the others nothing.
    fn output(turned: bool, row: usize, told: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; 84 * told.len()];
        for (at, number) in told.iter().enumerate() {
            output[if turned {
                row * told.len() + at
            } else {
                at * 84 + row
            }] = *number;
        }
        output
    }

    #[test]
    fn both_orders_and_both_units_lead_to_the_same_box() {
        let (pixels, parts) = (
            [32.0, 16.0, 8.0, 4.0, 0.1, 0.7],
            [0.5, 0.25, 0.125, 0.0625, 0.1, 0.7],
        );
        for (unit, told) in [(0, pixels), (1, parts)] {
            for (turned, shape) in [(false, [1, 6, 84]), (true, [1, 84, 6])] {
                let output = output(turned, 70, &told);
                let found = read::<Yolov8>(64, 64, &[("output0", &shape, &output)], unit, 0.3);
                assert_eq!(found.len(), 1);
                assert_eq!(found[0].corners, [28.0, 14.0, 36.0, 18.0]);
                assert_eq!((found[0].class, found[0].score, found[0].row), (1, 0.7, 70));
            }
        }
    }

    #[test]
    fn what_is_no_number_shows() {
        for (turned, shape) in [(false, [1, 6, 84]), (true, [1, 84, 6])] {
            for odd in [f32::NAN, f32::INFINITY] {
                let output = output(turned, 3, &[1.0, 1.0, 1.0, 1.0, odd, 0.2]);
                let found = read::<Yolov8>(64, 64, &[("output0", &shape, &output)], 0, 0.3);
                assert!(found.len() == 1 && !found[0].is_sound(), "{found:?}");
            }
        }
    }

    #[test]
    fn the_numbers_of_masks_are_no_classes() {
        let outputs = [
            ("output0", &[1, 8, 84][..], &[][..]),
            ("output1", &[1, 3, 16, 16], &[]),
        ];
        let heads = Yolov8::fit(&facts(64, 64, &outputs).facts());
        assert_eq!(heads[0].classes(), Some(1));
        let wanted = Masks {
            count: 3,
            first: 5 * 84,
            step: 84,
            row: 1,
        };
        assert_eq!(heads[0].masks(), Some(wanted));
    }
}
