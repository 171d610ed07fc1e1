//! `audio_file`: the sound of files and films, decoded here or by FFmpeg.

mod ffmpeg;
mod kind;
mod mp4;
mod own;
mod sound;
mod step;
mod wav;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use self::sound::Sound;
use crate::media::audio::{Audio, SAMPLE_RATE, duration_of};
use crate::media::clock::Time;
use crate::media::events::{Gap, Of};
use crate::media::mono::Channel;
use crate::nodes::parts::pace::{Metronome, Pace};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// Samples of a chunk at most: 64 ms, or 256 ms where nobody waits for them. Handing one on costs the same, however
/// long it is.
const CHUNK: usize = 1024;
const FAST_CHUNK: usize = 4096;

/// Options of `audio_file`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file; with `*` or `?`, all files of such names, one after the other.
    pub path: PathBuf,
    /// `fast` or `realtime`.
    #[serde(default)]
    pub pace: Pace,
    /// Which channel is heard: its number, counted from 0 as ALSA and FFmpeg do; `"mix"`, the mean of all; `"loudest"`,
    /// the one with the most energy over about a second. Channels that cancel each other when mixed are noticed: the
    /// louder one is heard then.
    #[serde(default)]
    pub channel: Channel,
    /// Silence between two files.
    #[serde(default = "one_second")]
    #[schemars(range(min = 0, max = 60_000))]
    pub pause_ms: u64,
    /// The second of the run at which its first sample was taken, where other files began earlier.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000_000))]
    pub begins_at_s: f64,
}

fn one_second() -> u64 {
    1_000
}

/// Plays files after each other as one stream of 16 kHz mono.
pub struct AudioFile {
    source: Arc<str>,
    files: std::vec::IntoIter<PathBuf>,
    playing: Option<Sound>,
    /// Samples that are ready to go out.
    ready: Vec<f32>,
    first_sample: u64,
    /// Samples of a chunk at most.
    chunk: usize,
    /// What is wrong with the file just played; told when everything in it has gone out.
    cut_off: Option<Error>,
    channel: Channel,
    pause: usize,
    begins_at: Time,
    metronome: Metronome,
}

ports! {
    /// What a file gives.
    pub enum Out {
        Audio(Arc<Audio>),
        Gap(Of<Gap>),
    }
}

impl Node for AudioFile {
    const NAME: &'static str = "audio_file";
    const ALSO: &'static [&'static str] =
        &["file", "audio", "sound", "sound_file", "mp3", "flac", "ogg"];
    const ABOUT: &'static str = "The sound of files and films: WAV, FLAC, MP3, AAC, ALAC, Vorbis, AIFF, M4A and MP4; what else there is, such as Opus and Matroska, by FFmpeg.";
    const EXAMPLE: &'static str = "path = \"meeting.wav\"";
    type Config = Config;

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        // All folders there are would be looked through.
        if config.path.to_string_lossy().contains("**") {
            return Vec::new();
        }
        let wrong = |error: Error| vec![Misuse::missing("path", error)];
        let files = match found(&base.join(&config.path)) {
            Ok(files) => files,
            Err(error) => return wrong(error),
        };
        // A pipe would be waited for.
        let first = files.into_iter().next().filter(|it| it.is_file());
        let opened = first
            .map(|path| Sound::open(path, config.channel))
            .transpose();
        opened.map_or_else(wrong, |_| Vec::new())
    }

    fn open(config: &Config, context: &Context) -> Result<AudioFile> {
        let mut files = found(&context.resolve(&config.path))?.into_iter();
        let mut ready = Vec::new();
        let mut first = files
            .next()
            .map(|path| Sound::open(path, config.channel))
            .transpose()?;
        if let Some(first) = &mut first {
            first.begin(&mut ready, &context.stop)?;
        }
        Ok(AudioFile {
            source: Arc::clone(&context.id),
            files,
            playing: first,
            ready,
            first_sample: 0,
            chunk: match config.pace {
                Pace::Fast => FAST_CHUNK,
                Pace::Realtime => CHUNK,
            },
            cut_off: None,
            channel: config.channel,
            pause: (config.pause_ms * u64::from(SAMPLE_RATE) / 1000) as usize,
            begins_at: Time::from_secs_f64(config.begins_at_s),
            metronome: Metronome::new(config.pace, context),
        })
    }
}

impl Source for AudioFile {
    type Out = Out;

    fn is_live(_: &Config) -> bool {
        false
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if self.ready.len() < self.chunk && self.playing.is_some() {
            self.decode()?;
            return Ok(Flow::More);
        }
        if self.ready.is_empty() {
            return self.cut_off.take().map_or(Ok(Flow::Done), Err);
        }
        let at = self.begins_at.after(duration_of(self.first_sample));
        let count = self.ready.len().min(self.chunk);
        // A chunk can be heard when its last sample has been.
        if self.metronome.is_time(at.after(duration_of(count as u64))) {
            let samples: Vec<f32> = self.ready.drain(..count).collect();
            let audio = Audio {
                source: Arc::clone(&self.source),
                live: false,
                first_sample: self.first_sample,
                at,
                samples,
            };
            self.first_sample += count as u64;
            out.send(Arc::new(audio));
        }
        Ok(Flow::More)
    }
}

impl AudioFile {
    /// Decodes one packet, or goes on to the next file.
    fn decode(&mut self) -> Result<()> {
        let Some(playing) = &mut self.playing else {
            return Ok(());
        };
        if playing.read(&mut self.ready)? {
            return Ok(());
        }
        self.cut_off = playing.cut_off();
        self.playing = None;
        if self.cut_off.is_none()
            && let Some(path) = self.files.next()
        {
            self.playing = Some(Sound::open(path, self.channel)?);
            self.ready.resize(self.ready.len() + self.pause, 0.0);
        }
        Ok(())
    }
}
/// The files that a path leads to.
fn found(pattern: &Path) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let found = glob::glob(&text).map_err(|error| Error::fatal(format!("{text}: {error}")))?;
    let files: Vec<PathBuf> = found.flatten().collect();
    match files.is_empty() {
        true => Err(Error::fatal(format!("there is no file {text}"))),
        false => Ok(files),
    }
}
