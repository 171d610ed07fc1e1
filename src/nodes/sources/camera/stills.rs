//! Pictures as frames, in the order of their names, one second apart, upright.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::{Config, RateLimit};
use crate::media::clock::Time;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::recycle::Recycle;
use crate::pipeline::blocking::Blocking;
use crate::pipeline::context::Context;
use crate::pipeline::node::{Error, Result};

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
    let source = Arc::clone(&context.id);
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
