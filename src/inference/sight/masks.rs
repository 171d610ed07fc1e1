//! Masks of the objects that a detector finds: sums of prototypes that all objects of a picture share.
//!
//! As YOLO makes them since version 5 and YOLACT before it: an object's numbers times the prototypes, squashed, and cut to
//! its box.

use std::sync::Arc;

use super::heads::Masks;
use super::nms::Candidate;
use crate::inference::onnx::tensor::Array;
use crate::media::objects::Mask;

/// Sums at which a cell is surely covered or not.
const SURE: f32 = 30.0;

/// The prototypes of a picture and where the numbers of its objects stand.
pub struct Prototypes<'a> {
    /// A number an object and prototype.
    numbers: &'a [f32],
    places: Masks,
    /// One plane after the other.
    planes: &'a [f32],
    width: usize,
    height: usize,
    /// Cells of a prototype a model pixel.
    scale: [f32; 2],
}

impl<'a> Prototypes<'a> {
    /// Those in the second of `outputs`, of a model whose input has this width and height.
    ///
    /// # Errors
    /// In words, if the outputs do not fit each other.
    pub fn of(
        outputs: &'a [Array<'_>],
        places: Masks,
        [width, height]: [usize; 2],
    ) -> Result<Prototypes<'a>, String> {
        let shape = outputs.get(1).map(|it| &it.shape[..]);
        match shape {
            Some(&[1, planes, rows, columns])
                if planes == places.count as i64 && rows > 0 && columns > 0 =>
            {
                Ok(Prototypes {
                    numbers: &outputs[0].numbers,
                    places,
                    planes: &outputs[1].numbers,
                    width: columns as usize,
                    height: rows as usize,
                    scale: [columns as f32 / width as f32, rows as f32 / height as f32],
                })
            }
            _ => Err(format!(
                "masks need {} prototypes in the second output, and it has the shape {shape:?}",
                places.count
            )),
        }
    }

    /// What an object covers of its box, as far as that lies within `shown`; both in model pixels. None if it does not.
    pub fn mask(&self, found: &Candidate, shown: [f32; 4]) -> Option<Mask> {
        let least = |at: usize| found.corners[at].max(shown[at]) * self.scale[at];
        let most = |at: usize| found.corners[at + 2].min(shown[at + 2]) * self.scale[at];
        let (from, to) = ([least(0), least(1)], [most(0), most(1)]);
        if !(from[0] < to[0] && from[1] < to[1]) {
            return None;
        }
        let cells =
            |axis: usize, most: usize| ((to[axis] - from[axis]).round() as usize).clamp(1, most);
        let [columns, rows] = [cells(0, self.width), cells(1, self.height)];
        let middle = |axis: usize, at: usize, of: usize| {
            from[axis] + (to[axis] - from[axis]) * (at as f32 + 0.5) / of as f32 - 0.5
        };
        let across: Vec<Between> = (0..columns)
            .map(|at| Between::of(middle(0, at, columns), self.width))
            .collect();
        let down: Vec<Between> = (0..rows)
            .map(|at| Between::of(middle(1, at, rows), self.height))
            .collect();
        let left = across[0].first;
        let top = down[0].first;
        let width = across[columns - 1].second - left + 1;
        let height = down[rows - 1].second - top + 1;
        let sums = self.sums(found.row, [left, top], [width, height]);
        let sum = |x: usize, y: usize| sums[(y - top) * width + x - left];
        let cell = |x: &Between, y: &Between| {
            let row = |at: usize| x.mix(sum(x.first, at), sum(x.second, at));
            let sum = y.mix(row(y.first), row(y.second)).clamp(-SURE, SURE);
            (255.0 / (1.0 + (-sum).exp())).round() as u8
        };
        let cells = down.iter().flat_map(|y| across.iter().map(move |x| (x, y)));
        Some(Mask {
            width: columns as u32,
            cells: cells.map(|(x, y)| cell(x, y)).collect(),
        })
    }

    /// The prototypes' sum for the object in a row of the outputs, of a part of the cells.
    fn sums(&self, row: usize, [left, top]: [usize; 2], [width, height]: [usize; 2]) -> Vec<f32> {
        let Masks {
            count,
            first,
            step,
            row: rows,
        } = self.places;
        let mut sums = vec![0.0; width * height];
        for (at, plane) in (0..count).zip(self.planes.chunks_exact(self.width * self.height)) {
            let weight = self.numbers[first + row * rows + at * step];
            let lines = plane.chunks_exact(self.width).skip(top);
            for (sums, line) in sums.chunks_exact_mut(width).zip(lines) {
                for (sum, cell) in sums.iter_mut().zip(&line[left..][..width]) {
                    *sum += weight * cell;
                }
            }
        }
        sums
    }
}

