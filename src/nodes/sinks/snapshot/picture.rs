//! Cuts, scales, draws and encodes one picture. The frame is shared and stays as it is.

use std::borrow::Cow;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{crop_imm, thumbnail};
use image::{ExtendedColorType, ImageBuffer, Rgb, RgbImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::draw::Canvas;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::objects::{Object, Objects};
use crate::nodes::parts::looked;
use crate::pipeline::contract::error::{Error, Result};

/// What pictures look like.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Style {
    /// The whole frame, what was found cut out of it, or both, the latter as `…_crop.jpg`.
    pub show: Show,
    /// Of the sides of an object's box, the part that is cut out more on each side.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub margin: f32,
    /// Whether boxes are drawn into the picture, with label, number and score.
    pub boxes: bool,
    /// Wider pictures are scaled down to so many pixels.
    #[schemars(range(min = 32, max = 16_384))]
    pub max_width: u32,
    /// Of the JPEG files, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            show: Show::Whole,
            margin: 0.2,
            boxes: true,
            max_width: 1280,
            quality: 80,
        }
    }
}

/// What of a frame is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// All of it.
    Whole,
    /// The object.
    Crop,
    /// A file of each.
    Both,
}

/// What one file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The frame.
    Whole,
    /// The object.
    Crop,
}

impl View {
    /// What its name says of it.
    pub fn suffix(self) -> Option<&'static str> {
        (self == View::Crop).then_some("crop")
    }
}

impl Style {
    /// The files that are written.
    pub fn views(&self) -> &'static [View] {
        match self.show {
            Show::Whole => &[View::Whole],
            Show::Crop => &[View::Crop],
            Show::Both => &[View::Whole, View::Crop],
        }
    }

    /// A JPEG of the frame of these objects, with the boxes of those that are wanted, or of one of them.
    ///
    /// # Errors
    /// `Fatal` if there is no such frame, or JPEG knows no such size.
    pub fn picture(
        &self,
        objects: &Objects,
        which: usize,
        view: View,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<u8>> {
        let frame = looked::frame(objects)?;
        let all = [0, 0, frame.width, frame.height];
        let bounds = objects.found[which].bounds;
        let part = match view {
            View::Whole => all,
            // What is looked at lies within the frame.
            View::Crop => {
                looked::pixels(bounds, [frame.width, frame.height], self.margin).unwrap_or(all)
            }
        };
        let mut picture = scaled(frame, part, self.max_width)?;
        let shown: Vec<usize> = match view {
            _ if !self.boxes => Vec::new(),
            View::Whole => (0..objects.found.len())
                .filter(|it| is_wanted(*it))
                .collect(),
            View::Crop => vec![which],
        };
        for object in shown.into_iter().map(|it| &objects.found[it]) {
            draw(&mut picture, part, object);
        }
        let (width, height) = picture.dimensions();
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, self.quality)
            .encode(&picture, width, height, ExtendedColorType::Rgb8)
            .map_err(|it| Error::fatal(format!("a picture of {width} x {height} pixels: {it}")))?;
        Ok(jpeg)
    }
}

/// A part of a frame, red first, no wider than `most` pixels.
fn scaled(frame: &Frame, [x, y, width, height]: [u32; 4], most: u32) -> Result<RgbImage> {
    let lacks = || Error::fatal("a frame has fewer pixels than its size says");
    let mut picture = if width > most {
        let pixels = &frame.pixels[..];
        let whole = ImageBuffer::<Rgb<u8>, _>::from_raw(frame.width, frame.height, pixels);
        let whole = whole.ok_or_else(lacks)?;
        let high = u64::from(height) * u64::from(most) / u64::from(width);
        thumbnail(
            &*crop_imm(&whole, x, y, width, height),
            most,
            (high as u32).max(1),
        )
    } else {
        let mut part = Frame::empty();
        frame.cut([x, y, width, height], &mut part);
        RgbImage::from_raw(width, height, part.pixels).ok_or_else(lacks)?
    };
    if frame.format == PixelFormat::Bgr8 {
        picture.pixels_mut().for_each(|it| it.0.reverse());
    }
    Ok(picture)
}

/// Draws an object's box into a picture of this part of its frame.
fn draw(picture: &mut RgbImage, [x, y, width, height]: [u32; 4], object: &Object) {
    let (to_width, to_height) = picture.dimensions();
    let across = to_width as f32 / width as f32;
    let down = to_height as f32 / height as f32;
    let [left, top, wide, high] = object.bounds;
    let bounds = [
        (left - x as f32) * across,
        (top - y as f32) * down,
        wide * across,
        high * down,
    ];
    let number = object.more.as_ref().and_then(|it| it.track);
    let number = number.map_or(Cow::from(""), |it| format!(" {it}").into());
    let words = format!("{}{number} {:.2}", object.label, object.score);
    let mut canvas = Canvas::new(picture, to_width, to_height, PixelFormat::Rgb8);
    canvas.labelled(bounds, &words, &object.label);
}
