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

impl PixelFormat {
    /// How much each byte of a pixel counts for its brightness, in parts of 256, by ITU-R BT.601.
    pub fn luma(self) -> [u32; Frame::CHANNELS] {
        match self {
            PixelFormat::Rgb8 => [77, 150, 29],
            PixelFormat::Bgr8 => [29, 150, 77],
        }
    }
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
    /// Where it was cut out, unless it is as it was captured.
    pub part: Option<Part>,
}

/// From where a frame was cut out.
#[derive(Clone, Debug)]
pub struct Part {
    /// The frame as it was captured.
    pub of: Arc<Frame>,
    /// Pixels of that to the left and above.
    pub at: [u32; 2],
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
            part: None,
        }
    }

    /// The frame as it was captured, of which this may be a part.
    pub fn whole(self: &Arc<Frame>) -> &Arc<Frame> {
        self.part.as_ref().map_or(self, |it| &it.of)
    }

    /// Pixels to the left and above in the frame as it was captured.
    pub fn origin(&self) -> [u32; 2] {
        self.part.as_ref().map_or([0; 2], |it| it.at)
    }

    /// Copies the pixels of a part, `[x, y, width, height]`, which lies within the frame.
    pub fn cut(&self, [x, y, width, height]: [u32; 4], into: &mut Frame) {
        let bytes = |pixels: u32| pixels as usize * Self::CHANNELS;
        let from = self.pixels.chunks_exact(bytes(self.width));
        let to = into.reshape(width, height, self.format);
        for (to, from) in to.chunks_exact_mut(bytes(width)).zip(from.skip(y as usize)) {
            to.copy_from_slice(&from[bytes(x)..][..bytes(width)]);
        }
    }

    /// Copies what it shows and where that comes from, into a frame that is no part of another: whoever changes a picture
    /// leaves what it was cut out of behind.
    pub fn copy(&self, into: &mut Frame) {
        into.reshape(self.width, self.height, self.format)
            .copy_from_slice(&self.pixels);
        into.source.clone_from(&self.source);
        into.file.clone_from(&self.file);
        (into.seq, into.at, into.part) = (self.seq, self.at, None);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_pixels_of_its_place() {
        let mut frame = Frame::empty();
        let pixels = frame.reshape(4, 3, PixelFormat::Rgb8);
        for (at, pixel) in pixels.chunks_exact_mut(Frame::CHANNELS).enumerate() {
            pixel.fill(at as u8);
        }
        let mut part = Frame::empty();
        frame.cut([1, 1, 2, 2], &mut part);
        assert_eq!((part.width, part.height), (2, 2));
        assert_eq!(
            part.pixels,
            [[5; 3], [6; 3], [9; 3], [10; 3]].as_flattened()
        );
    }
}
