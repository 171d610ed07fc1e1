//! Frames into model tensors, and boxes back into frame pixels.
//!
//! A frame is scaled to fit into the input, keeping its proportions, put into the upper left
//! corner, and padded with grey 114, as YOLOX was trained. Scaling is bilinear without
//! anti-aliasing and rounds to bytes, like OpenCV's INTER_LINEAR: detectors were trained on that.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ImageView, ResizeAlg, ResizeOptions, Resizer};

use crate::media::frame::{Frame, PixelFormat};

/// What the padding is filled with.
const PADDING: f32 = 114.0;

/// The order of colours that a model wants in its planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneOrder {
    /// Blue first.
    Bgr,
}

/// How a frame was fitted into the input of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Model pixels per frame pixel.
    pub scale: f32,
    /// Frame width in pixels.
    pub width: f32,
    /// Frame height in pixels.
    pub height: f32,
}

impl Fit {
    /// A box `[left, top, right, bottom]` in model pixels as `[x, y, width, height]` in frame
    /// pixels, cut to the frame.
    pub fn to_frame(&self, [left, top, right, bottom]: [f32; 4]) -> [f32; 4] {
        let left = (left / self.scale).clamp(0.0, self.width);
        let right = (right / self.scale).clamp(0.0, self.width);
        let top = (top / self.scale).clamp(0.0, self.height);
        let bottom = (bottom / self.scale).clamp(0.0, self.height);
        [left, top, right - left, bottom - top]
    }
}

/// Fills one input tensor, again and again, without allocating.
pub struct Letterbox {
    width: usize,
    height: usize,
    order: PlaneOrder,
    resizer: Resizer,
    scaled: TypedImage<'static, U8x3>,
    /// Planes of floats, 0 to 255: all of one colour, then all of the next.
    tensor: Vec<f32>,
}

impl Letterbox {
    /// For a model input of so many pixels.
    pub fn new(width: usize, height: usize, order: PlaneOrder) -> Letterbox {
        Letterbox {
            width,
            height,
            order,
            resizer: Resizer::new(),
            scaled: TypedImage::new(1, 1),
            tensor: vec![PADDING; Frame::CHANNELS * width * height],
        }
    }

    /// Fits a frame into the tensor `[3, height, width]`.
    ///
    /// # Errors
    /// In words, if the frame has no pixels.
    pub fn fill(&mut self, frame: &Frame) -> Result<(&[f32], Fit), String> {
        let (width, height) = (frame.width as f32, frame.height as f32);
        let scale = (self.width as f32 / width).min(self.height as f32 / height);
        let fit = Fit {
            scale,
            width,
            height,
        };
        let size = ((width * scale) as u32, (height * scale) as u32);
        if size.0 == 0 || size.1 == 0 {
            return Err(format!("a frame of {width} x {height} pixels cannot be scaled"));
        }
        if (self.scaled.width(), self.scaled.height()) != size {
            self.scaled = TypedImage::new(size.0, size.1);
            self.tensor.fill(PADDING);
        }
        let source = TypedImageRef::<U8x3>::from_buffer(frame.width, frame.height, &frame.pixels)
            .map_err(|error| error.to_string())?;
        let bilinear = ResizeAlg::Interpolation(FilterType::Bilinear);
        let options = ResizeOptions::new().resize_alg(bilinear);
        self.resizer
            .resize_typed(&source, &mut self.scaled, &options)
            .map_err(|error| error.to_string())?;
        self.spread(frame.format);
        Ok((&self.tensor, fit))
    }

    /// Interleaved bytes to planes of floats.
    fn spread(&mut self, format: PixelFormat) {
        let swap = match (format, self.order) {
            (PixelFormat::Bgr8, PlaneOrder::Bgr) => false,
            (PixelFormat::Rgb8, PlaneOrder::Bgr) => true,
        };
        let columns = self.scaled.width() as usize;
        let (first, rest) = self.tensor.split_at_mut(self.width * self.height);
        let (second, third) = rest.split_at_mut(self.width * self.height);
        let (first, third) = if swap { (third, first) } else { (first, third) };
        for (row, pixels) in self.scaled.pixels().chunks_exact(columns).enumerate() {
            let start = row * self.width;
            let a = &mut first[start..start + columns];
            let b = &mut second[start..start + columns];
            let c = &mut third[start..start + columns];
            for (((pixel, a), b), c) in pixels.iter().zip(a).zip(b).zip(c) {
                *a = f32::from(pixel.0[0]);
                *b = f32::from(pixel.0[1]);
                *c = f32::from(pixel.0[2]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32, height: u32, format: PixelFormat, pixel: [u8; 3]) -> Frame {
        let mut frame = Frame::empty();
        let pixels = frame.reshape(width, height, format);
        pixels.chunks_exact_mut(3).for_each(|it| it.copy_from_slice(&pixel));
        frame
    }

    #[test]
    fn colours_land_in_their_planes_and_the_rest_is_grey() {
        for (format, pixel) in [(PixelFormat::Bgr8, [1, 2, 3]), (PixelFormat::Rgb8, [3, 2, 1])] {
            let mut letterbox = Letterbox::new(8, 8, PlaneOrder::Bgr);
            let (tensor, fit) = letterbox.fill(&frame(16, 8, format, pixel)).expect("a good frame");
            let rows = |plane: usize| [tensor[plane * 64], tensor[plane * 64 + 63]];
            assert_eq!([rows(0), rows(1), rows(2)], [[1.0, 114.0], [2.0, 114.0], [3.0, 114.0]]);
            assert_eq!(fit.scale, 0.5);
        }
    }

    #[test]
    fn a_change_of_shape_clears_old_pixels() {
        let mut letterbox = Letterbox::new(8, 8, PlaneOrder::Bgr);
        letterbox.fill(&frame(8, 8, PixelFormat::Bgr8, [9; 3])).expect("a good frame");
        let wide = frame(16, 8, PixelFormat::Bgr8, [9; 3]);
        let (tensor, _) = letterbox.fill(&wide).expect("a good frame");
        assert_eq!(tensor[63], 114.0);
    }

    #[test]
    fn boxes_come_back_in_frame_pixels_and_inside_the_frame() {
        let fit = Fit {
            scale: 0.5,
            width: 100.0,
            height: 60.0,
        };
        assert_eq!(fit.to_frame([5.0, 10.0, 15.0, 20.0]), [10.0, 20.0, 20.0, 20.0]);
        assert_eq!(fit.to_frame([-5.0, -5.0, 500.0, 500.0]), [0.0, 0.0, 100.0, 60.0]);
    }
}
