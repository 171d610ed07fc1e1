//! A model of half precision with its tables rounded.

use super::blocks::{BLOCK, HALVES, numbers, q5_1, q8_0};
use super::form::{Bytes, F16, F32, HEAD_NUMBERS, Precision, put};

impl Precision {
    /// The number in the head of a file. Its thousands are the version of the format, and the files that
    /// whisper.cpp's makers have published tell two.
    fn of_file(self) -> i32 {
        match self {
            Precision::Q5_1 => 1009,
            Precision::Q8_0 => 2007,
        }
    }

    /// ggml's number for a tensor of this type.
    fn of_tensor(self) -> i32 {
        match self {
            Precision::Q5_1 => 7,
            Precision::Q8_0 => 8,
        }
    }

    fn round(self, block: &[u8], out: &mut Vec<u8>) {
        match self {
            Precision::Q5_1 => q5_1(&numbers(block), out),
            Precision::Q8_0 => q8_0(&numbers(block), out),
        }
    }
}

/// Rounds all tables of half precision, as whisper.cpp's `quantize` does.
///
/// # Errors
/// In words, where the file is not what it should be.
pub fn quantise(model: &[u8], to: Precision) -> Result<Vec<u8>, String> {
    let mut from = Bytes(model);
    let mut out = Vec::with_capacity(model.len() * 2 / 3);
    out.extend_from_slice(from.take(4 * (HEAD_NUMBERS - 1))?);
    let kept_as = from.number::<4>()?;
    if kept_as as i32 != F16 {
        return Err("its weights have no half precision".to_owned());
    }
    put(&mut out, to.of_file());
    copy_filters_and_words(&mut from, &mut out)?;
    while !from.0.is_empty() {
        tensor(&mut from, &mut out, to)?;
    }
    Ok(out)
}

fn copy_filters_and_words(from: &mut Bytes, out: &mut Vec<u8>) -> Result<(), String> {
    let before = from.0;
    let filters = from.number::<4>()?.saturating_mul(from.number::<4>()?);
    from.take(filters.saturating_mul(4))?;
    for _ in 0..from.number::<4>()? {
        let length = from.number::<4>()?;
        from.take(length)?;
    }
    out.extend_from_slice(&before[..before.len() - from.0.len()]);
    Ok(())
}

fn tensor(from: &mut Bytes, out: &mut Vec<u8>, to: Precision) -> Result<(), String> {
    let (dimensions, name_length) = (from.number::<4>()?, from.number::<4>()?);
    let kind = from.number::<4>()? as i32;
    let shape = from.take(dimensions.saturating_mul(4))?;
    let name = from.take(name_length)?;
    let values = Bytes(shape);
    let values = shape_of(values, dimensions)?.iter().product::<usize>();
    let bytes = from.take(values.saturating_mul(if kind == F32 { 4 } else { 2 }))?;
    let is_rounded = kind == F16 && dimensions == 2 && values % BLOCK == 0;
    put(out, dimensions as i32);
    put(out, name_length as i32);
    put(out, if is_rounded { to.of_tensor() } else { kind });
    out.extend_from_slice(shape);
    out.extend_from_slice(name);
    match is_rounded {
        true => bytes.chunks_exact(HALVES).for_each(|it| to.round(it, out)),
        false => out.extend_from_slice(bytes),
    }
    Ok(())
}

fn shape_of(mut from: Bytes, dimensions: usize) -> Result<Vec<usize>, String> {
    (0..dimensions).map(|_| from.number::<4>()).collect()
}
