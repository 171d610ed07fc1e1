//! YuNet: faces from the outputs `cls_S`, `obj_S`, `bbox_S` and `kps_S` of strides 8, 16 and 32.
//!
//! After Wu et al., "YuNet: A Tiny Millisecond-level Face Detector" (Machine Intelligence Research,
//! 2023) and the decoder of its authors' export. The score is the geometric mean of face and object
//! probability. Landmarks are right eye, left eye, tip of the nose, right and left corner of the mouth, as the
//! face's owner sees them. Pixels are 0 to 255, blue first.

use super::grid::{STRIDES, corners, count, grid};
use super::head::{Facts, Family, Head};
use crate::inference::onnx::tensor::Array;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Numbers of the landmarks of a face.
const POINTS: usize = 10;

/// Where the tensors of one stride stand among the outputs.
struct Level {
    stride: usize,
    class: usize,
    object: usize,
    bounds: usize,
    points: Option<usize>,
}

/// YuNet.
pub struct Yunet {
    width: usize,
    height: usize,
    levels: Vec<Level>,
}

impl Family for Yunet {
    const NAME: &'static str = "yunet";
    const KNOWN_BY: &'static str = "YuNet (cls_, obj_ and bbox_ for strides 8, 16 and 32)";

    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>> {
        let Facts { width, height, .. } = *facts;
        let find = |name: &str, stride: usize, numbers: usize| {
            let at = facts.named(&format!("{name}_{stride}"))?;
            let sizes = facts.sizes(at)?;
            let cells = count(width, height, &[stride]);
            (sizes.iter().product::<usize>() == numbers * cells).then_some(at)
        };
        let level = |stride| {
            Some(Level {
                stride,
                class: find("cls", stride, 1)?,
                object: find("obj", stride, 1)?,
                bounds: find("bbox", stride, 4)?,
                points: find("kps", stride, POINTS),
            })
        };
        let levels: Option<Vec<Level>> = STRIDES.into_iter().map(level).collect();
        let head = |levels| {
            Box::new(Yunet {
                width,
                height,
                levels,
            }) as Box<dyn Head>
        };
        levels.map(head).into_iter().collect()
    }
}

impl Head for Yunet {
    fn reading(&self) -> String {
        "faces for each cell of three grids".to_owned()
    }

    fn picture(&self) -> Picture {
        Picture::PLAIN
    }

    fn classes(&self) -> Option<usize> {
        Some(1)
    }

    fn names(&self) -> Option<&'static str> {
        Some("face")
    }

    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        let mut row = 0;
        for level in &self.levels {
            let [class, object, bounds] =
                [level.class, level.object, level.bounds].map(|it| &outputs[it].numbers[..]);
            let cells = grid(self.width, self.height, level.stride);
            let numbers = class.iter().zip(object).zip(bounds.chunks_exact(4));
            for (((class, object), bounds), cell) in numbers.zip(cells) {
                let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
                row += 1;
                if score < threshold {
                    continue;
                }
                found.push(Candidate {
                    corners: corners(cell, [bounds[0], bounds[1], bounds[2], bounds[3]]),
                    score,
                    class: 0,
                    row: row - 1,
                });
            }
        }
        Ok(())
    }

    fn landmarks(&self, outputs: &[Array<'_>], mut row: usize) -> Vec<[f32; 2]> {
        for level in &self.levels {
            let cells = count(self.width, self.height, &[level.stride]);
            if row >= cells {
                row -= cells;
                continue;
            }
            let columns = self.width / level.stride;
            let cell = [(row % columns) as f32, (row / columns) as f32];
            let points = level
                .points
                .map(|it| &outputs[it].numbers[row * POINTS..][..POINTS]);
            let points = points.unwrap_or_default().chunks_exact(2);
            let place =
                |point: &[f32], axis: usize| (point[axis] + cell[axis]) * level.stride as f32;
            return points.map(|it| [place(it, 0), place(it, 1)]).collect();
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::{array, facts};

    #[test]
    fn a_face_has_its_landmarks() {
        let names = ["cls", "obj", "bbox", "kps"].map(|it| STRIDES.map(|s| format!("{it}_{s}")));
        let shapes = [1, 1, 4, 10].map(|it| [64, 16, 4].map(|cells| [1, cells, it]));
        let mut numbers =
            shapes.map(|it| it.map(|[_, cells, each]| vec![0.0; (cells * each) as usize]));
        // Cell 6 of stride 16: column 2, row 1.
        (numbers[0][1][6], numbers[1][1][6]) = (1.0, 0.25);
        numbers[3][1][60..62].copy_from_slice(&[0.5, -0.25]);
        let outputs: Vec<(&str, &[i64], &[f32])> = (0..12)
            .map(|it| (it / 3, it % 3))
            .map(|(kind, level)| {
                (
                    &*names[kind][level],
                    &shapes[kind][level][..],
                    &numbers[kind][level][..],
                )
            })
            .collect();
        let mut head = Yunet::fit(&facts(64, 64, &outputs).facts()).remove(0);
        let arrays: Vec<_> = outputs
            .iter()
            .map(|(_, shape, numbers)| array(shape, numbers))
            .collect();
        let mut found = Vec::new();
        head.decode(&arrays, 0.3, &mut found).expect("it fits");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].score, found[0].corners),
            (0.5, [24.0, 8.0, 40.0, 24.0])
        );
        let points = head.landmarks(&arrays, found[0].row);
        assert_eq!((points.len(), points[0]), (5, [40.0, 12.0]));
    }
}
