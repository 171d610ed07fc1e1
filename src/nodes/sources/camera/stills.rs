//! Pictures as frames, in the order of their names, one second apart, upright. One that cannot be read is told of and
//! passed over.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::iter::Enumerate;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec::IntoIter;

use image::{ImageFormat, ImageReader, RgbImage};

use super::config::Config;
use super::medium::is_picture;
use super::rate::RateLimit;
use super::room::Room;
use super::shot::Shot;
use crate::media::clock::Time;
use crate::media::frame::PixelFormat;
use crate::nodes::parts::{jpeg, still};
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Finds the pictures and starts to read them.
pub fn start(pattern: &Path, config: &Config, context: &Context) -> Result<Blocking<Shot>> {
    let pictures = found(pattern)?;
    let mut album = Album {
        source: Arc::clone(&context.id),
        base: context.base.clone(),
        limit: RateLimit::new(config.fps),
        room: Room::new(config),
        most_pixels: config.max_pixels,
        begins_at: config.begins_at_s,
        seen: 0,
        first_lost: None,
    };
    let numbered = pictures.into_iter().enumerate();
    Ok(Blocking::start(
        "pictures",
        move || Ok(numbered),
        move |numbered| album.next(numbered),
    ))
}

/// What a pattern leads to, in the order of names; where it leads to pictures and other files, the pictures.
pub fn found(pattern: &Path) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let found = glob::glob(&text).map_err(|error| Error::fatal(format!("{text}: {error}")))?;
    let all = found
        .filter(|it| it.as_ref().map_or(true, |path| path.is_file()))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(Error::fatal)?;
    let pictures: Vec<PathBuf> = all.iter().filter(|it| is_picture(it)).cloned().collect();
    match (pictures.is_empty(), all.is_empty()) {
        (false, _) => Ok(pictures),
        (true, false) => Ok(all),
        (true, true) => Err(Error::fatal(format!("there is no picture {text}"))),
    }
}

/// Pictures that are read one after the other.
struct Album {
    source: Arc<str>,
    base: PathBuf,
    limit: RateLimit,
    room: Room,
    most_pixels: u64,
    begins_at: f64,
    /// Pictures that could be read.
    seen: usize,
    /// Why the first could not that could not.
    first_lost: Option<String>,
}

impl Album {
    fn next(&mut self, numbered: &mut Enumerate<IntoIter<PathBuf>>) -> Result<Option<Shot>> {
        let begins_at = self.begins_at;
        let at = |number: usize| Time::from_secs_f64(begins_at + number as f64);
        let Some((number, path)) = numbered.find(|it| self.limit.passes(at(it.0))) else {
            return match self.first_lost.take().filter(|_| self.seen == 0) {
                Some(why) => Err(Error::fatal(format!("no picture could be read: {why}"))),
                None => Ok(None),
            };
        };
        let picture = match upright(&path, self.most_pixels) {
            Ok(picture) => picture,
            Err(why) => {
                let why = why.trim().replace('\n', " ");
                let why = format!("{} is no picture that can be read: {why}", path.display());
                tracing::warn!(node = %self.source, "{why}; going on with the next");
                self.first_lost.get_or_insert_with(|| why.clone());
                return Ok(Some(Shot::lost(at(number), why)));
            }
        };
        self.seen += 1;
        let frame = self.room.share(|frame| -> Result<()> {
            frame.source = Arc::clone(&self.source);
            (frame.seq, frame.at) = (number as u64, at(number));
            let name = path.strip_prefix(&self.base).unwrap_or(&path);
            frame.file = Some(name.to_string_lossy().into());
            frame
                .reshape(picture.width(), picture.height(), PixelFormat::Rgb8)
                .copy_from_slice(picture.as_raw());
            Ok(())
        })?;
        Ok(Some(Shot::Frame(frame)))
    }
}

fn upright(path: &Path, most_pixels: u64) -> std::result::Result<RgbImage, String> {
    let mut file = BufReader::new(File::open(path).map_err(|it| it.to_string())?);
    let reader = ImageReader::new(&mut file).with_guessed_format();
    let format = reader.map_err(|it| it.to_string())?.format();
    if format == Some(ImageFormat::Jpeg) && !jpeg::is_whole(&mut file).unwrap_or(false) {
        return Err("it is cut off".to_owned());
    }
    file.rewind().map_err(|it| it.to_string())?;
    still::decoded(ImageReader::new(file), most_pixels)
}

#[cfg(test)]
mod tests {
    use crate::media::packet::Packet;
    use crate::nodes;
    use crate::pipeline::contract::testing::drive;

    /// A JPEG of two black and two white columns whose EXIF data say how the camera was held.
    fn jpeg(orientation: u8) -> Vec<u8> {
        let mut picture = image::RgbImage::new(64, 32);
        let white = picture.enumerate_pixels_mut().filter(|(x, _, _)| *x >= 32);
        white.for_each(|(_, _, pixel)| *pixel = image::Rgb([255; 3]));
        let mut plain = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut plain, image::ImageFormat::Jpeg)
            .expect("a picture can be written to memory");
        // Big-endian TIFF with one entry: tag 0x0112, type SHORT, one value.
        let mut exif =
            b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
        let plain = plain.into_inner();
        [&plain[..2], &exif, &plain[2..]].concat()
    }

    #[test]
    fn pictures_come_upright_in_the_order_of_their_names() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        for (name, orientation) in [("b.jpg", 6), ("a.jpg", 1), ("c.jpg", 3)] {
            std::fs::write(directory.path().join(name), jpeg(orientation)).expect("writable");
        }
        let ty = nodes::find("camera").expect("it is always there");
        let options = format!("uri = {:?}", directory.path().join("*.jpg"));
        let packets = drive(ty, &options, []).expect("pictures");
        let seen = packets.iter().map(|packet| match packet {
            Packet::Frame(frame) => {
                let bright =
                    |x: usize, y: usize| frame.pixels[(y * frame.width as usize + x) * 3] > 127;
                let right = bright(frame.width as usize - 4, 4);
                (
                    frame.width,
                    frame.height,
                    bright(4, 4),
                    right,
                    frame.at.as_secs_f64(),
                )
            }
            other => panic!("unexpected {}", other.kind()),
        });
        // White on the right; below after a quarter turn; on the left after half a turn.
        let expected = [
            (64, 32, false, true, 0.0),
            (32, 64, false, false, 1.0),
            (64, 32, true, false, 2.0),
        ];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }
}
