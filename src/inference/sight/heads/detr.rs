//! Detection transformers, one row a query: DETR, RT-DETR, RF-DETR, D-FINE and DEIM as Ultralytics, Transformers and
//! Roboflow export them.
//!
//! Boxes are centre and size in parts of the input's sides. Ultralytics puts them and probabilities into one output
//! `[1, queries, 4 + classes]`, since 2026 the best probability and its class, `[1, queries, 6]`; Transformers into `logits` and `pred_boxes`; RF-DETR into `labels` and `dets`, both as
//! logits. DETR itself (arXiv 2005.12872) has a last class that says "nothing" and shares 1 among all (softmax), the others
//! judge each class by itself (sigmoid).

use super::grid::{around, best, sigmoid, strides};
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::{Picture, Place};

/// More queries than any of them has.
const MOST_QUERIES: usize = 1000;
/// Numbers of a box.
const BOX: usize = 4;

/// What the numbers of the classes are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scores {
    Probabilities,
    /// One, and the number of its class.
    Best,
    Logits,
    Shares,
}

struct Queries {
    /// Place of the output of boxes, and numbers of its rows.
    boxes: (usize, usize),
    /// The same of the scores, and where in a row they begin.
    scores: (usize, usize, usize),
    kind: Scores,
    picture: Picture,
    sides: [f32; 2],
    shares: Vec<f32>,
}

/// RT-DETR, D-FINE and DEIM.
pub struct RtDetr;

/// RF-DETR.
pub struct RfDetr;

/// DETR and others with a class of nothing.
pub struct Detr;

impl Family for RtDetr {
    const NAME: &'static str = "rt-detr";
    const KNOWN_BY: &'static str = "RT-DETR, D-FINE, DEIM ([1, queries, 4 + classes], logits and pred_boxes, or labels, boxes and scores)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let heads = [
            one_output(facts, Scores::Best),
            one_output(facts, Scores::Probabilities),
            two_outputs(
                facts,
                ["logits", "pred_boxes"],
                Scores::Logits,
                Picture::STRETCHED,
            ),
        ];
        let heads = heads
            .into_iter()
            .flatten()
            .map(|it| Box::new(it) as Box<dyn Head>);
        heads.chain(super::deploy::of_detr(facts)).collect()
    }
}

impl Family for RfDetr {
    const NAME: &'static str = "rf-detr";
    const KNOWN_BY: &'static str = "RF-DETR (dets and labels)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        boxed(two_outputs(
            facts,
            ["labels", "dets"],
            Scores::Logits,
            Picture::IMAGENET,
        ))
    }
}

impl Family for Detr {
    const NAME: &'static str = "detr";
    const KNOWN_BY: &'static str = "DETR (logits with a class of nothing, and pred_boxes)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        boxed(two_outputs(
            facts,
            ["logits", "pred_boxes"],
            Scores::Shares,
            Picture::IMAGENET,
        ))
    }
}

fn boxed(head: Option<Queries>) -> Vec<Box<dyn Head>> {
    head.into_iter()
        .map(|it| Box::new(it) as Box<dyn Head>)
        .collect()
}

fn one_output(facts: &Facts<'_>, kind: Scores) -> Option<Queries> {
    let [1, queries, row] = facts.shape(0)? else {
        return None;
    };
    let is_grid = strides(facts.width, facts.height, queries).is_some();
    let is_other = facts.note("end2end") == Some("True") || facts.notes("args", "'nms': true");
    let is_row = kind == Scores::Probabilities || row == BOX + 2;
    let fits = facts.outputs.len() == 1 && row > BOX && is_row && queries <= MOST_QUERIES;
    (fits && !is_grid && !is_other).then(|| Queries {
        boxes: (0, row),
        scores: (0, row, BOX),
        kind,
        picture: Picture::STRETCHED,
        sides: [facts.width as f32, facts.height as f32],
        shares: Vec::new(),
    })
}

fn two_outputs(
    facts: &Facts<'_>,
    [scores, boxes]: [&str; 2],
    kind: Scores,
    picture: Picture,
) -> Option<Queries> {
    let (scores, boxes) = (facts.named(scores)?, facts.named(boxes)?);
    let ([queries, classes], [same, BOX]) = (facts.table(scores)?, facts.table(boxes)?) else {
        return None;
    };
    (queries == same && classes > 1).then(|| Queries {
        boxes: (boxes, BOX),
        scores: (scores, classes, 0),
        kind,
        picture,
        sides: [facts.width as f32, facts.height as f32],
        shares: Vec::new(),
    })
}

impl Queries {
    /// The best class of a row and its probability.
    fn best(&mut self, numbers: &[f32]) -> (usize, f32) {
        match self.kind {
            Scores::Probabilities => best(numbers),
            Scores::Best => (numbers[1] as usize, numbers[0]),
            Scores::Logits => {
                let (class, logit) = best(numbers);
                (class, sigmoid(logit))
            }
            Scores::Shares => {
                let most = numbers.iter().copied().fold(f32::MIN, f32::max);
                self.shares.clear();
                self.shares
                    .extend(numbers.iter().map(|it| (it - most).exp()));
                let sum: f32 = self.shares.iter().sum();
                let (class, share) = best(&self.shares[..numbers.len() - 1]);
                (class, share / sum)
            }
        }
    }
}

