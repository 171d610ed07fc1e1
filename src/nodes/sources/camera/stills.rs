//! Pictures as frames, in the order of their names, one second apart, upright.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::config::Config;
use super::rate::RateLimit;
use crate::media::clock::Time;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::recycle::Recycle;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Finds the pictures and starts to read them.
pub fn start(pattern: &Path, config: &Config, context: &Context) -> Result<Blocking<Arc<Frame>>> {
    let text = pattern.to_string_lossy();
    let found = glob::glob(&text).map_err(|error| Error::fatal(format!("{text}: {error}")))?;
    let pictures: Vec<PathBuf> = found
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::fatal(error.to_string()))?;
    if pictures.is_empty() {
        return Err(Error::fatal(format!("there is no picture {text}")));
    }
    let (source, base) = (Arc::clone(&context.id), context.base.clone());
    let mut limit = RateLimit::new(config.fps);
    let mut pool = Recycle::new(Frame::empty);
    let read = move |numbered: &mut std::iter::Enumerate<std::vec::IntoIter<PathBuf>>| {
        let due = numbered.find(|(number, _)| limit.passes(Time::from_secs_f64(*number as f64)));
        let Some((number, path)) = due else {
            return Ok(None);
        };
        let picture = upright(&path)?;
        let frame = pool.share(|frame| -> Result<()> {
            frame.source = Arc::clone(&source);
            frame.seq = number as u64;
            frame.at = Time::from_secs_f64(number as f64);
            let name = path.strip_prefix(&base).unwrap_or(&path);
            frame.file = Some(name.to_string_lossy().into());
            let rgb = picture.to_rgb8();
            frame
                .reshape(rgb.width(), rgb.height(), PixelFormat::Rgb8)
                .copy_from_slice(rgb.as_raw());
            Ok(())
        })?;
        Ok(Some(frame))
    };
    let numbered = pictures.into_iter().enumerate();
    Ok(Blocking::start("pictures", move || Ok(numbered), read))
}

/// The picture, turned as its EXIF data say.
fn upright(path: &Path) -> Result<DynamicImage> {
    let read = || -> image::ImageResult<DynamicImage> {
        let mut decoder = ImageReader::open(path)?
            .with_guessed_format()?
            .into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    read().map_err(|error| {
        Error::fatal(format!(
            "{} is no picture that can be read: {error}",
            path.display()
        ))
    })
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
