//! `audio_file`: sound from WAV, FLAC, Ogg Vorbis and MP3 files.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{CODEC_TYPE_MP3, CODEC_TYPE_NULL, Decoder, DecoderOptions};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::probe::Hint;

use crate::media::audio::{Audio, SAMPLE_RATE, duration_of};
use crate::media::clock::Time;
use crate::media::events::{Gap, Of};
use crate::media::resample::ToMono16k;
use crate::nodes::parts::pace::{Metronome, Pace};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// Samples of a chunk at most: 64 ms.
const CHUNK: usize = 1024;

/// Options of `audio_file`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file; with `*` or `?`, all files of such names, one after the other.
    pub path: PathBuf,
    /// `fast` or `realtime`.
    #[serde(default)]
    pub pace: Pace,
    /// Silence between two files.
    #[serde(default = "one_second")]
    #[schemars(range(min = 0, max = 60_000))]
    pub pause_ms: u64,
}

fn one_second() -> u64 {
    1_000
}

/// Plays files after each other as one stream of 16 kHz mono.
pub struct AudioFile {
    source: Arc<str>,
    files: std::vec::IntoIter<PathBuf>,
    playing: Option<Playing>,
    /// Samples that are ready to go out.
    ready: Vec<f32>,
    first_sample: u64,
    /// What is wrong with the file just played; told when everything in it has gone out.
    cut_off: Option<Error>,
    pause: usize,
    metronome: Metronome,
}

struct Playing {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn Decoder>,
    track: u32,
    buffer: Option<SampleBuffer<f32>>,
    convert: Option<ToMono16k>,
    decoded: u64,
}

ports! {
    /// What a file gives.
    pub enum Sound {
        Audio(Arc<Audio>),
        Gap(Of<Gap>),
    }
}

impl Node for AudioFile {
    const NAME: &'static str = "audio_file";
    const ALSO: &'static [&'static str] = &[
        "file",
        "audio",
        "sound",
        "sound_file",
        "wav",
        "mp3",
        "flac",
        "ogg",
    ];
    const ABOUT: &'static str =
        "Sound from WAV, FLAC, Ogg Vorbis and MP3 files, at any rate and channel count.";
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
        let opened = first.map(Playing::open).transpose();
        opened.map_or_else(wrong, |_| Vec::new())
    }

    fn open(config: &Config, context: &Context) -> Result<AudioFile> {
        let mut files = found(&context.resolve(&config.path))?.into_iter();
        let first = files.next().map(Playing::open).transpose()?;
        Ok(AudioFile {
            source: Arc::clone(&context.id),
            files,
            playing: first,
            ready: Vec::new(),
            first_sample: 0,
            cut_off: None,
            pause: (config.pause_ms * u64::from(SAMPLE_RATE) / 1000) as usize,
            metronome: Metronome::new(config.pace, &context.clock),
        })
    }
}

impl Source for AudioFile {
    type Out = Sound;

