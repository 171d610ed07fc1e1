//! NanoDet, NanoDet-Plus and PicoDet: the sides of a box as distributions over whole cells.
//!
//! After their exports (RangiLyu/nanodet, PaddleDetection) and Li et al., "Generalized Focal Loss" (arXiv 2006.04388):
//! for each cell a probability a class, and for each of left, top, right and bottom some logits, whose mean place, as a
//! softmax weighs them, is how many cells that side is away. NanoDet and PicoDet put out both for each of three or four
//! grids, NanoDet-Plus all in one.

use super::grid::{best, cells, count, strides};
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::{Colours, Picture, Place};

/// Numbers of places that the exporters use for a side.
const BINS: [usize; 2] = [8, 11];
const SIDES: usize = 4;

/// Where the numbers of a grid stand.
struct Level {
    stride: usize,
    /// Output of the scores; how many numbers a cell has there.
    scores: (usize, usize),
    /// Output of the sides; how many numbers a cell has there, and where the sides begin.
    sides: (usize, usize, usize),
}

struct Distributed {
    width: usize,
    height: usize,
    levels: Vec<Level>,
    /// Whether all grids stand in one output, one after the other.
    is_one: bool,
    classes: usize,
    bins: usize,
    /// Where in a cell its point is.
    point: f32,
    picture: Picture,
}

/// NanoDet, three grids.
pub struct NanoDet;

/// NanoDet-Plus, four grids in one output.
pub struct Plus;

/// PicoDet, four grids.
pub struct PicoDet;

const NANODET: Picture = Picture {
    place: Place::Centre,
    padding: 0.0,
    colours: Colours::Bgr,
    mean: [103.53, 116.28, 123.675],
    std: [57.375, 57.12, 58.395],
};

impl Family for NanoDet {
    const NAME: &'static str = "nanodet";
    const KNOWN_BY: &'static str = "NanoDet (scores and sides of three grids)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        boxed(Distributed::of(facts, &[8, 16, 32], NANODET))
    }
}

impl Family for PicoDet {
    const NAME: &'static str = "picodet";
    const KNOWN_BY: &'static str = "PicoDet (scores and sides of four grids)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        boxed(Distributed::of(facts, &[8, 16, 32, 64], Picture::IMAGENET))
    }
}

impl Family for Plus {
    const NAME: &'static str = "nanodet-plus";
    const KNOWN_BY: &'static str =
        "NanoDet-Plus (one output [1, cells of four grids, classes + 4 sides])";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let Facts { width, height, .. } = *facts;
        let Some([1, rows, row]) = facts.shape(0).filter(|_| facts.outputs.len() == 1) else {
            return Vec::new();
        };
        let Some(strides) = strides(width, height, rows).filter(|it| it.len() == 4) else {
            return Vec::new();
        };
        let read = |bins: usize| {
            let classes = row.checked_sub(SIDES * bins).filter(|it| *it > 0)?;
            let level = |&stride| Level {
                stride,
                scores: (0, row),
                sides: (0, row, classes),
            };
            Some(Distributed {
                width,
                height,
                levels: strides.iter().map(level).collect(),
                is_one: true,
                classes,
                bins,
                point: 0.0,
                picture: Picture {
                    place: Place::Stretch,
                    ..NANODET
                },
            })
        };
        BINS.into_iter().flat_map(|it| boxed(read(it))).collect()
    }
}

fn boxed(head: Option<Distributed>) -> Vec<Box<dyn Head>> {
    head.into_iter()
        .map(|it| Box::new(it) as Box<dyn Head>)
        .collect()
}

impl Distributed {
    /// Of outputs that come in pairs, scores first or sides first, one pair a grid.
    fn of(facts: &Facts<'_>, strides: &[usize], picture: Picture) -> Option<Distributed> {
        let Facts { width, height, .. } = *facts;
        if facts.outputs.len() != 2 * strides.len() {
            return None;
        }
        let tables: Option<Vec<[usize; 2]>> =
            (0..facts.outputs.len()).map(|it| facts.table(it)).collect();
        let tables = tables?;
        let mut pairs = Vec::new();
        for &stride in strides {
            let is_level = |it: &usize| tables[*it][0] == count(width, height, &[stride]);
            let pair: Vec<usize> = (0..tables.len()).filter(is_level).collect();
            let [first, second] = pair[..] else {
                return None;
            };
            pairs.push([first, second]);
        }
        let numbers = |place: usize| {
            let mut all = pairs.iter().map(|it| tables[it[place]][1]);
            let first = all.next()?;
            all.all(|it| it == first).then_some(first)
        };
        let are_sides = |it: usize| BINS.iter().any(|bins| it == SIDES * bins);
        // Where both could be, scores come first in all exports that are known.
        let [scores, sides] = match (are_sides(numbers(1)?), are_sides(numbers(0)?)) {
            (true, _) => [0, 1],
            (false, true) => [1, 0],
            (false, false) => return None,
        };
        let (classes, length) = (numbers(scores)?, numbers(sides)?);
        let level = |(&stride, pair): (&usize, &[usize; 2])| Level {
            stride,
            scores: (pair[scores], classes),
            sides: (pair[sides], length, 0),
        };
        Some(Distributed {
            width,
            height,
            levels: strides.iter().zip(&pairs).map(level).collect(),
            is_one: false,
            classes,
            bins: length / SIDES,
            point: 0.5,
            picture,
        })
    }
}

