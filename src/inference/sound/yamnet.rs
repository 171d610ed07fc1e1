//! YAMNet: how much each of 521 kinds of sound is heard in 0.975 s of audio.

use crate::inference::onnx::session::Session;
use crate::inference::onnx::tensor::{About, Port, Tensor, Values, listed};
use crate::inference::sound::classes;
use crate::pipeline::contract::error::{Error, Result};

/// Samples of one window at 16 kHz: 0.975 s.
pub const WINDOW: usize = 15_600;

/// How a model takes a window and where it gives the scores.
#[derive(Debug)]
pub struct Places {
    /// With or without a dimension for batches.
    shape: Vec<i64>,
    scores: usize,
}

impl Places {
    /// Finds them.
    ///
    /// # Errors
    /// In words, if the model is no YAMNet that takes sound.
    pub fn of(model: &About) -> Result<Places, String> {
        let find = || {
            let [input @ Port { shape, .. }] = &model.inputs[..] else {
                return None;
            };
            let is_fit = |size: i64| size < 0 || size == WINDOW as i64;
            let is_sound = is_fit(*shape.last()?) && matches!(shape[..], [_] | [-1 | 1, _]);
            let mut shape = vec![1; shape.len()];
            *shape.last_mut()? = WINDOW as i64;
            let are_scores = |it: &Port| it.shape.last() == Some(&(classes::COUNT as i64));
            let scores = model.outputs.iter().position(are_scores)?;
            (is_sound && input.is_f32()).then_some(Places { shape, scores })
        };
        find().ok_or_else(|| {
            format!(
                "{} is no YAMNet: it takes {} and gives {}, not {WINDOW} samples and {} scores",
                model.name,
                listed(&model.inputs),
                listed(&model.outputs),
                classes::COUNT
            )
        })
    }
}

/// One stream of audio.
pub struct Yamnet {
    session: Session,
    places: Places,
    scores: Vec<f32>,
}

impl Yamnet {
    /// Takes a model.
    ///
    /// # Errors
    /// `Fatal` if it is no YAMNet.
    pub fn new(session: Session) -> Result<Yamnet> {
        let places = Places::of(&session.about).map_err(Error::fatal)?;
        let scores = Vec::with_capacity(classes::COUNT);
        Ok(Yamnet {
            session,
            places,
            scores,
        })
    }

    /// The scores, 0 to 1, of all classes in a window.
    ///
    /// # Errors
    /// `Retry` if inference fails or gives something else.
    pub fn scores(&mut self, window: &[f32]) -> Result<&[f32]> {
        let input = Tensor {
            shape: &self.places.shape,
            values: Values::Floats(window),
        };
        let outputs = self.session.run(&[input])?;
        let scores = outputs.floats(self.places.scores)?;
        let are_scores = scores.iter().all(|it| it.is_finite());
        if scores.len() != classes::COUNT || !are_scores {
            return Err(Error::retry("the model gave no score of each class"));
        }
        self.scores.clear();
        self.scores.extend_from_slice(scores);
        Ok(&self.scores)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inference::onnx::tensor::Element;

    fn taken(input: &[i64], output: &[i64]) -> Result<Vec<i64>, String> {
        let port = |shape: &[i64]| Port {
            name: "x".to_owned(),
            shape: shape.to_vec(),
            element: Element::Float,
        };
        let about = About {
            name: Arc::from("m"),
            labels: Vec::new(),
            notes: Default::default(),
            inputs: vec![port(input)],
            outputs: vec![port(&[1, 1024]), port(output)],
        };
        Places::of(&about).map(|it| it.shape)
    }

    #[test]
    fn sound_is_given_as_the_model_wants_it() {
        assert_eq!(taken(&[-1, 15_600], &[-1, 521]), Ok(vec![1, 15_600]));
        assert_eq!(taken(&[-1], &[-1, 521]), Ok(vec![15_600]));
        for (input, output) in [
            (&[-1, 16_000][..], &[-1, 521][..]),
            (&[1, 3, 8, 8], &[1, 521]),
            (&[2, 15_600], &[2, 521]),
            (&[], &[521]),
            (&[15_600], &[1, 527]),
        ] {
            let error = taken(input, output).expect_err("it is another model");
            assert!(error.contains("m is no YAMNet: it takes x ["), "{error}");
        }
    }
}
