//! Which bundles a folder must hold: a file beside them, so that the last ones cannot be taken away unseen.

use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::key::{PublicKey, SigningKey};
use crate::inference::store::sum;

/// Name of the file.
pub const CHAIN: &str = "chain.json";
/// No such file is larger.
const LARGEST: u64 = 4096;

/// The bundles of a folder, from the first that was not deleted for room to the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Number of the first.
    pub first: u64,
    /// Number of the last; 0 if there was none yet.
    pub last: u64,
    /// SHA-256 of the manifest of the last.
    pub sha256: String,
    /// Fingerprint of the key that has signed this, if one has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it has made of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Chain {
    /// That of a folder; none if there is no such file.
    ///
    /// # Errors
    /// What the system says, or that the file is not as it was written.
    pub fn read(folder: &Path) -> Result<Option<Chain>> {
        let path = folder.join(CHAIN);
        let length = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            about => about?.len(),
        };
        if length > LARGEST {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let bytes = fs::read(path)?;
        let chain: Chain = serde_json::from_slice(&bytes)?;
        match chain.to_bytes()? == bytes {
            true => Ok(Some(chain)),
            false => Err(ErrorKind::InvalidData.into()),
        }
    }

    /// The same, signed.
    pub fn signed(mut self, key: Option<&SigningKey>) -> Chain {
        self.key = key.map(|it| it.public().fingerprint());
        self.signature = key.map(|it| sum::hex(&it.sign(self.words().as_bytes())));
        self
    }

    /// Whether this key has signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let signature = self.signature.as_deref().and_then(bytes_of);
        signature.is_some_and(|it| key.has_signed(self.words().as_bytes(), &it))
    }

    /// As it is written.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// What is signed. No manifest begins so.
    fn words(&self) -> String {
        let Chain {
            first,
            last,
            sha256,
            ..
        } = self;
        format!("otus chain {first} {last} {sha256}")
    }
}

/// The bytes of hexadecimal digits.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() % 2 == 1 {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
    // Of the ways to write them, one.
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    (sum::hex(&bytes) == hex).then_some(bytes)
}
