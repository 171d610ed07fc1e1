//! Models that name the class of every pixel: their outputs as one region a class.

mod cells;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use self::cells::{Cells, cells};
use super::classifier::Options;
use super::input::{Input, Layout};
use super::picture::{Fit, Picture};
use super::{tasks, wrong};
use crate::inference::onnx::tensor::{About, Array, Port};
use crate::media::objects::Mask;
use crate::pipeline::contract::error::Misuse;

/// The class of what is of no other: it is reported only where it is asked for.
const NOTHING: &str = "background";

/// A model that names the class of every pixel, understood.
pub struct Semantic {
    /// What it is shown.
    pub picture: Picture,
    /// A name for every class.
    pub labels: Vec<Arc<str>>,
    /// By class: whether it is among those chosen.
    pub wanted: Vec<bool>,
    cells: Cells,
    /// Model pixels.
    size: [usize; 2],
    /// Whether what it puts out are probabilities already.
    is_probable: bool,
}

/// All cells of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Its number.
    pub class: usize,
    /// How sure the model is of its cells on average, 0 to 1.
    pub score: f32,
    /// Its share of the frame, 0 to 1.
    pub share: f32,
    /// Around all of it: `[left, top, right, bottom]` in model pixels.
    pub corners: [f32; 4],
    /// Which cells within the corners are of it.
    pub mask: Mask,
}

impl Semantic {
    /// Makes sense of a model by its file, the true shapes of its outputs and, where it has been run, the numbers of the
    /// first.
    ///
    /// # Errors
    /// What is wrong with which option.
    pub fn of(
        model: &About,
        outputs: &[Port],
        first: &[f32],
        options: &Options,
        base: &Path,
    ) -> Result<Semantic, Misuse> {
        tasks::check(model, "segment")?;
        let input = Input::of(model, options.shown.size)?;
        let cells = match outputs {
            [port] => cells(port, &input),
            _ => None,
        };
        let cells = cells.ok_or_else(|| {
            let wants = "`segment` reads scores of classes [1, classes, height, width] or [1, height, width, classes], \
                 whole numbers of classes [1, height, width], or boxes and the prototypes of their masks";
            wrong::unread(model, outputs, wants)
        })?;
        let classes = cells.scores.map(|it| it.classes);
        let Options { labelled, shown } = options;
        let counts: Vec<usize> = classes.into_iter().collect();
        let names = labelled.names(model, &counts, base)?;
        let (labels, mut wanted) = labelled.all(model, names, None, classes)?;
        if labelled.labels.is_empty() {
            let named = labels.iter().zip(&mut wanted);
            named.for_each(|(label, wanted)| *wanted = !label.eq_ignore_ascii_case(NOTHING));
        }
        Ok(Semantic {
            picture: shown.picture(usual(model, &input).noted(model)),
            labels,
            wanted,
            cells,
            size: [input.width, input.height],
            is_probable: cells.scores.is_some_and(|it| it.are_probable(first)),
        })
    }

    /// The regions of the classes that are asked for in a picture that a frame was fitted into, largest first.
    ///
    /// # Errors
    /// In words, if the output is not what it was at first.
    pub fn regions(&self, output: &Array<'_>, fit: &Fit) -> Result<Vec<Region>, String> {
        let mut drafts: Vec<Draft> = vec![Draft::default(); self.labels.len()];
        let [left, top, right, bottom] = self.inside(fit);
        let mut classes = Vec::with_capacity((right - left) * (bottom - top));
        for y in top..bottom {
            for x in left..right {
                let (class, score) = self.cell(&output.numbers, y * self.cells.width + x)?;
                drafts[class].add(x, y, score);
                classes.push(class);
            }
        }
        let width = right - left;
        let region = |(class, draft): (usize, &Draft)| {
            (draft.count > 0 && self.wanted[class]).then(|| {
                let [x0, y0, x1, y1] = draft.around();
                let rows = (y0..y1).map(|y| &classes[(y - top) * width + x0 - left..][..x1 - x0]);
                let cells = rows.flatten().map(|it| if *it == class { 255 } else { 0 });
                Region {
                    class,
                    score: draft.score / draft.count as f32,
                    share: draft.count as f32 / classes.len() as f32,
                    corners: self.corners([x0, y0, x1, y1]),
                    mask: Mask {
                        width: (x1 - x0) as u32,
                        cells: cells.collect(),
                    },
                }
            })
        };
        let mut regions: Vec<Region> = drafts.iter().enumerate().filter_map(region).collect();
        regions.sort_by(|a, b| b.share.total_cmp(&a.share));
        Ok(regions)
    }

    /// The class of a cell and how sure it is.
    fn cell(&self, numbers: &[f32], at: usize) -> Result<(usize, f32), String> {
        if let Some(scores) = self.cells.scores {
            let (class, score) = scores.best(numbers, at, self.is_probable);
            let is_number = score.is_finite().then_some((class, score));
            return is_number.ok_or_else(|| "the model puts out what is no number".to_owned());
        }
        let (number, labels) = (numbers[at], self.labels.len());
        let is_class = number >= 0.0 && number.fract() == 0.0 && number < labels as f32;
        is_class.then_some((number as usize, 1.0)).ok_or_else(|| {
            format!("the model puts out {number} for a cell, and there are {labels} labels")
        })
    }

    /// Cells whose middle lies in the frame: `[left, top, right, bottom]`, the last two excluded.
    fn inside(&self, fit: &Fit) -> [usize; 4] {
        let cells = [self.cells.width, self.cells.height];
        let shown = fit.shown();
        [0, 1, 2, 3].map(|at| {
            let axis = at % 2;
            let place = shown[at] * cells[axis] as f32 / self.size[axis] as f32;
            (place - 0.5).ceil().clamp(0.0, cells[axis] as f32) as usize
        })
    }

    fn corners(&self, cells: [usize; 4]) -> [f32; 4] {
        let scale = [
            self.size[0] as f32 / self.cells.width as f32,
            self.size[1] as f32 / self.cells.height as f32,
        ];
        [0, 1, 2, 3].map(|at| cells[at] as f32 * scale[at % 2])
    }
}

/// A class while its cells are counted.
#[derive(Clone, Default)]
struct Draft {
    count: usize,
    score: f32,
    /// The first and the last column and row.
    edges: Option<[usize; 4]>,
}

impl Draft {
    fn add(&mut self, x: usize, y: usize, score: f32) {
        self.count += 1;
        self.score += score;
        let [left, top, right, bottom] = self.edges.unwrap_or([x, y, x, y]);
        self.edges = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
    }

    fn around(&self) -> [usize; 4] {
        let [left, top, right, bottom] = self.edges.unwrap_or_default();
        [left, top, right + 1, bottom + 1]
    }
}

/// As such models are trained: those of Ultralytics as its detectors, those of TensorFlow from -1 to 1, others as on
/// ImageNet.
fn usual(model: &About, input: &Input) -> Picture {
    match (tasks::told(model), input.layout) {
        (Some(_), _) => Picture::YOLO,
        (None, Layout::Pixels) => Picture::SIGNED,
        (None, Layout::Planes) => Picture::IMAGENET,
    }
}
