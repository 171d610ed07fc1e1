//! HMAC-SHA256 (RFC 2104): that a body comes from somebody who has the key.

use sha2::{Digest, Sha256};

use crate::inference::store::sum::hex;

/// Bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

/// The code of a body, in hexadecimal digits.
pub fn of(key: &[u8], body: &[u8]) -> String {
    let mut block = [0; BLOCK];
    match key.len() > BLOCK {
        true => block[..32].copy_from_slice(&Sha256::digest(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let inner = Sha256::new()
        .chain_update(block.map(|it| it ^ 0x36))
        .chain_update(body);
    let outer = Sha256::new()
        .chain_update(block.map(|it| it ^ 0x5c))
        .chain_update(inner.finalize());
    hex(&outer.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases 1, 2, 3, 6 and 7 of RFC 4231.
    #[test]
    fn the_examples_of_the_standard_come_out() {
        let long = [0xaa; 131];
        let larger = "Test Using Larger Than Block-Size Key - Hash Key First";
        let both = "This is a test using a larger than block-size key and a larger than block-size data. \
                    The key needs to be hashed before being used by the HMAC algorithm.";
        for (key, body, code) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &long,
                larger.as_bytes(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &long,
                both.as_bytes(),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            assert_eq!(of(key, body), code);
        }
    }
}
