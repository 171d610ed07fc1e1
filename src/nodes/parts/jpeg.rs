//! Whether a JPEG file is whole: decoders make up what is missing of a picture that was cut off.

use std::io::{self, BufRead, Seek, SeekFrom};

/// What a segment begins with, before its kind.
const MARKER: u8 = 0xff;
const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the picture's data come to their end (ITU-T T.81, B.1.1). A small picture among the metadata has an end of its
/// own, so these are passed over first.
///
/// # Errors
/// If it breaks off before its data, or cannot be read.
pub fn is_whole(reader: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    reader.seek(SeekFrom::Start(2))?;
    loop {
        let mut head = [0; 4];
        reader.read_exact(&mut head)?;
        let length = i64::from(u16::from_be_bytes([head[2], head[3]]));
        if head[0] != MARKER {
            return Ok(false);
        }
        reader.seek_relative((length - 2).max(0))?;
        if head[1] == START_OF_SCAN {
            return ends(reader);
        }
    }
}

/// Whether there is an end: within a picture's data no other two bytes look like it.
fn ends(reader: &mut impl BufRead) -> io::Result<bool> {
    let mut last = 0;
    loop {
        let bytes = reader.fill_buf()?;
        let Some(newest) = bytes.last().copied() else {
            return Ok(false);
        };
        let ends = [MARKER, END_OF_IMAGE];
        if [last, bytes[0]] == ends || bytes.windows(2).any(|it| it == ends) {
            return Ok(true);
        }
        last = newest;
        let length = bytes.len();
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_picture_is_whole_to_its_last_byte_and_no_sooner() {
        let picture =
            image::RgbImage::from_fn(96, 64, |x, y| image::Rgb([x as u8 * 2, y as u8, 99]));
        let mut file = Cursor::new(Vec::new());
        picture
            .write_to(&mut file, image::ImageFormat::Jpeg)
            .expect("it is in memory");
        let plain = file.into_inner();
        // Metadata with a small picture, as cameras write them.
        let small = [b"Exif\0\0".as_slice(), &plain].concat();
        let length = (small.len() as u16 + 2).to_be_bytes();
        let whole = [&plain[..2], &[0xff, 0xe1], &length, &small, &plain[2..]].concat();
        let is_whole = |bytes: &[u8]| is_whole(&mut Cursor::new(bytes)).unwrap_or(false);
        assert!(is_whole(&plain) && is_whole(&whole));
        for cut in [whole.len() - 1, whole.len() * 3 / 4, small.len() + 8, 40, 3] {
            assert!(!is_whole(&whole[..cut]), "cut at {cut} of {}", whole.len());
        }
    }
}
