//! CTranslate2's `model.bin`: named tensors of half precision.

use std::collections::HashMap;

use super::form::Bytes;
use super::names::Part;

/// What the file says that it holds.
const KIND: &str = "WhisperSpec";
/// CTranslate2's number for half precision.
const HALF: usize = 4;

/// Numbers of half precision and their arrangement, the last dimension running fastest.
#[derive(Clone)]
pub struct Tensor<'a> {
    pub shape: Vec<usize>,
    pub halves: &'a [u8],
}

/// The tensors of a model.
pub struct Weights<'a>(HashMap<&'a str, Tensor<'a>>);

impl<'a> Weights<'a> {
    /// Finds the tensors; those of other types, which only tell how the file was made, are left out.
    pub fn parse(bytes: &'a [u8]) -> Result<Weights<'a>, String> {
        let mut from = Bytes(bytes);
        let kind = kind(&mut from)?;
        if kind != KIND {
            return Err(format!("it holds a {kind}, not a {KIND}"));
        }
        let _revision = from.number::<4>()?;
        let mut tensors = HashMap::new();
        for _ in 0..from.number::<4>()? {
            let name = text(&mut from)?;
            let dimensions = from.number::<1>()?;
            let shape = (0..dimensions).map(|_| from.number::<4>());
            let shape = shape.collect::<Result<Vec<usize>, String>>()?;
            let kind = from.number::<1>()?;
            let size = from.number::<4>()?;
            let halves = from.take(size)?;
            if kind == HALF {
                tensors.insert(name, Tensor { shape, halves });
            }
        }
        for _ in 0..from.number::<4>()? {
            let (alias, name) = (text(&mut from)?, text(&mut from)?);
            if let Some(tensor) = tensors.get(name).cloned() {
                tensors.insert(alias, tensor);
            }
        }
        Ok(Weights(tensors))
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Result<&Tensor<'a>, String> {
        let tensor = self.0.get(name);
        tensor.ok_or_else(|| format!("it has no {name} of half precision"))
    }

    /// The rows of a tensor that are one of several put on top of each other.
    pub fn part(&self, of: &Part) -> Result<Tensor<'a>, String> {
        let whole = self.get(&of.name)?;
        let mut shape = whole.shape.clone();
        let rows = shape.first_mut().ok_or("a number has no rows")?;
        *rows /= of.parts;
        let size = 2 * shape.iter().product::<usize>();
        let mut from = Bytes(whole.halves);
        from.take(size * of.part)?;
        let halves = from.take(size)?;
        Ok(Tensor { shape, halves })
    }

    /// How many layers the encoder or decoder has.
    pub fn layers(&self, side: &str) -> usize {
        let has = |layer: &usize| {
            let name = format!("{side}/layer_{layer}/self_attention/linear_1/weight");
            self.0.contains_key(&*name)
        };
        (0..).take_while(has).count()
    }

    /// Bytes of all tensors.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|it| it.halves.len()).sum()
    }
}

/// What a file says that it holds, after the version of its form.
pub fn kind<'a>(from: &mut Bytes<'a>) -> Result<&'a str, String> {
    let _version = from.number::<4>()?;
    text(from)
}

fn text<'a>(from: &mut Bytes<'a>) -> Result<&'a str, String> {
    let length = from.number::<2>()?;
    let text = std::str::from_utf8(from.take(length)?).map_err(|error| error.to_string())?;
    Ok(text.trim_end_matches('\0'))
}
