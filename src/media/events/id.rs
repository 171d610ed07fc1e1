//! Which event it is: the same in every run over the same media.

use std::fmt::{self, Display};
use std::io;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::media::clock::Time;

/// The first eight bytes of SHA-256 over node, source, capture time in nanoseconds, kind and body, without what belongs to the
/// run and not to what has happened: how late it was told, where a file went. Sixteen hexadecimal digits in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Id(u64);

impl Id {
    /// Of what `node` tells about `source` at the capture time `at`: `body` is what lasts of it.
    pub fn of(node: &str, source: &str, at: Time, kind: &str, body: &impl Serialize) -> Id {
        let mut sum = Sum(Sha256::new());
        for part in [node, source, kind] {
            sum.0.update(part);
            // No name holds it, so that the parts cannot be taken for others.
            sum.0.update([0]);
        }
        sum.0.update(at.as_nanos().to_le_bytes());
        serde_json::to_writer(&mut sum, body).expect("events hold nothing that JSON cannot say");
        let sum = sum.0.finalize();
        Id(sum
            .iter()
            .take(8)
            .fold(0, |id, byte| id << 8 | u64::from(*byte)))
    }
}

/// What is written into it is summed up.
struct Sum(Sha256);

impl io::Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Id, D::Error> {
        let digits = String::deserialize(from)?;
        let id = u64::from_str_radix(&digits, 16).ok();
        id.filter(|_| digits.len() == 16)
            .map(Id)
            .ok_or_else(|| D::Error::custom("an id has 16 hexadecimal digits"))
    }
}
