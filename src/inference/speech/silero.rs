//! Silero VAD, versions 5 and 6: the probability of speech in each 32 ms of audio.

use crate::inference::onnx::session::Session;
use crate::inference::onnx::tensor::{Tensor, Values};
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
    /// Position of `input`, `state` and `sr` among the inputs.
    order: [usize; 3],
    /// Position of the probability and of the new state among the outputs.
    probability: usize,
    new_state: usize,
    input: [f32; CONTEXT + WINDOW],
    state: Vec<f32>,
}

impl Silero {
    /// A stream at its beginning.
    ///
    /// # Errors
    /// `Fatal` if the model is no Silero VAD.
    pub fn new(session: Session) -> Result<Silero> {
        let about = &session.about;
        let input = |name: &str| about.inputs.iter().position(|port| port.name == name);
        let output = |name: &str| about.outputs.iter().position(|port| port.name == name);
        let ports = (
            input("input"),
            input("state"),
            input("sr"),
            output("output"),
            output("stateN"),
        );
        let (Some(a), Some(b), Some(c), Some(probability), Some(new_state)) = ports else {
            let inputs = about.inputs.iter().map(|port| port.name.as_str());
            let inputs = inputs.collect::<Vec<_>>().join(", ");
            return Err(Error::fatal(format!(
                "{} is no Silero VAD of version 5 or 6: it takes {inputs}",
                about.name
            )));
        };
        Ok(Silero {
            order: [a, b, c],
            probability,
            new_state,
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
        inputs[self.order[0]] = input;
        inputs[self.order[1]] = tensor(&STATE, Values::Floats(&self.state));
        inputs[self.order[2]] = tensor(&[1], Values::Integers(&RATE));
        let outputs = self.session.run(&inputs)?;
        let probability = outputs.floats(self.probability)?.first().copied();
        let new_state = outputs.floats(self.new_state)?;
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
