//! A video frame.

use std::sync::Arc;

use crate::media::clock::Time;

/// How the bytes of a pixel are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Blue, green, red, one byte each, as OpenCV delivers.
    Bgr8,
    /// Red, green, blue, one byte each, as image files deliver.
    Rgb8,
}

/// One picture. Rows follow each other without padding, three bytes a pixel.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The source node that captured it.
    pub source: Arc<str>,
    /// Counts the frames of this source from 0, also those that a frame rate limit skipped.
    pub seq: u64,
    /// Capture time.
    pub at: Time,
    /// The file of a still picture, as the pipeline file leads to it.
    pub file: Option<Arc<str>>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Layout of `pixels`.
    pub format: PixelFormat,
    /// `width * height * 3` bytes.
    pub pixels: Vec<u8>,
}

impl Frame {
    /// Bytes of a pixel, in every format there is so far.
    pub const CHANNELS: usize = 3;

    /// A frame without pixels, to be filled and recycled.
    pub fn empty() -> Frame {
        Frame {
            source: Arc::from(""),
            seq: 0,
            at: Time::ZERO,
            file: None,
            width: 0,
            height: 0,
            format: PixelFormat::Bgr8,
            pixels: Vec::new(),
        }
    }

    /// Makes room for a picture of this size; allocates only when it grows.
    pub fn reshape(&mut self, width: u32, height: u32, format: PixelFormat) -> &mut [u8] {
        let bytes = width as usize * height as usize * Self::CHANNELS;
        self.width = width;
        self.height = height;
        self.format = format;
        self.pixels.resize(bytes, 0);
        &mut self.pixels
    }
}
