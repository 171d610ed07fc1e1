//! The form that everything has on the way: a header as JSON, and beside it a JPEG, samples or the JSON of an event.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageReader};
use serde::{Deserialize, Serialize};

use super::scene::Scene;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::kind::Lane;
use crate::nodes::parts::{jpeg, still};

/// No message is larger, whatever it says of itself.
pub const LARGEST: usize = 16 << 20;
/// Of this form.
const VERSION: u32 = 1;
/// What a JPEG begins with.
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];
/// JPEG knows no longer side.
const LONGEST_SIDE: u32 = u16::MAX as u32;

/// What stands beside the payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    v: u32,
    /// Tells one run of the sender from another.
    pub run: u64,
    /// Counts from 0 what this run has sent with this key: a jump is a loss.
    pub number: u64,
    /// Capture time: nanoseconds since 1970.
    pub wall_ns: i64,
    /// What the payload is.
    pub what: What,
}

/// What a payload is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A JPEG.
    Frame {
        /// Sequence number.
        seq: u64,
    },
    /// Samples, little-endian 32-bit floats, 16 kHz, one channel.
    Audio {
        /// Index of the first.
        first_sample: u64,
    },
    /// The picture in which they were found, as a JPEG, or nothing.
    Objects(Scene),
    /// The line of JSON.
    Event {
        /// Capture time on the sender's own clock, in nanoseconds since its run began: what the times in the line count from.
        at: u64,
    },
}

/// A header with what stands beside it.
pub struct Letter {
    /// What it is.
    pub header: Header,
    /// All of it.
    pub payload: Vec<u8>,
}

impl Header {
    /// Of what was captured at this time.
    pub fn new(run: u64, number: u64, wall_ns: i64, what: What) -> Header {
        Header {
            v: VERSION,
            run,
            number,
            wall_ns,
            what,
        }
    }

    /// As it is sent.
    pub fn written(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a header holds nothing that JSON cannot say")
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(bytes: &[u8]) -> Result<Header, String> {
        let header: Header =
            serde_json::from_slice(bytes).map_err(|it| format!("its header is none: {it}"))?;
        match header.v {
            VERSION => Ok(header),
            other => Err(format!("it has version {other}, and not {VERSION}")),
        }
    }
}

impl What {
    /// Where it belongs.
    pub fn lane(&self) -> Lane {
        match self {
            What::Frame { .. } => Lane::Frame,
            What::Audio { .. } => Lane::Audio,
            What::Objects(_) => Lane::Objects,
            What::Event { .. } => Lane::Event,
        }
    }
}

/// A frame as a JPEG of this quality, 1 to 100.
///
/// # Errors
/// That it is too large for one.
pub fn coded(frame: &Frame, quality: u8) -> Result<Vec<u8>, String> {
    let (width, height) = (frame.width, frame.height);
    if width.max(height) > LONGEST_SIDE || width.min(height) == 0 {
        return Err(format!("{width} x {height} pixels are no size for a JPEG"));
    }
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    let mut encode = |pixels: &[u8]| encoder.encode(pixels, width, height, ExtendedColorType::Rgb8);
    let encoded = match frame.format {
        PixelFormat::Rgb8 => encode(&frame.pixels),
        PixelFormat::Bgr8 => {
            let mut turned = frame.pixels.clone();
            let pixels = turned.chunks_exact_mut(Frame::CHANNELS);
            pixels.for_each(<[u8]>::reverse);
            encode(&turned)
        }
    };
    encoded.map_err(|it| it.to_string())?;
    Ok(bytes)
}

/// The pixels of a JPEG, red first, with width and height.
///
/// # Errors
/// Why it is no picture that may be decoded.
pub fn decoded(bytes: &[u8], most_pixels: u64) -> Result<(Vec<u8>, [u32; 2]), String> {
    let mut reader = std::io::Cursor::new(bytes);
    if !bytes.starts_with(&JPEG) || !jpeg::is_whole(&mut reader).unwrap_or(false) {
        return Err("this is no whole JPEG".to_owned());
    }
    let picture = still::decoded(ImageReader::new(std::io::Cursor::new(bytes)), most_pixels)?;
    let size = [picture.width(), picture.height()];
    Ok((picture.into_raw(), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32, height: u32, format: PixelFormat) -> Frame {
        let mut frame = Frame::empty();
        let pixels = frame.reshape(width, height, format);
        for (at, byte) in pixels.iter_mut().enumerate() {
            *byte = if at % 3 == 0 { 200 } else { 40 };
        }
        frame
    }

    #[test]
    fn a_frame_has_its_size_and_colours_on_the_other_side() {
        for (format, expected) in [
            (PixelFormat::Rgb8, [200, 40, 40]),
            (PixelFormat::Bgr8, [40, 40, 200]),
        ] {
            let jpeg = coded(&frame(64, 48, format), 90).expect("it fits");
            let (pixels, size) = decoded(&jpeg, 10_000).expect("it is whole");
            assert_eq!(size, [64, 48]);
            let off = |at: usize| pixels[at].abs_diff(expected[at]);
            assert!((0..3).all(|at| off(at) < 8), "{:?}", &pixels[..3]);
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_not_decoded() {
        let jpeg = coded(&frame(64, 48, PixelFormat::Rgb8), 90).expect("it fits");
        let refused = |bytes: &[u8], most| decoded(bytes, most).err().unwrap_or_default();
        assert!(
            refused(&jpeg, 3_000).contains("3072") || refused(&jpeg, 3_000).contains("64 x 48")
        );
        for bytes in [
            &b""[..],
            b"rubbish",
            &jpeg[..jpeg.len() - 2],
            b"\x89PNG\r\n\x1a\n",
        ] {
            assert!(refused(bytes, 10_000).contains("no whole JPEG"));
        }
        assert!(coded(&frame(0, 0, PixelFormat::Rgb8), 90).is_err());
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = Header::new(u64::MAX, 7, -1, What::Audio { first_sample: 9 });
        let read = Header::read(&header.written()).expect("it is one");
        assert_eq!(format!("{read:?}"), format!("{header:?}"));
        for (bytes, said) in [
            (&b"{}"[..], "its header is none"),
            (b"\xff", "its header is none"),
            (
                br#"{"v":2,"run":1,"number":1,"wall_ns":1,"what":{"kind":"frame","seq":1}}"#,
                "version 2",
            ),
        ] {
            let told = Header::read(bytes).err().unwrap_or_default();
            assert!(told.contains(said), "{told}");
        }
    }
}
