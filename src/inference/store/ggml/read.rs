//! Looks through a ggml Whisper model before native code does: whisper.cpp trusts every number in it, reserves memory
//! for what the head tells before it reads on, and aborts or reads beyond a table if a number is wrong.

use std::collections::HashMap;

use super::foreign;
use super::form::Bytes;
use super::head::{Head, head};
use super::refusal::{AGAIN, Refusal, bounded, number, odd, take};
use super::tensors::{Tensor, tensors};

/// Frequencies of the spectrum that whisper.cpp multiplies by the mel filters.
const FREQUENCIES: usize = 201;
const CONVERT_AGAIN: &str = "convert it again with whisper.cpp's models/convert-pt-to-ggml.py, or take a ready one: \
                             `otus models pull whisper-base`";
const MOST_DIMENSIONS: usize = 4;

/// Refuses what is no whole Whisper model. The values of the weights are not looked at.
///
/// # Errors
/// What it is instead, and what to do about it.
pub fn check(bytes: &[u8]) -> Result<Head, Refusal> {
    if let Some(refusal) = foreign::named(bytes) {
        return Err(refusal);
    }
    let mut from = Bytes(bytes);
    let head = head(&mut from)?;
    filters(&mut from, &head)?;
    words(&mut from, &head)?;
    weights(&mut from, &head)?;
    Ok(head)
}

fn filters(from: &mut Bytes, head: &Head) -> Result<(), Refusal> {
    let (bands, frequencies) = (number(from, "its filters")?, number(from, "its filters")?);
    if (bands, frequencies) != (head.bands, FREQUENCIES) {
        let what = format!("{bands} mel filters of {frequencies} frequencies");
        return Err(odd(&what));
    }
    take(from, 4 * bands * frequencies, "its filters").map(drop)
}

fn words(from: &mut Bytes, head: &Head) -> Result<(), Refusal> {
    let words = number(from, "its vocabulary")?;
    bounded("words", words, 1..=head.tokens)?;
    let mut has_space = false;
    for _ in 0..words {
        let length = number(from, "its vocabulary")?;
        has_space |= take(from, length, "its vocabulary")? == b" ";
    }
    // whisper.cpp looks for it without asking whether it is there.
    match has_space {
        true => Ok(()),
        false => Err(odd("no word that is a space")),
    }
}

fn weights(from: &mut Bytes, head: &Head) -> Result<(), Refusal> {
    let mut wanted = tensors(head);
    let all = wanted.len();
    if from.0.is_empty() {
        let what = "holds no weights, as the files `for-tests-…` of whisper.cpp";
        return Err(Refusal::new(what, CONVERT_AGAIN));
    }
    while !from.0.is_empty() {
        weight(from, &mut wanted)?;
    }
    let Some(missing) = wanted.keys().min() else {
        return Ok(());
    };
    let what = format!(
        "lacks {} of {all} tensors, `{missing}` first: it is cut off, or was not converted whole",
        wanted.len()
    );
    Err(Refusal::new(what, AGAIN))
}

fn weight(from: &mut Bytes, wanted: &mut HashMap<String, Tensor>) -> Result<(), Refusal> {
    let place = "its weights";
    let dimensions = number(from, place)?;
    let length = number(from, place)?;
    let kept = number(from, place)?;
    if dimensions > MOST_DIMENSIONS {
        return Err(odd(&format!("a tensor of {dimensions} dimensions")));
    }
    let mut shape = [1; MOST_DIMENSIONS];
    for it in &mut shape[..dimensions] {
        *it = number(from, place)?;
    }
    let name = take(from, length, place)?;
    let name = String::from_utf8_lossy(&name[..length.min(100)]);
    // Each is there once: whisper.cpp only counts them.
    let Some(tensor) = wanted.remove(&*name) else {
        let what = format!("has a tensor {name:?} that Whisper has not, or has it twice");
        return Err(Refusal::new(what, CONVERT_AGAIN));
    };
    if (shape, kept) != (tensor.shape, tensor.kept.beside) {
        let what =
            format!("has a tensor `{name}` of another shape or precision than its head tells");
        return Err(Refusal::new(what, CONVERT_AGAIN));
    }
    take(from, tensor.size(), &format!("the tensor `{name}`")).map(drop)
}
