//! Sound that is decoded here, by symphonia.

use std::cell::Cell;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, CODEC_ID_NULL_AUDIO,
};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};

use super::step::{Shape, Step};

/// A file is not read here if nothing of it can be decoded in so many packets.
const ATTEMPTS: usize = 64;
/// What may be missing, in seconds: AIFF files count a few bytes too many, and of lossy sound the length is a guess.
const EXACT: f64 = 0.001;
const ROUGH: f64 = 1.0;

/// A file as it is decoded.
pub struct Own {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    buffer: Vec<f32>,
    shape: Shape,
    /// The first samples, which have been decoded to see whether that can be done.
    first: Vec<f32>,
    /// Interleaved samples that are not to be heard.
    skip: usize,
    decoded: u64,
    /// Frames by its header, if it knows.
    claimed: Option<u64>,
}

impl Own {
    /// Opens a file whose first bytes are `head`. `exact` is false where its header cannot tell its length.
    ///
    /// # Errors
    /// In words, if it cannot be decoded here.
    pub fn open(path: &Path, file: File, head: Vec<u8>, exact: bool) -> Result<Own, String> {
        guarded(|| Own::probe(path, file, head, exact))
    }

    fn probe(path: &Path, file: File, head: Vec<u8>, exact: bool) -> Result<Own, String> {
        let stream = MediaSourceStream::new(whole(file, head, exact), Default::default());
        let mut hint = Hint::new();
        if let Some(ending) = path.extension().and_then(|it| it.to_str()) {
            hint.with_extension(ending);
        }
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, Default::default(), Default::default())
            .map_err(|error| error.to_string())?;
        let sound = format.tracks().iter().find_map(|it| Some((it, sound(it)?)));
        let (track, params) = sound.ok_or("no sound that is known here")?;
        if params.sample_rate == Some(0) || params.bits_per_sample == Some(0) {
            return Err("it claims a rate of 0 Hz or samples of 0 bits".to_owned());
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .map_err(|error| error.to_string())?;
        let mut own = Own {
            track: track.id,
            claimed: track.num_frames.filter(|_| exact),
            format,
            decoder,
            buffer: Vec::new(),
            shape: Shape::default(),
            first: Vec::new(),
            skip: 0,
            decoded: 0,
        };
        own.begin()?;
        Ok(own)
    }

    /// The same without so many seconds at its beginning.
    pub fn without(mut self, seconds: f64) -> Own {
        let frames = (seconds * f64::from(self.shape.rate)).round();
        self.skip = (frames as usize).saturating_mul(self.shape.channels);
        self
    }

    /// Decodes up to the first sound.
    fn begin(&mut self) -> Result<(), String> {
        let mut first = Vec::new();
        let mut why = "nothing in it can be decoded".to_owned();
        let mut attempts = 0;
        while attempts < ATTEMPTS && first.is_empty() {
            match self.packet(&mut first) {
                Ok(Packet::Other) => {}
                Ok(Packet::Decoded) => attempts += 1,
                Ok(Packet::Damaged(error)) => (attempts, why) = (attempts + 1, error),
                Ok(Packet::End) if attempts == 0 => return Ok(()),
                Ok(Packet::End) => return Err(why),
                Err(error) => return Err(error),
            }
        }
        if first.is_empty() {
            return Err(why);
        }
        self.first = first;
        Ok(())
    }

    /// Appends more interleaved samples.
    ///
    /// # Errors
    /// In words, if it cannot be read any further.
    pub fn read(&mut self, samples: &mut Vec<f32>) -> Result<Step, String> {
        let had = samples.len();
        let step = self.more(samples)?;
        let skipped = self.skip.min(samples.len() - had);
        self.skip -= skipped;
        samples.drain(had..had + skipped);
        Ok(step)
    }

    fn more(&mut self, samples: &mut Vec<f32>) -> Result<Step, String> {
        if !self.first.is_empty() {
            samples.append(&mut self.first);
            return Ok(Step::More(self.shape));
        }
        match guarded(|| self.packet(samples))? {
            Packet::End => Ok(Step::End),
            Packet::Decoded => Ok(Step::More(self.shape)),
            Packet::Other => Ok(Step::Nothing),
            // It is skipped, as every player does.
            Packet::Damaged(error) => {
                tracing::debug!("damaged packet: {error}");
                Ok(Step::Nothing)
            }
        }
    }

    fn packet(&mut self, samples: &mut Vec<f32>) -> Result<Packet, String> {
        let packet = match self.format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(Packet::End),
            Err(MediaError::IoError(error))
                if error.kind() == std::io::ErrorKind::UnexpectedEof =>
            {
                return Ok(Packet::End);
            }
            Err(error) => return Err(error.to_string()),
        };
        if packet.track_id != self.track {
            return Ok(Packet::Other);
        }
        let decoded = match self.decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(MediaError::DecodeError(error)) => return Ok(Packet::Damaged(error.to_owned())),
            Err(error) => return Err(error.to_string()),
        };
        let channels = decoded.spec().channels().count();
        self.shape = Shape {
            rate: decoded.spec().rate(),
            channels,
        };
        if channels == 0 {
            return Err("it claims 0 channels".to_owned());
        }
        decoded.copy_to_vec_interleaved(&mut self.buffer);
        samples.extend_from_slice(&self.buffer);
        self.decoded += (self.buffer.len() / channels) as u64;
        Ok(Packet::Decoded)
    }

    /// What is missing if the file is shorter than it says, in seconds: what it holds, and what it claims.
    pub fn cut_off(&self) -> Option<(f64, f64)> {
        let params = self.decoder.codec_params();
        let rate = f64::from(params.sample_rate?);
        let (held, claimed) = (self.decoded as f64 / rate, self.claimed? as f64 / rate);
        let codec = params.codec;
        let tolerance = match codec {
            // These files only guess.
            CODEC_ID_MP3 => return None,
            CODEC_ID_FLAC | CODEC_ID_VORBIS => EXACT,
            _ if is_uncompressed(params) => EXACT,
            _ => ROUGH,
        };
        (held + tolerance < claimed).then_some((held, claimed))
    }
}

enum Packet {
    Decoded,
    Other,
    Damaged(String),
    End,
}

/// The file from its beginning on; what cannot be rewound, with its first bytes before the rest.
fn whole(mut file: File, head: Vec<u8>, exact: bool) -> Box<dyn MediaSource> {
    if exact && file.rewind().is_ok() {
        return Box::new(file);
    }
    Box::new(ReadOnlySource::new(Cursor::new(head).chain(file)))
}

/// How a track's sound is coded, if it is sound that a decoder could be had for.
fn sound(track: &Track) -> Option<&AudioCodecParameters> {
    let params = track.codec_params.as_ref()?.audio()?;
    let known = params.codec != CODEC_ID_NULL_AUDIO;
    (known && (params.sample_rate.is_some() || params.channels.is_some())).then_some(params)
}

fn is_uncompressed(params: &AudioCodecParameters) -> bool {
    let decoder = symphonia::default::get_codecs().get_audio_decoder(params.codec);
    decoder.is_some_and(|it| it.codec.info.short_name.starts_with("pcm"))
}

/// Some files make symphonia panic: that is an error like others, and told as one.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    thread_local!(static GUARDED: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match GUARDED.get() {
            true => tracing::debug!("symphonia: {panic}"),
            false => told(panic),
        }));
    });
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    result.unwrap_or_else(|_| Err("it is too damaged to be read".to_owned()))
}
