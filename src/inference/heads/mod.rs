//! What detectors put out, turned into boxes: one file a family.

mod yolox;
mod yunet;

use crate::inference::letterbox::PlaneOrder;
use crate::inference::nms::Candidate;
use crate::inference::session::About;

/// A family of detectors, recognised by the shapes of its outputs.
pub trait Head: Send {
    /// The order of colours it was trained on.
    fn plane_order(&self) -> PlaneOrder;

    /// How many classes it tells apart.
    fn classes(&self) -> usize;

    /// Appends every proposal with at least `threshold` to `found`, in model pixels; also those
    /// whose score is no number, so that a model gone wrong is not taken for an empty picture.
    fn decode(&self, outputs: &[&[f32]], threshold: f32, found: &mut Vec<Candidate>);

    /// Elements of each output, so that a wrong model is found before it is decoded.
    fn sizes(&self) -> Vec<usize>;
}

/// A head that fits the outputs of a model whose input has this width and height.
///
/// # Errors
/// In words, what the outputs are and which would be understood.
pub fn recognise(model: &About, width: usize, height: usize) -> Result<Box<dyn Head>, String> {
    if let Some(head) = yolox::Yolox::fit(&model.outputs, width, height) {
        return Ok(Box::new(head));
    }
    if let Some(head) = yunet::Yunet::fit(&model.outputs, width, height) {
        return Ok(Box::new(head));
    }
    let outputs = model
        .outputs
        .iter()
        .map(|it| format!("{} {:?}", it.name, it.shape));
    Err(format!(
        "no decoder knows outputs like these: {}. Known: YOLOX (one output [1, boxes, 5 + classes]) \
         and YuNet (cls_, obj_ and bbox_ for strides 8, 16 and 32)",
        outputs.collect::<Vec<_>>().join(", ")
    ))
}

/// The strides of the grids that these detectors lay over a picture, finest first.
const STRIDES: [usize; 3] = [8, 16, 32];

/// Every grid cell of every stride, in the order of the outputs: `(column, row, stride)`.
fn cells(width: usize, height: usize) -> impl Iterator<Item = (f32, f32, f32)> {
    STRIDES
        .into_iter()
        .flat_map(move |stride| grid(width, height, stride))
}

fn grid(width: usize, height: usize, stride: usize) -> impl Iterator<Item = (f32, f32, f32)> {
    let (columns, rows) = (width / stride, height / stride);
    (0..rows).flat_map(move |row| {
        (0..columns).map(move |column| (column as f32, row as f32, stride as f32))
    })
}

/// A box given by its centre and the logarithm of its size, both in cells.
fn corners(cell: (f32, f32, f32), [x, y, w, h]: [f32; 4]) -> [f32; 4] {
    let (column, row, stride) = cell;
    let (x, y) = ((x + column) * stride, (y + row) * stride);
    let (w, h) = (w.exp() * stride / 2.0, h.exp() * stride / 2.0);
    [x - w, y - h, x + w, y + h]
}
