//! `wav`: what was said, as files of sound, with its words beside it.

mod file;
mod spoken;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;

use self::spoken::Spoken;
use crate::media::audio::{Utterance, duration_of};
use crate::media::clock::Time;
use crate::media::events::{Kept, Of, Saved, Transcript};
use crate::media::kind::Lane;
use crate::nodes::parts::disk;
use crate::nodes::parts::folder::retention::Retention;
use crate::nodes::parts::folder::{Folder, name};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::ports;

/// How sound ends in its name, and words.
const SOUND: &str = "wav";
const WORDS: &str = "txt";

/// Options of `wav`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Where the files go; it is made if need be. Files in it that this has not written are left alone.
    pub folder: PathBuf,
    /// How much is kept.
    #[serde(flatten)]
    pub retention: Retention,
}

ports! {
    /// What is kept.
    pub enum Heard {
        Utterance(Arc<Utterance>),
        Transcript(Of<Transcript>),
    }
}

/// A folder of what was said.
pub struct Wav {
    sounds: Folder,
    words: Folder,
    context: Context,
    spoken: Arc<Mutex<Spoken>>,
}

impl Node for Wav {
    const NAME: &'static str = "wav";
    const ALSO: &'static [&'static str] = &[
        "wave",
        "wavs",
        "utterances",
        "save_audio",
        "audiosink",
        "voice_recorder",
    ];
    const ABOUT: &'static str = "Writes each utterance of `vad` as a WAV file (16 kHz, mono, 16 bits) whose name sorts by time, \
        `2026-11-29T16-42-07.123Z_porch.wav`. With `transcribe` as a second input, the words that were accepted stand beside it in a file of the same \
        name that ends in `.txt`.";
    const EXAMPLE: &'static str = "folder = \"utterances\"\nkeep_days = 30";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let misuse = Folder::at_hand(base, &config.folder, "folder");
        misuse.into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Wav> {
        let path = context.resolve(&config.folder);
        let folder = |extension| {
            let folder = Folder::open(path.clone(), extension, config.retention.clone());
            folder.map_err(|error| disk::trouble(&path, "folder", &error))
        };
        Ok(Wav {
            sounds: folder(SOUND)?,
            words: folder(WORDS)?,
            context: context.clone(),
            spoken: context.kept(),
        })
    }
}

impl Sink for Wav {
    type In = Heard;
    type Out = Of<Saved>;
    const NEEDS: &'static [Lane] = &[Lane::Utterance];

    fn write(&mut self, heard: Heard, out: &mut Emit<Of<Saved>>) -> Result<()> {
        match heard {
            // One that goes on is still to come as a whole.
            Heard::Utterance(utterance) if !utterance.complete => Ok(()),
            Heard::Utterance(utterance) => self.keep(&utterance, out),
            Heard::Transcript(transcript) => self.note(&transcript),
        }
    }

    fn pass(&mut self, _to: Time, _out: &mut Emit<Of<Saved>>) -> Result<()> {
        let swept = self.sounds.sweep().and_then(|()| self.words.sweep());
        swept.map_err(|error| self.trouble(&error))
    }
}

impl Wav {
    fn keep(&mut self, utterance: &Utterance, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let stem = name::stem(
            self.context.clock.wall(utterance.start),
            &[&utterance.source],
        );
        let written = self
            .sounds
            .write(&format!("{stem}.{SOUND}"), &file::of(&utterance.samples));
        let written = written.map_err(|error| self.trouble(&error))?;
        self.spoken().heard(utterance, stem);
        let lasts = duration_of(utterance.samples.len() as u64);
        let saved = Saved {
            what: Kept::Utterance,
            path: written.path.display().to_string(),
            bytes: written.bytes,
            sha256: written.sha256,
            start: utterance.at.as_secs_f64(),
            end: utterance.at.after(lasts).as_secs_f64(),
            why: None,
            events: Vec::new(),
            label: None,
            track: None,
            subject: None,
            interrupted: false,
        };
        out.event(&utterance.source, utterance.start, None, saved);
        Ok(())
    }

    /// Writes the words beside their sound, if that is known.
    fn note(&mut self, transcript: &Of<Transcript>) -> Result<()> {
        let text = self.spoken().written(transcript);
        let Some((stem, text)) = text else {
            return Ok(());
        };
        let written = self
            .words
            .write(&format!("{stem}.{WORDS}"), text.as_bytes());
        written.map(drop).map_err(|error| self.trouble(&error))
    }

    fn spoken(&self) -> std::sync::MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self, error: &io::Error) -> Error {
        disk::trouble(self.sounds.path(), "folder", error)
    }
}
