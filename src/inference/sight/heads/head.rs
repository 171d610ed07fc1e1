//! What a family of detectors is.

use crate::inference::onnx::tensor::{About, Array, Port};
use crate::inference::sight::nms::Candidate;
use crate::inference::sight::picture::Picture;

/// A detector of a family, as far as its outputs go.
pub trait Head: Send {
    /// As what the outputs are read, for people.
    fn reading(&self) -> String;

    /// What it wants of a picture.
    fn picture(&self) -> Picture;

    /// How many classes it tells apart; none if only their numbers are put out.
    fn classes(&self) -> Option<usize>;

    /// What its classes are in all models of its family, as a list of labels.
    fn names(&self) -> Option<&'static str> {
        None
    }

    /// What in outputs of the right shape shows that they are of another family.
    fn doubt(&self, _outputs: &[Array<'_>]) -> Option<&'static str> {
        None
    }

    /// Appends every proposal with at least `threshold` to `found`, in model pixels; also those
    /// whose score is no number, so that a model gone wrong is not taken for an empty picture.
    ///
    /// # Errors
    /// In words, if outputs whose number of rows varies do not fit each other.
    fn decode(
        &mut self,
        outputs: &[Array<'_>],
        threshold: f32,
        found: &mut Vec<Candidate>,
    ) -> Result<(), String>;

    /// Points of what stands in this row of the outputs, `[x, y]` in model pixels.
    fn landmarks(&self, _outputs: &[Array<'_>], _row: usize) -> Vec<[f32; 2]> {
        Vec::new()
    }

    /// How many numbers a proposal has that make its mask of the prototypes in the second output.
    fn masks(&self) -> Option<Masks> {
        None
    }

    /// Whether of overlapping boxes the model itself leaves one.
    fn suppressed(&self) -> bool {
        false
    }

    /// Whether the model puts out as many rows as it found.
    fn varies(&self) -> bool {
        false
    }
}

/// Where the numbers stand that make the mask of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masks {
    /// How many a proposal has.
    pub count: usize,
    /// Place of a proposal's first one in the first output, for row 0.
    pub first: usize,
    /// Numbers from one of a proposal to its next.
    pub step: usize,
    /// Numbers from a proposal's to those of the proposal in the next row.
    pub row: usize,
}

/// A family of detectors, recognised by the names and shapes of its outputs and by what the file tells.
pub trait Family {
    /// What it is called in the option `family`.
    const NAME: &'static str;
    /// By what it is known, for those whose model is none of any.
    const KNOWN_BY: &'static str;

    /// How a model's outputs can be read as the family's; nothing if it is of another family.
    fn fit(facts: &Facts<'_>) -> Vec<Box<dyn Head>>;
}

/// What is known of a model while its family is sought.
pub struct Facts<'a> {
    /// What the file tells.
    pub model: &'a About,
    /// Outputs in the order of the file; -1 where a size is not known.
    pub outputs: &'a [Port],
    /// Width of the input.
    pub width: usize,
    /// Height of the input.
    pub height: usize,
}

impl Facts<'_> {
    /// The sizes of an output, if all are known.
    pub fn sizes(&self, at: usize) -> Option<Vec<usize>> {
        let sizes = self.outputs.get(at)?.shape.iter();
        sizes.map(|it| usize::try_from(*it).ok()).collect()
    }

    /// The sizes of an output of this many dimensions.
    pub fn shape<const DIMENSIONS: usize>(&self, at: usize) -> Option<[usize; DIMENSIONS]> {
        self.sizes(at)?.try_into().ok()
    }

    /// The sizes `[rows, columns]` of an output, without the one of a batch.
    pub fn table(&self, at: usize) -> Option<[usize; 2]> {
        match self.sizes(at)?[..] {
            [1, rows, columns] | [rows, columns] => Some([rows, columns]),
            _ => None,
        }
    }

    /// The place of the output of this name; TensorFlow adds which of a node's outputs it is.
    pub fn named(&self, name: &str) -> Option<usize> {
        let is_it = |it: &Port| it.name.strip_suffix(":0").unwrap_or(&it.name) == name;
        self.outputs.iter().position(is_it)
    }

    /// What the exporter noted under a key.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.model.notes.get(key).map(String::as_str)
    }

    /// Whether a note, whatever its case, has this word in it.
    pub fn notes(&self, key: &str, word: &str) -> bool {
        self.note(key)
            .is_some_and(|it| it.to_lowercase().contains(word))
    }
}