/// A place between the middles of two cells.
struct Between {
    first: usize,
    second: usize,
    /// How much of the second.
    share: f32,
}

impl Between {
    fn of(place: f32, cells: usize) -> Between {
        let place = place.clamp(0.0, (cells - 1) as f32);
        let first = place as usize;
        Between {
            first,
            second: (first + 1).min(cells - 1),
            share: place - first as f32,
        }
    }

    fn mix(&self, first: f32, second: f32) -> f32 {
        first + (second - first) * self.share
    }
}

/// A mask that can be shared, and how many frame pixels it covers of a box of this width and height.
pub fn covering(mask: Mask, bounds: [f32; 4]) -> (Arc<Mask>, f32) {
    let covered: u64 = mask.cells.iter().map(|it| u64::from(*it)).sum();
    let share = covered as f32 / (255 * mask.cells.len()) as f32;
    (Arc::new(mask), share * bounds[2] * bounds[3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::array;

    const PLACES: Masks = Masks {
        count: 2,
        first: 6,
        step: 1,
        row: 8,
    };

    fn found(corners: [f32; 4]) -> Candidate {
        Candidate {
            corners,
            score: 0.9,
            class: 0,
            row: 1,
        }
    }

    /// The second row's numbers are 2 and -1; of a picture of 8 x 8 pixels the prototypes have 4 x 4 cells.
    fn mask(
        first: &[f32; 16],
        second: &[f32; 16],
        corners: [f32; 4],
        shown: [f32; 4],
    ) -> Option<Mask> {
        let mut rows = [0.0; 16];
        rows[14..].copy_from_slice(&[2.0, -1.0]);
        let planes = [*first, *second].concat();
        let outputs = [array(&[1, 2, 8], &rows), array(&[1, 2, 4, 4], &planes)];
        let prototypes = Prototypes::of(&outputs, PLACES, [8, 8]).expect("they fit");
        prototypes.mask(&found(corners), shown)
    }

    const WHOLE: [f32; 4] = [0.0, 0.0, 8.0, 8.0];

    #[test]
    fn prototypes_are_summed_by_the_numbers_of_the_row_and_cut_to_the_box() {
        let (mut first, mut second) = ([-10.0; 16], [0.0; 16]);
        first[5] = 10.0; // second row and column
        second[6] = -20.0; // beside it: 2 * -10 + 20 is 0, one half
        let mask = mask(&first, &second, [2.0, 2.0, 6.0, 6.0], WHOLE).expect("it lies inside");
        assert_eq!((mask.width, mask.cells), (2, vec![255, 128, 0, 0]));
    }

    #[test]
    fn a_box_between_cells_is_between_their_sums() {
        let mut first = [0.0; 16];
        first[0] = 1.0;
        let mask = mask(&first, &[0.0; 16], [1.0, 0.0, 3.0, 2.0], WHOLE).expect("it lies inside");
        // Half of the sum 2: 255 / (1 + 1/e) is 186.4.
        assert_eq!((mask.width, mask.cells), (1, vec![186]));
    }

    #[test]
    fn what_is_not_shown_is_not_covered() {
        let shown = [0.0, 2.0, 8.0, 6.0];
        let cut = mask(&[9.0; 16], &[0.0; 16], [0.0, 0.0, 4.0, 8.0], shown);
        assert_eq!(cut.map(|it| (it.width, it.cells.len())), Some((2, 4)));
        let outside = [0.0, 6.5, 4.0, 8.0];
        assert_eq!(mask(&[9.0; 16], &[0.0; 16], outside, shown), None);
    }

    #[test]
    fn prototypes_of_another_number_are_refused() {
        let outputs = [
            array(&[1, 2, 8], &[0.0; 16]),
            array(&[1, 3, 1, 1], &[0.0; 3]),
        ];
        assert!(Prototypes::of(&outputs, PLACES, [8, 8]).is_err());
        assert!(Prototypes::of(&outputs[..1], PLACES, [8, 8]).is_err());
    }

    #[test]
    fn a_half_covered_box_covers_half_its_pixels() {
        let mask = Mask {
            width: 2,
            cells: vec![255, 0],
        };
        assert_eq!(covering(mask, [5.0, 5.0, 10.0, 4.0]).1, 20.0);
    }
}
