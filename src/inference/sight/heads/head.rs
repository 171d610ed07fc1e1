//! What a family of detectors is.

use crate::inference::sight::fit::PlaneOrder;
use crate::inference::sight::nms::Candidate;

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