/// The mean place of logits, as a softmax weighs them.
fn mean(logits: &[f32]) -> f32 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let (mut sum, mut places) = (0.0, 0.0);
    for (place, logit) in logits.iter().enumerate() {
        let weight = (logit - most).exp();
        sum += weight;
        places += weight * place as f32;
    }
    places / sum
}

impl Head for Distributed {
    fn reading(&self) -> String {
        let (grids, classes) = (self.levels.len(), self.classes);
        format!("{classes} scores and four sides in cells for each cell of {grids} grids")
    }

    fn picture(&self) -> Picture {
        self.picture
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
        let (mut before, mut total) = (0, 0);
        for level in &self.levels {
            let (scores, length) = level.scores;
            let (sides, width, from) = level.sides;
            let scores = outputs[scores].numbers.chunks_exact(length).skip(before);
            let sides = outputs[sides].numbers.chunks_exact(width).skip(before);
            let cells = cells(self.width, self.height, std::slice::from_ref(&level.stride));
            for (at, ((scores, sides), (column, row, stride))) in
                scores.zip(sides).zip(cells).enumerate()
            {
                let (class, score) = best(&scores[..self.classes]);
                if score < threshold {
                    continue;
                }
                let side = |it: usize| mean(&sides[from + it * self.bins..][..self.bins]);
                let (x, y) = (column + self.point, row + self.point);
                let corners = [x - side(0), y - side(1), x + side(2), y + side(3)];
                found.push(Candidate {
                    corners: corners.map(|it| it * stride),
                    score,
                    class,
                    row: total + at,
                });
            }
            let cells = count(self.width, self.height, &[level.stride]);
            total += cells;
            before = if self.is_one { total } else { 0 };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{facts, read};

    /// Logits whose whole weight is on these places.
    fn sides(places: [usize; 4]) -> Vec<f32> {
        let one = |place: usize| (0..8).map(move |it| if it == place { 0.0 } else { -1e4 });
        places.into_iter().flat_map(one).collect()
    }

    #[test]
    fn a_cell_of_the_second_grid_is_decoded_in_its_place() {
        let sizes: [usize; 3] = [64, 16, 4];
        let mut scores = sizes.map(|it| vec![0.0; it * 2]);
        let mut bounds = sizes.map(|it| vec![0.0; it * 32]);
        // Cell 5 of stride 16: column 1, row 1.
        scores[1][5 * 2 + 1] = 0.8;
        bounds[1][5 * 32..6 * 32].copy_from_slice(&sides([1, 0, 2, 1]));
        let shapes = sizes.map(|it| ([1, it as i64, 2], [1, it as i64, 32]));
        let outputs: Vec<(&str, &[i64], &[f32])> = (0..3)
            .map(|it| ("s", &shapes[it].0[..], &scores[it][..]))
            .chain((0..3).map(|it| ("b", &shapes[it].1[..], &bounds[it][..])))
            .collect();
        let found = read::<NanoDet>(64, 64, &outputs, 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].corners, found[0].class),
            ([8.0, 24.0, 56.0, 40.0], 1)
        );
        assert!(PicoDet::fit(&facts(64, 64, &outputs).facts()).is_empty());
    }

    #[test]
    fn four_grids_in_one_output_are_read_one_after_the_other() {
        let mut output = vec![0.0; 85 * 33];
        // The only cell of stride 64 is the last.
        output[84 * 33] = 0.9;
        output[84 * 33 + 1..].copy_from_slice(&sides([0, 0, 1, 1]));
        let found = read::<Plus>(64, 64, &[("output", &[1, 85, 33], &output)], 0, 0.3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].corners, found[0].row),
            ([0.0, 0.0, 64.0, 64.0], 84)
        );
    }
}
