//! What a bundle tells of itself.

use std::io::{Error, ErrorKind, Result};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MANIFEST, SUMS};

/// Version of the format.
pub const FORMAT: &str = "otus-evidence/1";

/// All of it, as it is written: the same content gives the same bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub format: String,
    /// Name of the bundle, so that none takes the place of another.
    pub name: String,
    /// Its place in the chain, from 1 on.
    pub number: u64,
    /// The one before it; none before the first.
    pub previous: Option<Previous>,
    /// When it was written, by the clock of the machine.
    pub written: String,
    /// Version of otus.
    pub otus: String,
    /// Fingerprint of the key that signs it, if one does.
    pub key: Option<String>,
    /// What it is about.
    #[serde(flatten)]
    pub content: Content,
}

/// The bundle before another.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Previous {
    /// Its place in the chain.
    pub number: u64,
    /// SHA-256 of its manifest.
    pub sha256: String,
}

/// What a bundle is about, before it has its place.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Content {
    /// What has happened, in a sentence.
    pub says: String,
    /// The event that asked for the bundle.
    pub event: Value,
    /// From when on, in seconds since the run began, what came in belongs to it.
    pub start: f64,
    /// Until when.
    pub end: f64,
    /// Whether the run broke off before all of it was there.
    pub interrupted: bool,
    /// SHA-256 of the pipeline file.
    pub pipeline: String,
    /// Which models ran where, and how that was held against the CPU, as `/status` tells it.
    pub models: Vec<Model>,
    /// What was lost between nodes meanwhile.
    pub dropped: Vec<Dropped>,
    /// What was seen, heard or lost meanwhile, in the order in which it was told.
    pub events: Vec<Value>,
    /// Whether there were more events than are kept.
    pub truncated: bool,
    /// The files beside it.
    pub files: Vec<Entry>,
    /// Files that were told of and could not be had.
    pub missing: Vec<Missing>,
}

/// A model at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The node that runs it.
    pub node: String,
    /// Its facts: `model` with the beginning of its sum, `provider`, and what became of each provider.
    #[serde(flatten)]
    pub facts: std::collections::BTreeMap<String, String>,
}

/// Packets that did not get from one node to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// Producer.
    pub from: String,
    /// Consumer.
    pub to: String,
    /// Kind of packet.
    pub kind: String,
    /// How many, by reason.
    pub reasons: std::collections::BTreeMap<String, u64>,
}

/// A file of a bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the bundle.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The event by which its sink told of it.
    pub told: Value,
}

/// A file that is not there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Missing {
    /// Why.
    pub why: String,
    /// The event by which its sink told of it.
    pub told: Value,
}

impl Manifest {
    /// As it is written.
    ///
    /// # Errors
    /// None that is known: it holds nothing that JSON cannot say.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Of the bytes of a file.
    ///
    /// # Errors
    /// That it is none, or one of another version.
    pub fn of(bytes: &[u8]) -> Result<Manifest> {
        let manifest: Manifest = serde_json::from_slice(bytes)?;
        match manifest.format == FORMAT {
            true => Ok(manifest),
            false => Err(Error::new(
                ErrorKind::InvalidData,
                format!(
                    "its format is {:?}, and this otus knows {FORMAT:?}",
                    manifest.format
                ),
            )),
        }
    }

    /// The sums of all files, the manifest's first.
    pub fn sums(&self, of_manifest: &str) -> String {
        let files = self
            .content
            .files
            .iter()
            .map(|it| (&it.sha256[..], &it.name[..]));
        let all = [(of_manifest, MANIFEST)].into_iter().chain(files);
        all.map(|(sum, name)| format!("{sum}  {name}\n")).collect()
    }
}

/// Whether a file of this name can be beside a manifest: others would lead elsewhere.
pub fn is_plain(name: &str) -> bool {
    let is_own = name == MANIFEST || name == SUMS;
    !name.is_empty() && !is_own && !name.starts_with('.') && !name.contains(['/', '\n', '\0'])
}
