//! What ggml's files are written with, and what they and others are read with.

use serde::{Deserialize, Serialize};

/// Numbers in the head of a file, the last of which says how its weights are kept.
pub const HEAD_NUMBERS: usize = 12;
/// Weights of single and half precision, in the head and beside each tensor.
pub const F32: i32 = 0;
pub const F16: i32 = 1;

/// How the weights of a model are rounded: so many bits, in blocks of 32 with a scale of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Five bits and a least value.
    Q5_1,
    /// Eight bits.
    Q8_0,
}

/// Writes a number.
pub fn put(out: &mut Vec<u8>, number: i32) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// What is left of bytes that are read from their beginning.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next so many bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("it is cut off")?;
        self.0 = rest;
        Ok(taken)
    }

    /// An unsigned number of `N` bytes.
    pub fn number<const N: usize>(&mut self) -> Result<usize, String> {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(self.take(N)?);
        Ok(u64::from_le_bytes(wide) as usize)
    }
}
