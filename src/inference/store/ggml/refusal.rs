//! Why a model file is refused, and numbers read from one that may end anywhere.

use std::ops::RangeInclusive;

use super::form::Bytes;

/// What to do about a file that is damaged.
pub const AGAIN: &str =
    "fetch or copy it again, and compare its size and sum with those of the publisher";

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Goes after the name of the file.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Refusal {
    /// Says both.
    pub fn new(what: impl Into<String>, remedy: &'static str) -> Refusal {
        Refusal {
            what: what.into(),
            remedy,
        }
    }
}

/// Refuses a number that is too small or too large.
pub fn bounded(what: &str, number: usize, within: RangeInclusive<usize>) -> Result<(), Refusal> {
    match within.contains(&number) {
        true => Ok(()),
        false => Err(odd(&format!("{number} {what}"))),
    }
}

/// That there is something in it that no Whisper has.
pub fn odd(what: &str) -> Refusal {
    Refusal::new(
        format!("is damaged, or no Whisper model: it has {what}"),
        AGAIN,
    )
}

/// The next number.
pub fn number(from: &mut Bytes, place: &str) -> Result<usize, Refusal> {
    from.number::<4>().map_err(|_| cut(place))
}

/// The next so many bytes.
pub fn take<'a>(from: &mut Bytes<'a>, count: usize, place: &str) -> Result<&'a [u8], Refusal> {
    from.take(count).map_err(|_| cut(place))
}

fn cut(place: &str) -> Refusal {
    Refusal::new(format!("is cut off: it ends within {place}"), AGAIN)
}
