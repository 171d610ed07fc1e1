//! Models that make a vector of a picture: alike pictures give vectors of like direction.

use std::sync::Arc;

use super::classifier::vector;
use super::input::Input;
use super::options::Shown;
use super::picture::Picture;
use super::{tasks, wrong};
use crate::inference::onnx::tensor::{About, Port};
use crate::pipeline::contract::error::Misuse;

/// Numbers of a vector at most: more than any published model makes.
const LONGEST: usize = 16_384;

/// What a model that makes vectors is shown: as on ImageNet, stretched, unless something else is told.
///
/// # Errors
/// What is wrong with which option.
pub fn picture(model: &About, outputs: &[Port], shown: &Shown) -> Result<Picture, Misuse> {
    tasks::check(model, "embed")?;
    Input::of(model, shown.size)?;
    let numbers = outputs.first().and_then(vector);
    match numbers.filter(|it| *it <= LONGEST) {
        Some(_) => Ok(shown.picture(Picture::IMAGENET.noted(model))),
        None => {
            let wants = format!("`embed` reads a vector, `[1, numbers]`, {LONGEST} at most");
            Err(wrong::unread(model, outputs, &wants))
        }
    }
}

/// The same direction at length 1, so that the product of two tells how alike they are.
///
/// # Errors
/// In words, if it has no direction.
pub fn direction(numbers: &[f32]) -> Result<Arc<[f32]>, String> {
    let length = numbers.iter().map(|it| it * it).sum::<f32>().sqrt();
    match length.is_normal() {
        true => Ok(numbers.iter().map(|it| it / length).collect()),
        false => Err("the vector that the model puts out has no direction".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::sight::heads::testing::facts;

    #[test]
    fn vectors_have_length_one() {
        assert_eq!(direction(&[3.0, -4.0]).as_deref(), Ok(&[0.6, -0.8][..]));
        for wrong in [&[0.0, 0.0][..], &[f32::NAN, 1.0], &[f32::MAX, f32::MAX]] {
            assert!(direction(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn vectors_are_taken_and_maps_are_not() {
        let verdict = |shape: &[i64]| {
            let model = facts(32, 64, &[("out", shape, &[])]).model;
            picture(&model, &model.outputs, &Shown::default())
        };
        assert_eq!(verdict(&[-1, 512]).ok(), Some(Picture::IMAGENET));
        assert_eq!(verdict(&[1, 512, 1, 1]).ok(), Some(Picture::IMAGENET));
        let map = verdict(&[1, 64, 16, 8]).expect_err("a map");
        assert!(map.message.contains("`embed` reads a vector"));
    }
}
