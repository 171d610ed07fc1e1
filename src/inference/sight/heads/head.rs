//! What a family of detectors is.

use crate::inference::onnx::tensor::Port;
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// A detector of a family, as far as its outputs go.
pub trait Head: Send {
    /// What it wants of a picture.
    fn picture(&self) -> Picture;

    /// How many classes it tells apart.
    fn classes(&self) -> usize;

    /// What its classes are in all models of its family, as a list of labels.
    fn names(&self) -> Option<&'static str> {
        None
    }

    /// Appends every proposal with at least `threshold` to `found`, in model pixels; also those
    /// whose score is no number, so that a model gone wrong is not taken for an empty picture.
    fn decode(&self, outputs: &[&[f32]], threshold: f32, found: &mut Vec<Candidate>);

    /// Elements of each output, so that a wrong model is found before it is decoded.
    fn sizes(&self) -> Vec<usize>;

    /// Whether of overlapping boxes the model itself leaves one.
    fn suppressed(&self) -> bool {
        false
    }
}

/// A family of detectors, recognised by the names and shapes of its outputs.
pub trait Family: Head + Sized + 'static {
    /// Its name and by what it is known, for those whose model is none of any.
    const KNOWN_BY: &'static str;

    /// The head for a model with these outputs, whose input has this width and height; none if it is of
    /// another family.
    fn fit(outputs: &[Port], width: usize, height: usize) -> Option<Self>;
}
