//! Frames into model tensors.
//!
//! A frame is scaled to the place that its [`Picture`] gives it, and what is left of the input is
//! padding. Scaling is bilinear without anti-aliasing, rounded to whole levels, like OpenCV's
//! INTER_LINEAR, which detectors were trained on. It is ours because it goes from interleaved bytes
//! to planes of floats in one pass, without a scaled picture in between. Processors with AVX2 do it in
//! four fifths of the time, so that is looked for at run time; for 64-bit ARM, dot products and half
//! floats change no instruction of it.

use multiversion::multiversion;

use super::picture::{Colours, Fit, Picture};
use crate::media::frame::{Frame, PixelFormat};

/// Weights are whole numbers of this, as in OpenCV.
const ONE: i32 = 1 << 11;

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
    picture: Picture,
    /// The size of frame that the taps and the fit are for.
    frame: (u32, u32),
    fit: Option<Fit>,
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    /// Two frame rows, scaled in width only, and which rows they are.
    scaled: [(usize, Vec<i32>); 2],
    /// Planes of floats: all of one colour, then all of the next.
    tensor: Vec<f32>,
}

impl Letterbox {
    /// For a model input of so many pixels.
    pub fn new(width: usize, height: usize, picture: Picture) -> Letterbox {
        Letterbox {
            width,
            height,
            picture,
            frame: (0, 0),
            fit: None,
            columns: Vec::new(),
            rows: Vec::new(),
            scaled: [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())],
            tensor: vec![0.0; Frame::CHANNELS * width * height],
        }
    }

    /// Fits a frame into the tensor `[3, height, width]`.
    ///
    /// # Errors
    /// In words, if the frame has no pixels, or too few of them for one of the input.
    pub fn fill(&mut self, frame: &Frame) -> Result<(&[f32], Fit), String> {
        let bytes = frame.width as usize * frame.height as usize * Frame::CHANNELS;
        let fit = match self.fit {
            _ if frame.pixels.len() != bytes => Err(unfit(frame))?,
            Some(fit) if self.frame == (frame.width, frame.height) => fit,
            _ => self.prepare(frame)?,
        };
        self.scale(frame, fit.offset);
        Ok((&self.tensor, fit))
    }

    /// Taps and padding for frames of another size.
    fn prepare(&mut self, frame: &Frame) -> Result<Fit, String> {
        let (width, height) = (frame.width, frame.height);
        let input = [self.width, self.height];
        let (fit, size) = self.picture.fit([width, height].map(f64::from), input);
        if size.contains(&0) {
            return Err(unfit(frame));
        }
        self.frame = (width, height);
        self.columns = taps(width as usize, size[0]);
        self.rows = taps(height as usize, size[1]);
        for (colour, plane) in self
            .tensor
            .chunks_exact_mut(input[0] * input[1])
            .enumerate()
        {
            plane.fill(
                (self.picture.padding - self.picture.mean[colour]) / self.picture.std[colour],
            );
        }
        self.fit = Some(fit);
        Ok(fit)
    }

    fn scale(&mut self, frame: &Frame, [left, top]: [usize; 2]) {
        let swap = match (frame.format, self.picture.colours) {
            (PixelFormat::Bgr8, Colours::Bgr) | (PixelFormat::Rgb8, Colours::Rgb) => false,
            (PixelFormat::Rgb8, Colours::Bgr) | (PixelFormat::Bgr8, Colours::Rgb) => true,
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
                let out = &mut plane[(top + row) * self.width + left..][..columns];
                let (above, below) = (&above[channel * columns..], &below[channel * columns..]);
                blend(above, below, tap.weights, out);
                let colour = if swap { 2 - channel } else { channel };
                let (mean, std) = (self.picture.mean[colour], self.picture.std[colour]);
                if (mean, std) != (0.0, 1.0) {
                    out.iter_mut().for_each(|it| *it = (*it - mean) / std);
                }
            }
        }
    }
}

fn unfit(frame: &Frame) -> String {
    let (width, height) = (frame.width, frame.height);
    format!("a frame of {width} x {height} pixels cannot be scaled")
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
    use crate::inference::sight::picture::Place;

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
            let mut letterbox = Letterbox::new(8, 8, Picture::PLAIN);
            let (tensor, fit) = letterbox
                .fill(&frame(16, 8, format, pixel))
                .expect("a good frame");
            let rows = |plane: usize| [tensor[plane * 64], tensor[plane * 64 + 63]];
            assert_eq!(
                [rows(0), rows(1), rows(2)],
                [[1.0, 114.0], [2.0, 114.0], [3.0, 114.0]]
            );
            assert_eq!(fit.scale, [0.5; 2]);
        }
    }

    #[test]
    fn a_change_of_shape_clears_old_pixels() {
        let mut letterbox = Letterbox::new(8, 8, Picture::PLAIN);
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
        let mut letterbox = Letterbox::new(3, 8, Picture::PLAIN);
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
    fn a_family_gets_its_place_and_its_numbers() {
        let picture = Picture {
            place: Place::Centre,
            colours: Colours::Rgb,
            mean: [1.0, 2.0, 3.0],
            std: [2.0, 1.0, 0.5],
            padding: 5.0,
        };
        let mut letterbox = Letterbox::new(8, 8, picture);
        let (tensor, _) = letterbox
            .fill(&frame(16, 8, PixelFormat::Bgr8, [9, 8, 7]))
            .expect("a good frame");
        let column = |plane: usize| [1, 2, 5, 6].map(|row| tensor[plane * 64 + row * 8]);
        assert_eq!(column(0), [2.0, 3.0, 3.0, 2.0]);
        assert_eq!(column(1), [3.0, 6.0, 6.0, 3.0]);
        assert_eq!(column(2), [4.0, 12.0, 12.0, 4.0]);
    }
}
