//! Numbers in the bits of a parameter set (ITU-T H.264, 7.2, 7.4.1 and 9.1).

/// Reads them one after the other.
pub struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    /// Of a unit, whose head counts; without the bytes that keep start codes from arising in it.
    pub fn of(unit: &[u8]) -> Bits {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for byte in unit {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bytes.push(*byte);
        }
        Bits { bytes, at: 0 }
    }

    /// A number of so many bits, 32 at most; none where they end.
    pub fn number(&mut self, bits: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..bits {
            let byte = *self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// Goes over so many bits.
    pub fn skip(&mut self, bits: usize) {
        self.at += bits;
    }

    /// A number that is as long as it is large: `ue(v)`.
    pub fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.number(1)? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        // 101 1 010 011 00100 and zeros
        let mut bits = Bits::of(&[0b1011_0100, 0b1100_1000, 0, 0, 3, 1]);
        assert_eq!(bits.number(3), Some(5));
        let numbers: Vec<_> = (0..4).map(|_| bits.golomb()).collect();
        assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(3)]);
        bits.skip(1 + 16);
        assert_eq!((bits.number(8), bits.number(1)), (Some(1), None));
        assert_eq!(Bits::of(&[0; 9]).golomb(), None);
    }
}
