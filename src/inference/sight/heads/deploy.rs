//! Detectors that put out boxes, scores and classes by name: RT-DETR's deployed form, torchvision, TensorFlow's.
//!
//! `labels`, `boxes`, `scores` with the input `orig_target_sizes` (RT-DETR, D-FINE, DEIM) and without (torchvision): corners
//! in pixels. `detection_boxes`, `detection_classes`, `detection_scores` (TensorFlow's Object Detection API): top, left,
//! bottom, right in parts of the sides, classes from 1 on.

use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::{Colours, Picture, Place};

/// Numbers of a box.
const BOX: usize = 4;

struct Deploy {
    boxes: usize,
    scores: usize,
    classes: usize,
    /// Where in a box left, top, right and bottom stand.
    order: [usize; 4],
    /// By what they are multiplied.
    unit: [f32; 2],
    /// The number of the first class.
    first: usize,
    picture: Picture,
}

/// What torchvision exports.
pub struct Torchvision;

/// What the Object Detection API of TensorFlow exports.
pub struct Tensorflow;

const AS_TOLD: [usize; 4] = [0, 1, 2, 3];
const TOP_FIRST: [usize; 4] = [1, 0, 3, 2];

/// The deployed form of RT-DETR and its heirs, known by what it wants to be told.
pub fn of_detr(facts: &Facts<'_>) -> Option<Box<dyn Head>> {
    let is_told = |name: &str| facts.model.inputs.iter().any(|it| it.name == name);
    Deploy::of(facts, Picture::STRETCHED).filter(|_| is_told("orig_target_sizes"))
}

impl Family for Torchvision {
    const NAME: &'static str = "torchvision";
    const KNOWN_BY: &'static str = "torchvision (boxes, labels and scores)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let is_alone = facts.model.inputs.len() == 1;
        let head = Deploy::of(facts, Picture::STRETCHED).filter(|_| is_alone);
        head.into_iter().collect()
    }
}

impl Family for Tensorflow {
    const NAME: &'static str = "tensorflow";
    const KNOWN_BY: &'static str =
        "TensorFlow (detection_boxes, detection_classes and detection_scores)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let named = |what: &str| facts.named(&format!("detection_{what}"));
        let head = || {
            Some(Deploy {
                boxes: named("boxes")?,
                scores: named("scores")?,
                classes: named("classes")?,
                order: TOP_FIRST,
                unit: [facts.width as f32, facts.height as f32],
                first: 1,
                picture: Picture {
                    place: Place::Stretch,
                    colours: Colours::Rgb,
                    ..Picture::PLAIN
                },
            })
        };
        head()
            .into_iter()
            .map(|it| Box::new(it) as Box<dyn Head>)
            .collect()
    }
}

impl Deploy {
    fn of(facts: &Facts<'_>, picture: Picture) -> Option<Box<dyn Head>> {
        let head = Deploy {
            boxes: facts.named("boxes")?,
            scores: facts.named("scores")?,
            classes: facts.named("labels")?,
            order: AS_TOLD,
            unit: [1.0, 1.0],
            first: 0,
            picture,
        };
        Some(Box::new(head))
    }
}

impl Head for Deploy {
    fn reading(&self) -> String {
        let unit = if self.unit == [1.0; 2] {
            "pixels"
        } else {
            "parts of its sides"
        };
        format!("boxes in {unit}, scores and classes by name, already suppressed")
    }

    fn picture(&self) -> Picture {
        self.picture
    }

    fn classes(&self) -> Option<usize> {
        None
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let [boxes, scores, classes] =
            [self.boxes, self.scores, self.classes].map(|it| &outputs[it].numbers[..]);
        if scores.len() != classes.len() || boxes.len() != BOX * scores.len() {
            let counts = [boxes.len() / BOX, scores.len(), classes.len()];
            return Err(format!(
                "it puts out other numbers of boxes, scores and classes: {counts:?}"
            ));
        }
        let rows = boxes.chunks_exact(BOX).zip(scores).zip(classes);
        for (row, ((told, &score), &class)) in rows.enumerate() {
            if score < threshold {
                continue;
            }
            let corner = |at: usize| told[self.order[at]] * self.unit[at % 2];
            found.push(Candidate {
                corners: [0, 1, 2, 3].map(corner),
                score,
                class: (class as usize).saturating_sub(self.first),
                row,
            });
        }
        Ok(())
    }

    fn suppressed(&self) -> bool {
        true
    }

    fn varies(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{array, facts, read};

    #[test]
    fn boxes_are_told_by_name_whatever_their_order() {
        let outputs = [
            ("labels", &[1][..], &[3.0][..]),
            ("boxes", &[1, 4], &[8.0, 16.0, 24.0, 32.0]),
            ("scores", &[1], &[0.9]),
        ];
        let found = read::<Torchvision>(64, 64, &outputs, 0, 0.3);
        assert_eq!(
            (found[0].corners, found[0].class),
            ([8.0, 16.0, 24.0, 32.0], 3)
        );
        let outputs = [
            (
                "detection_boxes:0",
                &[1, 1, 4][..],
                &[0.25, 0.125, 0.5, 0.375][..],
            ),
            ("detection_classes:0", &[1, 1], &[4.0]),
            ("detection_scores:0", &[1, 1], &[0.9]),
            ("num_detections:0", &[1], &[1.0]),
        ];
        assert_eq!(read::<Tensorflow>(64, 64, &outputs, 0, 0.3), found);
    }

    #[test]
    fn outputs_that_do_not_fit_each_other_are_refused() {
        let outputs = [
            ("labels", &[2][..], &[][..]),
            ("boxes", &[1, 4], &[]),
            ("scores", &[1], &[]),
        ];
        let mut heads = Torchvision::fit(&facts(64, 64, &outputs).facts());
        let told = [
            array(&[2], &[1.0, 2.0]),
            array(&[1, 4], &[0.0; 4]),
            array(&[1], &[0.5]),
        ];
        assert!(heads[0].decode(&told, 0.3, &mut Vec::new()).is_err());
    }
}
