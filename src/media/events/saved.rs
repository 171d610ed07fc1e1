//! `saved`: a sink has written a file.

use std::fmt::{self, Write};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::Id;
use super::report::Report;
use crate::media::clock::Time;
use crate::media::digits::{three_places, three_places_of};

/// A file that is whole and has its name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// What it holds.
    pub what: Kept,
    /// Where it is; of a bundle, its folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in lower case hexadecimal digits; of a bundle, of its `evidence.json`.
    pub sha256: String,
    /// Seconds since the run began at which what it holds begins; below zero if an earlier run has left it.
    #[serde(serialize_with = "three_places")]
    pub start: f64,
    /// Seconds since the run began at which it ends; a picture's is its beginning.
    #[serde(serialize_with = "three_places")]
    pub end: f64,
    /// Why it was written, in words; a recording has no reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The events that it was written for, the first sixteen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Id>,
    /// What it is about, in the model's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Arc<str>>,
    /// Which one it is about: the id of its `track` events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u64>,
    /// Seconds since the run began at which what it is about comes; only of clips and bundles.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "three_places_of"
    )]
    pub subject: Option<f64>,
    /// Whether a kill or a power cut has ended it, and this run has completed what was there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// One picture.
    Picture,
    /// Picture and sound around something that has happened.
    Clip,
    /// All that a source gave in that time.
    Recording,
    /// What was said.
    Utterance,
    /// Evidence: all that belongs to something that has happened.
    Bundle,
}

impl Kept {
    /// Name in events and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Kept::Picture => "picture",
            Kept::Clip => "clip",
            Kept::Recording => "recording",
            Kept::Utterance => "utterance",
            Kept::Bundle => "bundle",
        }
    }
}

impl Report for Saved {
    const NAME: &'static str = "saved";

    /// `clip of person 17, 12.3 s: /var/lib/otus/clips/….mp4`.
    fn say(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str(self.what.name())?;
        if let Some(label) = &self.label {
            write!(to, " of {label}")?;
        }
        if let Some(track) = self.track {
            write!(to, " {track}")?;
        }
        if self.end > self.start {
            write!(to, ", {:.1} s", self.end - self.start)?;
        }
        if self.interrupted {
            to.write_str(", interrupted")?;
        }
        write!(to, ": {}", self.path)
    }

    /// The same happening is kept under another name, as other bytes.
    fn lasting(&self) -> Option<Saved> {
        let (path, bytes, sha256) = Default::default();
        Some(Saved {
            path,
            bytes,
            sha256,
            ..self.clone()
        })
    }

    fn end(&self, at: Time) -> Time {
        at.max(Time::from_secs_f64(self.end))
    }
}

fn is_false(it: &bool) -> bool {
    !it
}
