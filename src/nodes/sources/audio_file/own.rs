//! Sound that is decoded here, by symphonia.

use std::cell::Cell;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;

use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{
    CODEC_TYPE_FLAC, CODEC_TYPE_MP3, CODEC_TYPE_NULL, CODEC_TYPE_VORBIS, CodecParameters, Decoder,
    DecoderOptions,
};
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::probe::Hint;

use super::step::{Shape, Step};

/// A file is not read here if nothing of it can be decoded in so many packets.
const ATTEMPTS: usize = 64;
/// What may be missing, in seconds: AIFF files count a few bytes too many, and of lossy sound the length is a guess.
const EXACT: f64 = 0.001;
const ROUGH: f64 = 1.0;

/// A file as it is decoded.
pub struct Own {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn Decoder>,
    track: u32,
    buffer: Option<SampleBuffer<f32>>,
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
        let probed = symphonia::default::get_probe()
            .format(&hint, stream, &Default::default(), &Default::default())
            .map_err(|error| error.to_string())?;
        let format = probed.format;
        let track = format.tracks().iter().find(|it| is_sound(&it.codec_params));
        let track = track.ok_or("no sound that is known here")?;
        let params = &track.codec_params;
        if params.sample_rate == Some(0) || params.bits_per_sample == Some(0) {
            return Err("it claims a rate of 0 Hz or samples of 0 bits".to_owned());
        }
        let decoder = symphonia::default::get_codecs()
            .make(params, &DecoderOptions::default())
            .map_err(|error| error.to_string())?;
        let mut own = Own {
            track: track.id,
            claimed: params.n_frames.filter(|_| exact),
            format,
            decoder,
            buffer: None,
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
            Ok(packet) => packet,
            Err(MediaError::IoError(error))
                if error.kind() == std::io::ErrorKind::UnexpectedEof =>
            {
                return Ok(Packet::End);
            }
            Err(error) => return Err(error.to_string()),
        };
        if packet.track_id() != self.track {
            return Ok(Packet::Other);
        }
        let decoded = match self.decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(MediaError::DecodeError(error)) => return Ok(Packet::Damaged(error.to_owned())),
            Err(error) => return Err(error.to_string()),
        };
        let spec = *decoded.spec();
        let (channels, capacity) = (spec.channels.count(), decoded.capacity());
        self.shape = Shape {
            rate: spec.rate,
            channels,
        };
        if channels == 0 {
            return Err("it claims 0 channels".to_owned());
        }
        let buffer = match &mut self.buffer {
            Some(buffer) if buffer.capacity() >= capacity * channels => buffer,
            slot => slot.insert(SampleBuffer::new(capacity as u64, spec)),
        };
        buffer.copy_interleaved_ref(decoded);
        samples.extend_from_slice(buffer.samples());
        self.decoded += (buffer.samples().len() / channels) as u64;
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
            CODEC_TYPE_MP3 => return None,
            CODEC_TYPE_FLAC | CODEC_TYPE_VORBIS => EXACT,
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

fn is_sound(params: &CodecParameters) -> bool {
    params.codec != CODEC_TYPE_NULL && (params.sample_rate.is_some() || params.channels.is_some())
}

fn is_uncompressed(params: &CodecParameters) -> bool {
    let descriptor = symphonia::default::get_codecs().get_codec(params.codec);
    descriptor.is_some_and(|it| it.short_name.starts_with("pcm"))
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
