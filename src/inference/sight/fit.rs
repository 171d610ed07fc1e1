//! Frames into model tensors, and boxes back into frame pixels.
//!
//! A frame is scaled to fit into the input, keeping its proportions, put into the upper left
//! corner, and padded with grey 114, as YOLOX was trained. Scaling is bilinear without
//! anti-aliasing, rounded to whole levels, like OpenCV's INTER_LINEAR, which detectors were trained
//! on. It is ours because it goes from interleaved bytes to planes of floats in one pass, without a
//! scaled picture in between. Processors with AVX2 do it in four fifths of the time, so that is looked
//! for at run time; for 64-bit ARM, dot products and half floats change no instruction of it.

use multiversion::multiversion;

use crate::media::frame::{Frame, PixelFormat};

/// What the padding is filled with.
const PADDING: f32 = 114.0;
/// Weights are whole numbers of this, as in OpenCV.
const ONE: i32 = 1 << 11;

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

/// Where a scaled column or row comes from: the first of two neighbours and their weights.
#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    weights: [i32; 2],
}

/// The taps that scale `from` pixels to `to`, pixel centres on pixel centres.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let step = from as f64 / to as f64;
    let tap = |at: usize| {
        let place = ((at as f64 + 0.5) * step - 0.5).clamp(0.0, (from - 1) as f64);
        let first = place as usize;
        let weight = ((place - first as f64) * f64::from(ONE)).round() as i32;
        Tap {
            first,
            second: (first + 1).min(from - 1),
            weights: [ONE - weight, weight],
        }
    };
    (0..to).map(tap).collect()
}

/// Fills one input tensor, again and again, without allocating.
pub struct Letterbox {
    width: usize,
    height: usize,
    order: PlaneOrder,
    /// The size of frame that the taps are for.
    frame: (u32, u32),
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    /// Two frame rows, scaled in width only, and which rows they are.
    scaled: [(usize, Vec<i32>); 2],
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
            frame: (0, 0),
            columns: Vec::new(),
            rows: Vec::new(),
            scaled: [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())],
            tensor: vec![PADDING; Frame::CHANNELS * width * height],
        }
    }

    /// Fits a frame into the tensor `[3, height, width]`.
    ///
    /// # Errors
    /// In words, if the frame has no pixels.
    pub fn fill(&mut self, frame: &Frame) -> Result<(&[f32], Fit), String> {
        // In double precision and cut, as YOLOX does: one row more moved weak scores by up to 0.09.
        let (width, height) = (f64::from(frame.width), f64::from(frame.height));
        let scale = (self.width as f64 / width).min(self.height as f64 / height);
        let size = ((width * scale) as usize, (height * scale) as usize);
        let bytes = frame.width as usize * frame.height as usize * Frame::CHANNELS;
        if size.0 == 0 || size.1 == 0 || frame.pixels.len() != bytes {
            return Err(format!(
                "a frame of {width} x {height} pixels cannot be scaled"
            ));
        }
        if self.frame != (frame.width, frame.height) {
            self.frame = (frame.width, frame.height);
            self.columns = taps(frame.width as usize, size.0);
            self.rows = taps(frame.height as usize, size.1);
            self.tensor.fill(PADDING);
        }
        self.scale(frame);
        let fit = Fit {
            scale: scale as f32,
            width: width as f32,
            height: height as f32,
        };
        Ok((&self.tensor, fit))
    }

    fn scale(&mut self, frame: &Frame) {
        let swap = match (frame.format, self.order) {
            (PixelFormat::Bgr8, PlaneOrder::Bgr) => false,
            (PixelFormat::Rgb8, PlaneOrder::Bgr) => true,
        };
        let (first, rest) = self.tensor.split_at_mut(self.width * self.height);
        let (second, third) = rest.split_at_mut(self.width * self.height);
        let mut planes = if swap {
            [third, second, first]
        } else {
            [first, second, third]
        };
        // What was kept of the last frame is not this one's.
        self.scaled
            .iter_mut()
            .for_each(|(row, _)| *row = usize::MAX);
        let stride = frame.width as usize * Frame::CHANNELS;
        let columns = self.columns.len();
        for (row, tap) in self.rows.iter().enumerate() {
            if self.scaled[0].0 != tap.first && self.scaled[1].0 == tap.first {
                self.scaled.swap(0, 1);
            }
            for (place, wanted) in [tap.first, tap.second].into_iter().enumerate() {
                let (kept, scaled) = &mut self.scaled[place];
                if *kept != wanted {
                    *kept = wanted;
                    scale_row(
                        &frame.pixels[wanted * stride..][..stride],
                        &self.columns,
                        scaled,
                    );
                }
            }
            let (above, below) = (&self.scaled[0].1, &self.scaled[1].1);
            for (channel, plane) in planes.iter_mut().enumerate() {
                let out = &mut plane[row * self.width..][..columns];
                let (above, below) = (&above[channel * columns..], &below[channel * columns..]);
                blend(above, below, tap.weights, out);
            }
        }
    }
}

