//! Decodes single pictures, however they come, within limits.

use std::io::{BufRead, Seek};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};

/// Bytes of a picture's pixel before it is made one of three bytes: four colours of 16 bits.
const BYTES_A_PIXEL: u64 = 8;

/// The picture, turned as its EXIF data say. Its size is looked at before room is made for it.
pub fn decoded<R: BufRead + Seek>(
    reader: ImageReader<R>,
    most_pixels: u64,
) -> std::result::Result<RgbImage, String> {
    let mut reader = reader.with_guessed_format().map_err(|it| it.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(most_pixels.saturating_mul(BYTES_A_PIXEL));
    reader.limits(limits);
    let read = || -> image::ImageResult<_> {
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        Ok((decoder.dimensions(), orientation, decoder))
    };
    let ((width, height), orientation, decoder) = read().map_err(|it| it.to_string())?;
    if u64::from(width) * u64::from(height) > most_pixels {
        return Err(format!(
            "{width} x {height} pixels are more than `max_pixels` ({most_pixels}) allows"
        ));
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|it| it.to_string())?;
    if orientation != Orientation::NoTransforms {
        picture.apply_orientation(orientation);
    }
    Ok(picture.into_rgb8())
}
