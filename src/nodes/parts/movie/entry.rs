//! How a stream is described in the head of an MP4 file (ISO/IEC 14496-12, -14, -15; RFC 7845; FLAC in ISOBMFF).

use std::fmt;

use mp4_atom::{
    Audio, Avc1, Codec, Dfla, Dops, Esds, Flac, FlacMetadataBlock, Hvc1, Jpeg, Mp4a, Opus, Visual,
    esds,
};

use super::nal::{self, Form};
use super::pcm::{BLOCK, Law};
use super::{adts, parameters};
use crate::media::coded::{Coded, Medium, Stream};

/// What is done to access units on their way into the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// Nothing.
    AsIs,
    /// H.264 or HEVC: units by their lengths, without parameter sets.
    Units(Form),
    /// AAC without the head that each unit has in a transport stream.
    Bare,
    /// Samples are packed as FLAC, without loss: players know no G.711 in MP4.
    Flac(Law),
}

/// A stream as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its description.
    pub codec: Codec,
    /// How its units are written.
    pub form: Written,
    /// Ticks of its times a second.
    pub timescale: u32,
}

/// Why a stream cannot be put into a file, in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// MP4 does not hold such streams.
    Foreign(String),
    /// What its decoder must know has not come yet.
    NotYet(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Foreign(why) | Unfit::NotYet(why) => f.write_str(why),
        }
    }
}

/// Describes the stream of an access unit: pictures by a key picture.
///
/// # Errors
/// That MP4 does not hold it, or that its parameters are missing.
pub fn of(unit: &Coded) -> Result<Entry, Unfit> {
    let stream = &*unit.stream;
    match stream.medium {
        Medium::Picture { width, height } => picture(unit, width, height),
        Medium::Sound { rate, channels } => sound(unit, rate, channels),
    }
}

fn picture(unit: &Coded, width: u32, height: u32) -> Result<Entry, Unfit> {
    let stream = &*unit.stream;
    let too_large = || Unfit::Foreign(format!("pictures of {width}x{height} are too large"));
    let side = |it: u32| u16::try_from(it).map_err(|_| too_large());
    let visual = Visual {
        data_reference_index: 1,
        width: side(width)?,
        height: side(height)?,
        ..Visual::default()
    };
    let missing = || {
        Unfit::NotYet(format!(
            "the {} stream tells no parameter sets",
            stream.codec
        ))
    };
    let units = Written::Units(parameters::form(&stream.codec, &stream.parameters));
    let (codec, form) = match &*stream.codec {
        "h264" => {
            let avcc = parameters::avc(&stream.parameters, &unit.data).ok_or_else(missing)?;
            let entry = Avc1 {
                visual,
                avcc,
                ..Avc1::default()
            };
            (Codec::from(entry), units)
        }
        "hevc" => {
            let hvcc = parameters::hevc(&stream.parameters, &unit.data).ok_or_else(missing)?;
            let entry = Hvc1 {
                visual,
                hvcc,
                ..Hvc1::default()
            };
            (Codec::from(entry), units)
        }
        "mjpeg" => {
            let entry = Jpeg {
                visual,
                ..Jpeg::default()
            };
            (Codec::from(entry), Written::AsIs)
        }
        other => return Err(foreign("pictures", other)),
    };
    Ok(Entry {
        codec,
        form,
        timescale: 90_000,
    })
}

fn sound(unit: &Coded, rate: u32, channels: u16) -> Result<Entry, Unfit> {
    let stream = &*unit.stream;
    let audio = |rate: u32| Audio {
        data_reference_index: 1,
        channel_count: channels,
        sample_size: 16,
        // What does not fit stands in the codec's own description.
        sample_rate: u16::try_from(rate).unwrap_or(0).into(),
    };
    let entry = |codec: Codec, form| Entry {
        codec,
        form,
        timescale: rate.max(1),
    };
    let law = Law::of(&stream.codec);
    Ok(match &*stream.codec {
        "aac" if stream.parameters.is_empty() => {
            let config = adts::config(&unit.data)
                .ok_or_else(|| Unfit::NotYet("the aac stream tells no parameters".to_owned()))?;
            entry(aac(audio(rate), 0x40, config), Written::Bare)
        }
        "aac" => {
            let config = stream.parameters.clone();
            entry(aac(audio(rate), 0x40, config), Written::AsIs)
        }
        "mp3" => entry(aac(audio(rate), 0x6b, Vec::new()), Written::AsIs),
        "opus" => {
            let opus = Opus {
                audio: audio(48_000),
                dops: opus_head(stream, channels),
                btrt: None,
            };
            Entry {
                timescale: 48_000,
                ..entry(opus.into(), Written::AsIs)
            }
        }
        other => {
            let law = law.ok_or_else(|| foreign("sound", other))?;
            entry(flac(audio(rate), rate, channels), Written::Flac(law))
        }
    })
}

fn foreign(what: &str, codec: &str) -> Unfit {
    Unfit::Foreign(format!(
        "{what} coded as {codec} cannot be put into MP4 files"
    ))
}

/// AAC, or what MPEG-4 names likewise, by its object type.
fn aac(audio: Audio, object_type_indication: u8, config: Vec<u8>) -> Codec {
    let specific = (!config.is_empty()).then(|| esds::DecoderSpecific {
        raw: config,
        ..esds::DecoderSpecific::default()
    });
    let dec_config = esds::DecoderConfig {
        object_type_indication,
        stream_type: 5,
        dec_specific: specific,
        ..esds::DecoderConfig::default()
    };
    let es_desc = esds::EsDescriptor {
        dec_config,
        ..esds::EsDescriptor::default()
    };
    let entry = Mp4a {
        audio,
        esds: Esds { es_desc },
        btrt: None,
        taic: None,
    };
    entry.into()
}

/// By its head in Ogg if there is one (RFC 7845, 5.1).
fn opus_head(stream: &Stream, channels: u16) -> Dops {
    let head = stream.parameters.strip_prefix(b"OpusHead").unwrap_or(&[]);
    let number = |at: usize| {
        let bytes = head.get(at..at + 2).and_then(|it| it.try_into().ok());
        bytes.map_or(0, u16::from_le_bytes)
    };
    Dops {
        output_channel_count: channels.min(2) as u8,
        pre_skip: number(2),
        input_sample_rate: 48_000,
        output_gain: number(8) as i16,
        channel_mapping: None,
    }
}

fn flac(audio: Audio, rate: u32, channels: u16) -> Codec {
    let info = FlacMetadataBlock::StreamInfo {
        minimum_block_size: 16,
        maximum_block_size: BLOCK as u16,
        minimum_frame_size: [0; 3].into(),
        maximum_frame_size: [0; 3].into(),
        sample_rate: rate,
        num_channels_minus_one: (channels.clamp(1, 8) - 1) as u8,
        bits_per_sample_minus_one: 15,
        number_of_interchannel_samples: 0,
        md5_checksum: vec![0; 16],
    };
    let dfla = Dfla { blocks: vec![info] };
    Flac { audio, dfla }.into()
}

/// A unit as it stands in the file.
pub fn written(codec: &str, form: &Written, unit: &[u8], to: &mut Vec<u8>) {
    match form {
        Written::AsIs => to.extend_from_slice(unit),
        Written::Bare => to.extend_from_slice(adts::bare(unit)),
        Written::Flac(_) => unreachable!("sound is packed by `pcm`"),
        Written::Units(form) => {
            let units = nal::units(unit, *form).into_iter();
            nal::write(units.filter(|it| parameters::is_sample(codec, it)), to);
        }
    }
}