    fn is_live(_: &Config) -> bool {
        false
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if self.ready.len() < CHUNK && self.playing.is_some() {
            self.decode()?;
            return Ok(Flow::More);
        }
        if self.ready.is_empty() {
            return self.cut_off.take().map_or(Ok(Flow::Done), Err);
        }
        let at = Time::ZERO.after(duration_of(self.first_sample as usize));
        let count = self.ready.len().min(CHUNK);
        // A chunk can be heard when its last sample has been.
        if self.metronome.is_time(at.after(duration_of(count))) {
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
        let decode = AssertUnwindSafe(|| playing.decode(&mut self.ready));
        if catch_unwind(decode).unwrap_or_else(|_| Err(damaged(&playing.path)))? {
            return Ok(());
        }
        self.cut_off = playing.cut_off();
        self.playing = None;
        if self.cut_off.is_none()
            && let Some(path) = self.files.next()
        {
            self.playing = Some(Playing::open(path)?);
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

/// Some files make symphonia panic.
fn damaged(path: &Path) -> Error {
    Error::fatal(format!("{} is too damaged to be read", path.display()))
}

impl Playing {
    fn open(path: PathBuf) -> Result<Playing> {
        catch_unwind(|| Playing::probe(path.clone())).unwrap_or_else(|_| Err(damaged(&path)))
    }

    fn probe(path: PathBuf) -> Result<Playing> {
        let trouble =
            |error: &dyn std::fmt::Display| Error::fatal(format!("{}: {error}", path.display()));
        let file = File::open(&path).map_err(|error| trouble(&error))?;
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        if let Some(ending) = path.extension().and_then(|it| it.to_str()) {
            hint.with_extension(ending);
        }
        let probed = symphonia::default::get_probe()
            .format(&hint, stream, &Default::default(), &Default::default())
            .map_err(|error| trouble(&format!("no WAV, FLAC, Ogg Vorbis or MP3 file: {error}")))?;
        let format = probed.format;
        let track = format
            .tracks()
            .iter()
            .find(|track| track.codec_params.codec != CODEC_TYPE_NULL)
            .ok_or_else(|| trouble(&"there is no sound in it"))?;
        let decoder = symphonia::default::get_codecs()
            .make(&track.codec_params, &DecoderOptions::default())
            .map_err(|error| trouble(&error))?;
        Ok(Playing {
            track: track.id,
            format,
            decoder,
            path,
            buffer: None,
            convert: None,
            decoded: 0,
        })
    }

    /// Appends what the next packet holds; false at the end of the file.
    fn decode(&mut self, ready: &mut Vec<f32>) -> Result<bool> {
        let packet = match self.format.next_packet() {
            Ok(packet) => packet,
            Err(MediaError::IoError(error))
                if error.kind() == std::io::ErrorKind::UnexpectedEof =>
            {
                return self.finish(ready);
            }
            Err(error) => return Err(Error::fatal(format!("{}: {error}", self.path.display()))),
        };
        if packet.track_id() != self.track {
            return Ok(true);
        }
        let decoded = match self.decoder.decode(&packet) {
            Ok(decoded) => decoded,
            // A damaged packet is skipped, as every player does.
            Err(MediaError::DecodeError(error)) => {
                tracing::debug!(file = %self.path.display(), "damaged packet: {error}");
                return Ok(true);
            }
            Err(error) => return Err(Error::fatal(format!("{}: {error}", self.path.display()))),
        };
        let spec = *decoded.spec();
        let capacity = decoded.capacity();
        let buffer = match &mut self.buffer {
            Some(buffer) if buffer.capacity() >= capacity * spec.channels.count() => buffer,
            slot => slot.insert(SampleBuffer::new(capacity as u64, spec)),
        };
        buffer.copy_interleaved_ref(decoded);
        let convert = match &mut self.convert {
            Some(convert) => convert,
            none => {
                let made = ToMono16k::new(spec.rate, spec.channels.count())
                    .map_err(|error| Error::fatal(format!("{}: {error}", self.path.display())))?;
                none.insert(made)
            }
        };
        convert.push(buffer.samples(), ready);
        self.decoded += (buffer.samples().len() / spec.channels.count()) as u64;
        Ok(true)
    }

    fn finish(&mut self, ready: &mut Vec<f32>) -> Result<bool> {
        if let Some(convert) = &mut self.convert {
            convert.finish(ready);
        }
        if self.decoded == 0 {
            return Err(Error::fatal(format!(
                "{} holds no sound",
                self.path.display()
            )));
        }
        Ok(false)
    }

    /// The error if the file is shorter than it says. MP3 files only guess at their length.
    fn cut_off(&self) -> Option<Error> {
        let params = self.decoder.codec_params();
        let (frames, rate) = params.n_frames.zip(params.sample_rate)?;
        let seconds = |frames: u64| frames as f64 / f64::from(rate);
        let whole = params.codec == CODEC_TYPE_MP3 || self.decoded >= frames;
        (!whole).then(|| {
            Error::fatal(format!(
                "{} is cut off: it holds {:.2} of {:.2} s",
                self.path.display(),
                seconds(self.decoded),
                seconds(frames)
            ))
        })
    }
}