/// One row of interleaved bytes, scaled in width: a plane after the other, weights still in it.
#[multiversion(targets("x86_64+avx2"))]
fn scale_row(row: &[u8], columns: &[Tap], scaled: &mut Vec<i32>) {
    scaled.resize(Frame::CHANNELS * columns.len(), 0);
    let (first, rest) = scaled.split_at_mut(columns.len());
    let (second, third) = rest.split_at_mut(columns.len());
    let outs = first.iter_mut().zip(second).zip(third);
    for (tap, ((a, b), c)) in columns.iter().zip(outs) {
        let near = &row[tap.first * Frame::CHANNELS..][..Frame::CHANNELS];
        let far = &row[tap.second * Frame::CHANNELS..][..Frame::CHANNELS];
        let mix =
            |at: usize| i32::from(near[at]) * tap.weights[0] + i32::from(far[at]) * tap.weights[1];
        (*a, *b, *c) = (mix(0), mix(1), mix(2));
    }
}

/// Two scaled rows into one row of whole levels.
#[multiversion(targets("x86_64+avx2"))]
fn blend(above: &[i32], below: &[i32], weights: [i32; 2], out: &mut [f32]) {
    const HALF: i32 = ONE * ONE / 2;
    for ((out, above), below) in out.iter_mut().zip(above).zip(below) {
        *out = ((above * weights[0] + below * weights[1] + HALF) / (ONE * ONE)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32, height: u32, format: PixelFormat, pixel: [u8; 3]) -> Frame {
        let mut frame = Frame::empty();
        let pixels = frame.reshape(width, height, format);
        pixels
            .chunks_exact_mut(3)
            .for_each(|it| it.copy_from_slice(&pixel));
        frame
    }

    #[test]
    fn colours_land_in_their_planes_and_the_rest_is_grey() {
        for (format, pixel) in [
            (PixelFormat::Bgr8, [1, 2, 3]),
            (PixelFormat::Rgb8, [3, 2, 1]),
        ] {
            let mut letterbox = Letterbox::new(8, 8, PlaneOrder::Bgr);
            let (tensor, fit) = letterbox
                .fill(&frame(16, 8, format, pixel))
                .expect("a good frame");
            let rows = |plane: usize| [tensor[plane * 64], tensor[plane * 64 + 63]];
            assert_eq!(
                [rows(0), rows(1), rows(2)],
                [[1.0, 114.0], [2.0, 114.0], [3.0, 114.0]]
            );
            assert_eq!(fit.scale, 0.5);
        }
    }

    #[test]
    fn a_change_of_shape_clears_old_pixels() {
        let mut letterbox = Letterbox::new(8, 8, PlaneOrder::Bgr);
        letterbox
            .fill(&frame(8, 8, PixelFormat::Bgr8, [9; 3]))
            .expect("a good frame");
        let wide = frame(16, 8, PixelFormat::Bgr8, [9; 3]);
        let (tensor, _) = letterbox.fill(&wide).expect("a good frame");
        assert_eq!(tensor[63], 114.0);
    }

    /// Values worked out by hand: 4 pixels to 3 with pixel centres on pixel centres.
    #[test]
    fn scaling_is_bilinear_between_pixel_centres() {
        let mut picture = Frame::empty();
        let levels = [0u8, 100, 200, 40].map(|level| [level; 3]);
        picture
            .reshape(4, 1, PixelFormat::Bgr8)
            .copy_from_slice(levels.as_flattened());
        let mut letterbox = Letterbox::new(3, 8, PlaneOrder::Bgr);
        // One row of four pixels would scale to less than one row.
        assert!(letterbox.fill(&picture).is_err());
        let mut tall = Frame::empty();
        let rows = [levels; 4];
        tall.reshape(4, 4, PixelFormat::Bgr8)
            .copy_from_slice(rows.as_flattened().as_flattened());
        let (tensor, _) = letterbox.fill(&tall).expect("a good frame");
        assert_eq!(tensor[..3], [17.0, 150.0, 67.0]);
    }

    #[test]
    fn boxes_come_back_in_frame_pixels_and_inside_the_frame() {
        let fit = Fit {
            scale: 0.5,
            width: 100.0,
            height: 60.0,
        };
        assert_eq!(
            fit.to_frame([5.0, 10.0, 15.0, 20.0]),
            [10.0, 20.0, 20.0, 20.0]
        );
        assert_eq!(
            fit.to_frame([-5.0, -5.0, 500.0, 500.0]),
            [0.0, 0.0, 100.0, 60.0]
        );
    }
}
