//! YuNet: faces from the outputs `cls_S`, `obj_S` and `bbox_S` of strides 8, 16 and 32.
//!
//! After Wu et al., "YuNet: A Tiny Millisecond-level Face Detector" (Machine Intelligence Research,
//! 2023) and the decoder of its authors' export. The score is the geometric mean of face and object
//! probability. Landmarks (`kps_S`) are not used. Pixels are 0 to 255, blue first.

use super::grid::{STRIDES, corners, grid};
use super::head::{Family, Head};
use crate::inference::onnx::tensor::Port;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// Where the three tensors of one stride stand among the outputs.
struct Level {
    stride: usize,
    class: usize,
    object: usize,
    bounds: usize,
}

pub struct Yunet {
    width: usize,
    height: usize,
    levels: Vec<Level>,
    sizes: Vec<usize>,
}

impl Family for Yunet {
    const KNOWN_BY: &'static str = "YuNet (cls_, obj_ and bbox_ for strides 8, 16 and 32)";

    fn fit(outputs: &[Port], width: usize, height: usize) -> Option<Yunet> {
        let find = |name: &str, stride: usize| {
            outputs
                .iter()
                .position(|it| it.is_f32 && it.name == format!("{name}_{stride}"))
        };
        let level = |stride| {
            Some(Level {
                stride,
                class: find("cls", stride)?,
                object: find("obj", stride)?,
                bounds: find("bbox", stride)?,
            })
        };
        let levels = STRIDES.into_iter().map(level).collect::<Option<Vec<_>>>()?;
        let mut sizes = vec![0; outputs.len()];
        for level in &levels {
            let cells = grid(width, height, level.stride).count();
            (sizes[level.class], sizes[level.object]) = (cells, cells);
            sizes[level.bounds] = 4 * cells;
        }
        Some(Yunet {
            width,
            height,
            levels,
            sizes,
        })
    }
}

impl Head for Yunet {
    fn picture(&self) -> Picture {
        Picture::PLAIN
    }

    fn classes(&self) -> usize {
        1
    }

    fn names(&self) -> Option<&'static str> {
        Some("face")
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.clone()
    }

    fn decode(&self, outputs: &[&[f32]], threshold: f32, found: &mut Vec<Candidate>) {
        for level in &self.levels {
            let (class, object) = (outputs[level.class], outputs[level.object]);
            let bounds = outputs[level.bounds].chunks_exact(4);
            let cells = grid(self.width, self.height, level.stride);
            for (((class, object), bounds), cell) in class.iter().zip(object).zip(bounds).zip(cells)
            {
                let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
                if score < threshold {
                    continue;
                }
                found.push(Candidate {
                    corners: corners(cell, [bounds[0], bounds[1], bounds[2], bounds[3]]),
                    score,
                    class: 0,
                });
            }
        }
    }
}
