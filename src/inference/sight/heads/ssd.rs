//! SSD and UltraFace with decoded priors: `scores` `[1, boxes, 1 + classes]` and `boxes` `[1, boxes, 4]`.
//!
//! As Linzaer's UltraFace is exported and as this program imports TensorFlow Lite's detectors: corners in parts of the
//! picture's sides, probabilities, of which the first is for the background. Pixels are red first, stretched, from -1 to 1.

use super::grid::best;
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

const BOX: usize = 4;

/// SSD with decoded priors.
pub struct Ssd {
    scores: usize,
    boxes: usize,
    /// With the background.
    classes: usize,
    sides: [f32; 2],
}

impl Family for Ssd {
    const NAME: &'static str = "ssd";
    const KNOWN_BY: &'static str = "SSD and UltraFace with decoded priors (scores [1, boxes, 1 + classes] and boxes [1, boxes, 4])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let fit = || {
            let [first, second] = [facts.table(0)?, facts.table(1)?];
            let is_first = match (facts.named("scores"), facts.named("boxes")) {
                (Some(scores), Some(_)) => scores == 0,
                _ => second[1] == BOX && first[1] != BOX,
            };
            let (scores, boxes) = if is_first {
                (first, second)
            } else {
                (second, first)
            };
            let fits = facts.outputs.len() == 2 && scores[0] == boxes[0];
            (fits && boxes[1] == BOX && scores[1] > 1).then(|| Ssd {
                scores: usize::from(!is_first),
                boxes: usize::from(is_first),
                classes: scores[1],
                sides: [facts.width as f32, facts.height as f32],
            })
        };
        let is_query = facts.named("pred_boxes").or(facts.named("dets")).is_some();
        let head = fit().filter(|_| !is_query);
        head.into_iter()
            .map(|it| Box::new(it) as Box<dyn Head>)
            .collect()
    }
}

impl Head for Ssd {
    fn reading(&self) -> String {
        let classes = self.classes - 1;
        format!("boxes in parts of its sides, scores of the background and {classes} classes")
    }

    fn picture(&self) -> Picture {
        Picture::SIGNED
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes - 1)
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let scores = outputs[self.scores].numbers.chunks_exact(self.classes);
        let boxes = outputs[self.boxes].numbers.chunks_exact(BOX);
        for (row, (scores, told)) in scores.zip(boxes).enumerate() {
            let (class, score) = best(&scores[1..]);
            if score < threshold {
                continue;
            }
            let corners = [0, 1, 2, 3].map(|it| told[it] * self.sides[it % 2]);
            found.push(Candidate {
                corners,
                score,
                class,
                row,
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
    fn the_background_is_no_class() {
        let (scores, boxes) = (
            [0.9, 0.1, 0.0, 0.2, 0.1, 0.7],
            [0.0, 0.0, 1.0, 1.0, 0.25, 0.5, 0.5, 1.0],
        );
        let (scores, boxes) = ((&[1, 2, 3][..], &scores[..]), (&[1, 2, 4][..], &boxes[..]));
        let named = [("scores", scores.0, scores.1), ("boxes", boxes.0, boxes.1)];
        let found = read::<Ssd>(64, 64, &named, 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].corners, found[0].class),
            ([16.0, 32.0, 32.0, 64.0], 1)
        );
        let nameless = [("1", boxes.0, boxes.1), ("2", scores.0, scores.1)];
        assert_eq!(read::<Ssd>(64, 64, &nameless, 0, 0.3), found);
        assert!(Ssd::fit(&facts(64, 64, &[("1", &[1, 2, 4], &[])]).facts()).is_empty());
    }
}
