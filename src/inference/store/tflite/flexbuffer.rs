//! A number out of the options of an operator that is not in the schema: a FlexBuffers map.

/// More keys than any operator's options have.
const MOST: usize = 256;

/// The number of this name, if the bytes are a map that has it.
pub fn number(bytes: &[u8], key: &str) -> Option<f64> {
    let [.., kind, width] = *bytes else {
        return None;
    };
    let root = Value {
        bytes,
        at: bytes.len().checked_sub(2 + usize::from(width))?,
        width: usize::from(width),
        kind,
    };
    root.entry(key)?.number()
}

/// A value, in the bytes it stands in.
struct Value<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many bytes it takes where it stands.
    width: usize,
    /// What it is, and how wide what it leads to is.
    kind: u8,
}

const INT: u8 = 1;
const UNSIGNED: u8 = 2;
const FLOAT: u8 = 3;
const INDIRECT_INT: u8 = 6;
const INDIRECT_UNSIGNED: u8 = 7;
const INDIRECT_FLOAT: u8 = 8;
const MAP: u8 = 9;

impl<'a> Value<'a> {
    fn entry(&self, key: &str) -> Option<Value<'a>> {
        if self.kind >> 2 != MAP {
            return None;
        }
        let (map, width) = (self.target()?, self.inner());
        let count = unsigned(self.bytes, map.checked_sub(width)?, width)?;
        let keys = map.checked_sub(3 * width)?;
        let keys = keys.checked_sub(unsigned(self.bytes, keys, width)?)?;
        let each = unsigned(self.bytes, map.checked_sub(2 * width)?, width)?;
        let is_key = |at: &usize| {
            let place = keys.checked_add(at.checked_mul(each)?)?;
            let name = place.checked_sub(unsigned(self.bytes, place, each)?)?;
            let name = self.bytes.get(name..)?.strip_prefix(key.as_bytes())?;
            name.starts_with(&[0]).then_some(())
        };
        let at = (0..count.min(MOST)).find(|at| is_key(at).is_some())?;
        let kinds = map.checked_add(count.checked_mul(width)?)?;
        Some(Value {
            bytes: self.bytes,
            at: map.checked_add(at.checked_mul(width)?)?,
            width,
            kind: *self.bytes.get(kinds.checked_add(at)?)?,
        })
    }

    fn number(&self) -> Option<f64> {
        let is_indirect = matches!(
            self.kind >> 2,
            INDIRECT_INT | INDIRECT_UNSIGNED | INDIRECT_FLOAT
        );
        let (at, width) = match is_indirect {
            true => (self.target()?, self.inner()),
            false => (self.at, self.width),
        };
        match self.kind >> 2 {
            INT | INDIRECT_INT => {
                let shift = 64 - 8 * width as u32;
                let number = unsigned(self.bytes, at, width)? as i64;
                Some((number << shift >> shift) as f64)
            }
            UNSIGNED | INDIRECT_UNSIGNED => Some(unsigned(self.bytes, at, width)? as f64),
            FLOAT | INDIRECT_FLOAT => {
                let bytes = self.bytes.get(at..)?;
                match width {
                    4 => bytes.first_chunk().map(|it| f32::from_le_bytes(*it).into()),
                    8 => bytes.first_chunk().map(|it| f64::from_le_bytes(*it)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Where it leads to.
    fn target(&self) -> Option<usize> {
        self.at
            .checked_sub(unsigned(self.bytes, self.at, self.width)?)
    }

    /// How wide what it leads to is.
    fn inner(&self) -> usize {
        1 << (self.kind & 3)
    }
}

fn unsigned(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    if !matches!(width, 1 | 2 | 4 | 8) {
        return None;
    }
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(bytes.get(at..at.checked_add(width)?)?);
    usize::try_from(u64::from_le_bytes(wide)).ok()
}
