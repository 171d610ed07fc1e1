//! Silero VAD, versions 5 and 6: the probability of speech in each 32 ms of audio.

use crate::inference::onnx::session::Session;
use crate::inference::onnx::tensor::{About, Port, Tensor, Values};
use crate::media::audio::SAMPLE_RATE;
use crate::pipeline::contract::error::{Error, Result};

/// Samples of one window at 16 kHz: 32 ms.
pub const WINDOW: usize = 512;
/// The model also sees the end of the window before; without it, it hears next to nothing.
const CONTEXT: usize = 64;
/// The model is told the sample rate with every window.
const RATE: [i64; 1] = [SAMPLE_RATE as i64];
/// Shape of the sound.
const INPUT: [i64; 2] = [1, (CONTEXT + WINDOW) as i64];
/// Shape of the recurrent state.
const STATE: [i64; 3] = [2, 1, 128];

/// One stream of audio.
pub struct Silero {
    session: Session,
    places: Places,
    input: [f32; CONTEXT + WINDOW],
    state: Vec<f32>,
}

/// Where the inputs and outputs of a model stand among the others.
pub struct Places {
    /// Of `input`, `state` and `sr`.
    order: [usize; 3],
    probability: usize,
    new_state: usize,
}

impl Places {
    /// Finds them.
    ///
    /// # Errors
    /// In words, if the model is no Silero VAD.
    pub fn of(model: &About) -> Result<Places, String> {
        let place = |ports: &[Port], name: &str| ports.iter().position(|it| it.name == name);
        let (input, output) = (
            |name| place(&model.inputs, name),
            |name| place(&model.outputs, name),
        );
        let find = || {
            Some(Places {
                order: [input("input")?, input("state")?, input("sr")?],
                probability: output("output")?,
                new_state: output("stateN")?,
            })
        };
        find().ok_or_else(|| {
            let inputs: Vec<&str> = model.inputs.iter().map(|it| &*it.name).collect();
            format!(
                "{} is no Silero VAD of version 5 or 6: it takes {}",
                model.name,
                inputs.join(", ")
            )
        })
    }
}

impl Silero {
    /// A stream at its beginning.
    ///
    /// # Errors
    /// `Fatal` if the model is no Silero VAD.
    pub fn new(session: Session) -> Result<Silero> {
        let places = Places::of(&session.about).map_err(Error::fatal)?;
        Ok(Silero {
            places,
            session,
            input: [0.0; CONTEXT + WINDOW],
            state: vec![0.0; STATE.iter().product::<i64>() as usize],
        })
    }

    /// Forgets everything heard so far.
    pub fn reset(&mut self) {
        self.input.fill(0.0);
        self.state.fill(0.0);
    }

    /// The probability, 0 to 1, that there is speech in the next window.
    ///
    /// # Errors
    /// `Retry` if inference fails or gives no number.
    pub fn probability(&mut self, window: &[f32; WINDOW]) -> Result<f32> {
        self.input[CONTEXT..].copy_from_slice(window);
        let tensor = |shape, values| Tensor { shape, values };
        let input = tensor(&INPUT, Values::Floats(&self.input));
        let mut inputs = [input; 3];
        inputs[self.places.order[0]] = input;
        inputs[self.places.order[1]] = tensor(&STATE, Values::Floats(&self.state));
        inputs[self.places.order[2]] = tensor(&[1], Values::Integers(&RATE));
        let outputs = self.session.run(&inputs)?;
        let probability = outputs.floats(self.places.probability)?.first().copied();
        let new_state = outputs.floats(self.places.new_state)?;
        match probability {
            Some(probability) if probability.is_finite() && new_state.len() == self.state.len() => {
                self.state.copy_from_slice(new_state);
                self.input.copy_within(WINDOW.., 0);
                Ok(probability)
            }
            _ => Err(Error::retry("the model gave no speech probability")),
        }
    }
}
