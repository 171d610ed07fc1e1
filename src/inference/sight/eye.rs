//! A model that is shown one picture after the other.

use super::fit::Letterbox;
use super::input::{Input, Packed};
use super::options::Shown;
use super::picture::{Fit, Picture};
use crate::inference::onnx::session::{self, Session};
use crate::inference::onnx::tensor::{Array, Element, Outputs, Port};
use crate::media::frame::Frame;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};

/// A model, how it takes pictures, and buffers for one.
pub struct Eye {
    /// The model.
    pub session: Session,
    /// How it takes pictures.
    pub input: Input,
    /// What it is shown.
    pub picture: Picture,
    letterbox: Letterbox,
    /// What is shown of a frame, if not all of it.
    part: Frame,
    packed: Packed,
    /// Shapes of the outputs; -1 where they vary from picture to picture.
    shapes: Vec<Vec<i64>>,
}

/// What a model makes of a picture on which nothing is, to be understood by.
pub struct First {
    /// The outputs with their true shapes.
    pub outputs: Vec<Port>,
    /// Their elements.
    pub numbers: Vec<Vec<f32>>,
}

impl First {
    /// The outputs.
    pub fn arrays(&self) -> Vec<Array<'_>> {
        let array = |(port, numbers): (&Port, &Vec<f32>)| Array {
            shape: port.shape.clone().into(),
            numbers: numbers.clone().into(),
        };
        self.outputs.iter().zip(&self.numbers).map(array).collect()
    }
}

impl Eye {
    /// Loads a model and shows it noise, which fails early what would fail at the first frame.
    ///
    /// # Errors
    /// `Fatal` if it cannot be had or takes no pictures; `Retry` if it cannot be run now.
    pub fn open(
        model: &str,
        sha256: Option<&str>,
        shown: &Shown,
        context: &Context,
    ) -> Result<(Eye, First)> {
        let mut session = session::open(model, sha256, context)?;
        let input = Input::of(&session.about, shown.size).map_err(fatal)?;
        let (width, height) = (input.width, input.height);
        let mut packed = Packed::default();
        let noise = noise(Frame::CHANNELS * width * height);
        let declared = session.about.outputs.clone();
        let outputs = session.run(&input.tensors(&noise, &mut packed))?;
        let arrays = outputs.arrays()?;
        let port = |(port, array): (&Port, &Array<'_>)| Port {
            shape: array.shape.to_vec(),
            ..port.clone()
        };
        let first = First {
            outputs: declared.iter().zip(&arrays).map(port).collect(),
            numbers: arrays
                .into_iter()
                .map(|it| it.numbers.into_owned())
                .collect(),
        };
        let eye = Eye {
            picture: Picture::PLAIN,
            letterbox: Letterbox::new(width, height, Picture::PLAIN),
            part: Frame::empty(),
            shapes: first.outputs.iter().map(|it| it.shape.clone()).collect(),
            session,
            input,
            packed,
        };
        Ok((eye, first))
    }

    /// From now on frames are shown like this; of outputs of which `varies` is true, the number of rows may change.
    pub fn show(&mut self, mut picture: Picture, varies: bool) {
        if self.input.element == Element::Byte {
            // Levels are all that bytes hold; such a model makes of them what it wants.
            let Picture { mean, std, .. } = Picture::PLAIN;
            (picture.mean, picture.std) = (mean, std);
        }
        self.picture = picture;
        self.letterbox = Letterbox::new(self.input.width, self.input.height, picture);
        if varies {
            self.shapes.clear();
        }
    }

    /// What the model makes of a frame, and where in its picture that is.
    ///
    /// # Errors
    /// `Retry` if the frame cannot be scaled, the model cannot be run, or its outputs have other shapes than at first.
    pub fn see(&mut self, frame: &Frame) -> Result<(Outputs<'_>, Fit)> {
        self.look(frame, [0, 0, frame.width, frame.height])
    }

    /// What the model makes of a part of a frame, `[x, y, width, height]`, that lies within it.
    ///
    /// # Errors
    /// As `see`.
    pub fn look(&mut self, frame: &Frame, part: [u32; 4]) -> Result<(Outputs<'_>, Fit)> {
        let seen = self
            .picture
            .seen(part, [self.input.width, self.input.height]);
        let shown = match seen == [0, 0, frame.width, frame.height] {
            true => frame,
            false => {
                frame.cut(seen, &mut self.part);
                &self.part
            }
        };
        let (planes, mut fit) = self.letterbox.fill(shown).map_err(Error::Retry)?;
        fit.origin = [0, 1].map(|axis| (frame.origin()[axis] + seen[axis]) as f32);
        let outputs = self
            .session
            .run(&self.input.tensors(planes, &mut self.packed))?;
        for (at, shape) in self.shapes.iter().enumerate() {
            let array = outputs.array(at)?;
            if array.shape[..] != shape[..] {
                let told = format!(
                    "output {at} of the model has the shape {:?}, and had {shape:?}",
                    array.shape
                );
                return Err(Error::retry(told));
            }
        }
        Ok((outputs, fit))
    }
}

/// Numbers from 0 to 1 that are the same every time (a linear congruence, after Numerical Recipes).
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A misuse that was seen only when the node was opened.
pub fn fatal(misuse: Misuse) -> Error {
    Error::fatal(format!("{}; {}", misuse.message, misuse.help))
}
