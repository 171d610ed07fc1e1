//! The numbers and strings that NUT is written with.

use std::io::{self, Read};

/// Headers and access units are never larger: what claims to be is damaged.
const LARGEST: u64 = 64 << 20;

/// What was written is no such stream.
pub fn damaged() -> io::Error {
    io::Error::other("ffmpeg wrote something that is no stream")
}

fn byte(input: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// A number, seven bits a byte.
pub fn v(input: &mut impl Read) -> io::Result<u64> {
    let mut value = 0u64;
    for _ in 0..10 {
        let byte = byte(input)?;
        value = value.checked_mul(128).ok_or_else(damaged)? | u64::from(byte & 127);
        if byte < 128 {
            return Ok(value);
        }
    }
    Err(damaged())
}

/// A number's value, if it has a sign.
pub fn signed(value: u64) -> io::Result<i64> {
    let half = i64::try_from(value / 2 + value % 2).map_err(|_| damaged())?;
    Ok(if value.is_multiple_of(2) { -half } else { half })
}

/// Bytes with their length before them.
pub fn vb(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = v(input)?;
    let mut bytes = Vec::new();
    read_into(input, length, &mut bytes)?;
    Ok(bytes)
}

/// Appends so many bytes.
pub fn read_into(input: &mut impl Read, length: u64, to: &mut Vec<u8>) -> io::Result<()> {
    if length > LARGEST {
        return Err(damaged());
    }
    let read = input.take(length).read_to_end(to)?;
    match read as u64 == length {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A number that must be below another.
pub fn small(value: u64, below: usize) -> io::Result<usize> {
    let value = usize::try_from(value).map_err(|_| damaged())?;
    (value < below).then_some(value).ok_or_else(damaged)
}
