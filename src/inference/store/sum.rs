//! Sums of files.

use std::io::{Read, Result};

use sha2::{Digest, Sha256};

/// Of what may be larger than the memory, so much is read at a time.
const PIECE: usize = 1 << 16;

/// The sha256 of bytes, in hex.
pub fn sum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The length of what is read to its end, and the same of it.
///
/// # Errors
/// What reading it says.
pub fn of_all(mut from: impl Read) -> Result<(u64, String)> {
    let (mut length, mut hasher, mut piece) = (0, Sha256::new(), vec![0; PIECE]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok((length, hex(&hasher.finalize()))),
            count => {
                hasher.update(&piece[..count]);
                length += count as u64;
            }
        }
    }
}

/// Bytes in lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