impl Head for Queries {
    fn reading(&self) -> String {
        let scores = match self.kind {
            Scores::Probabilities => "probabilities",
            Scores::Best => "the best probability with its class",
            Scores::Logits => "logits, each by itself",
            Scores::Shares => "logits that share 1, the last for nothing",
        };
        format!("rows of centre and size in parts of its sides, and {scores}")
    }

    fn picture(&self) -> Picture {
        Picture {
            place: Place::Stretch,
            ..self.picture
        }
    }

    fn classes(&self) -> Option<usize> {
        let (_, row, from) = self.scores;
        match self.kind {
            Scores::Best => None,
            Scores::Shares => Some(row - from - 1),
            Scores::Probabilities | Scores::Logits => Some(row - from),
        }
    }

    fn doubt(&self, outputs: &[Array<'_>]) -> Option<&'static str> {
        let (at, row) = self.boxes;
        let rows = || outputs[at].numbers.chunks_exact(row);
        let are_classes = || rows().all(|it| it[row - 1] >= 0.0 && it[row - 1].fract() == 0.0);
        match self.kind {
            // A size that is always more than the place of the middle is a corner.
            _ if rows().all(|it| it[2] > it[0] && it[3] > it[1]) => Some("sizes look like corners"),
            Scores::Best if !are_classes() => Some("the number of a class is not whole"),
            Scores::Probabilities if are_classes() => Some("probabilities are whole numbers"),
            _ => None,
        }
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let ((boxes, width), (scores, length, from)) = (self.boxes, self.scores);
        let boxes = outputs[boxes].numbers.chunks_exact(width);
        let scores = outputs[scores].numbers.chunks_exact(length);
        for (row, (told, numbers)) in boxes.zip(scores).enumerate() {
            let (class, score) = self.best(&numbers[from..]);
            if score < threshold {
                continue;
            }
            let told = [0, 1, 2, 3].map(|it| told[it] * self.sides[it % 2]);
            found.push(Candidate {
                corners: around(told),
                score,
                class,
                row,
            });
        }
        Ok(())
    }

    fn suppressed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{array, facts, read};

    const BOX_OF: [f32; 4] = [0.5, 0.25, 0.25, 0.125];
    const CORNERS: [f32; 4] = [24.0, 12.0, 40.0, 20.0];

    #[test]
    fn rows_of_each_exporter_lead_to_the_same_box() {
        let row = [&BOX_OF[..], &[0.1, 0.8]].concat();
        let one = read::<RtDetr>(64, 64, &[("output0", &[1, 1, 6], &row)], 1, 0.3);
        assert_eq!(
            (one[0].corners, one[0].class, one[0].score),
            (CORNERS, 1, 0.8)
        );
        let logits = [-2.0, 1.0];
        let (boxes, logits) = (("pred_boxes", &[1, 1, 4][..], &BOX_OF[..]), &logits[..]);
        let two = read::<RtDetr>(64, 64, &[("logits", &[1, 1, 2], logits), boxes], 0, 0.3);
        assert_eq!((two[0].corners, two[0].class), (CORNERS, 1));
        assert!((two[0].score - 0.731).abs() < 1e-3);
        let boxes = ("dets", boxes.1, boxes.2);
        let roboflow = read::<RfDetr>(64, 64, &[boxes, ("labels", &[1, 1, 2], logits)], 0, 0.3);
        assert_eq!(roboflow, two);
    }

    #[test]
    fn two_probabilities_and_one_with_its_class_are_told_apart() {
        let heads = |row: &[f32]| {
            let rows = [row, &[0.9, 0.9, 0.1, 0.1, row[4], row[5]]].concat();
            let heads = RtDetr::fit(&facts(64, 64, &[("output0", &[1, 2, 6], &[])]).facts());
            let array = || [array(&[1, 2, 6], &rows)];
            heads
                .iter()
                .map(|it| it.doubt(&array()).is_none())
                .collect::<Vec<_>>()
        };
        let row = |rest: [f32; 2]| [&BOX_OF[..], &rest].concat();
        assert_eq!(heads(&row([0.7, 2.0])), [true, false]);
        assert_eq!(heads(&row([0.7, 0.2])), [false, true]);
        let best = read::<RtDetr>(64, 64, &[("output0", &[1, 1, 6], &row([0.7, 2.0]))], 0, 0.3);
        assert_eq!(
            (best[0].corners, best[0].class, best[0].score),
            (CORNERS, 2, 0.7)
        );
    }

    #[test]
    fn the_class_of_nothing_is_none() {
        let shares = [0.0, 2.0, 1.0];
        let boxes = ("pred_boxes", &[1, 1, 4][..], &BOX_OF[..]);
        let found = read::<Detr>(64, 64, &[("logits", &[1, 1, 3], &shares), boxes], 0, 0.3);
        assert_eq!((found[0].corners, found[0].class), (CORNERS, 1));
        assert!((found[0].score - 0.665).abs() < 1e-3);
        let nothing = [0.0, 1.0, 9.0];
        assert!(
            read::<Detr>(64, 64, &[("logits", &[1, 1, 3], &nothing), boxes], 0, 0.3).is_empty()
        );
    }
}
