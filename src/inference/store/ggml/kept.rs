//! The ways in which ggml keeps weights.

use super::form::{F16, F32};

/// One way to keep weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// ggml's number for it in the head of a file.
    in_head: usize,
    /// Its number beside a tensor.
    pub beside: usize,
    /// So many values make a block.
    pub values: usize,
    /// Bytes of a block.
    bytes: usize,
}

const fn kept(in_head: usize, beside: usize, values: usize, bytes: usize) -> Kept {
    Kept {
        in_head,
        beside,
        values,
        bytes,
    }
}

/// Those of single and half precision.
pub const SINGLE: Kept = kept(F32 as usize, F32 as usize, 1, 4);
pub const HALF: Kept = kept(F16 as usize, F16 as usize, 1, 2);

/// Those that whisper.cpp's converters write.
const ALL: [Kept; 12] = [
    SINGLE,
    HALF,
    kept(2, 2, 32, 18),     // q4_0
    kept(3, 3, 32, 20),     // q4_1
    kept(7, 8, 32, 34),     // q8_0
    kept(8, 6, 32, 22),     // q5_0
    kept(9, 7, 32, 24),     // q5_1
    kept(10, 10, 256, 84),  // q2_k
    kept(11, 11, 256, 110), // q3_k
    kept(12, 12, 256, 144), // q4_k
    kept(13, 13, 256, 176), // q5_k
    kept(14, 14, 256, 210), // q6_k
];

impl Kept {
    /// What the number in the head of a file means.
    pub fn of_head(number: usize) -> Option<Kept> {
        ALL.into_iter().find(|it| it.in_head == number)
    }

    /// Bytes of so many values.
    pub fn size(self, values: usize) -> usize {
        values / self.values * self.bytes
    }
}
