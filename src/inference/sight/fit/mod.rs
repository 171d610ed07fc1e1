//! Frames into model tensors.
//!
//! A frame is scaled to the place that its [`Picture`] gives it, and what is left of the input is
//! padding. Scaling is bilinear without anti-aliasing, rounded to whole levels, like OpenCV's
//! INTER_LINEAR, which detectors were trained on. It is ours because it goes from interleaved bytes
//! to planes of floats row by row, without a scaled picture in between (`benches/fit.py`).

mod rows;
mod taps;
#[cfg(test)]
mod tests;

use super::picture::{Colours, Fit, Picture};
use crate::media::frame::{Frame, PixelFormat};
use rows::{Level, ScaledRow};
use taps::Taps;

/// Fills one input tensor, again and again, without allocating.
pub struct Letterbox {
    width: usize,
    height: usize,
    picture: Picture,
    /// The size of frame that the taps and the fit are for.
    frame: (u32, u32),
    fit: Option<Fit>,
    columns: Taps,
    rows: Taps,
    /// Two frame rows, scaled in width only.
    scaled: [ScaledRow; 2],
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
            columns: Taps::default(),
            rows: Taps::default(),
            scaled: Default::default(),
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
        let input = [self.width, self.height];
        let pixels = [frame.width, frame.height].map(f64::from);
        let (fit, size) = self.picture.fit(pixels, input);
        if size.contains(&0) {
            return Err(unfit(frame));
        }
        self.frame = (frame.width, frame.height);
        self.columns = Taps::new(frame.width, size[0]);
        self.rows = Taps::new(frame.height, size[1]);
        let planes = self.tensor.chunks_exact_mut(input[0] * input[1]);
        for (plane, level) in planes.zip(levels(&self.picture)) {
            plane.fill(level.normalised(self.picture.padding));
        }
        self.fit = Some(fit);
        Ok(fit)
    }

    fn scale(&mut self, frame: &Frame, [left, top]: [usize; 2]) {
        // What was kept of the last frame is not this one's.
        self.scaled.iter_mut().for_each(ScaledRow::forget);
        let stride = frame.width as usize * Frame::CHANNELS;
        let columns = self.columns.len();
        let mut levels = levels(&self.picture);
        let (first, rest) = self.tensor.split_at_mut(self.width * self.height);
        let (second, third) = rest.split_at_mut(self.width * self.height);
        let mut planes = [first, second, third];
        if swapped(frame.format, self.picture.colours) {
            planes.reverse();
            levels.reverse();
        }
        let rows = self.rows.firsts().iter().zip(self.rows.weights());
        for (row, (first, &weight)) in rows.enumerate() {
            let place = *first as usize * stride;
            let start = (top + row) * self.width + left;
            let outs = planes
                .each_mut()
                .map(|plane| &mut plane[start..][..columns]);
            if self.columns.is_plain() && weight == 0 {
                rows::spread(&frame.pixels[place..][..stride], levels, outs);
                continue;
            }
            let [above, below] = &mut self.scaled;
            if !above.is(place) && below.is(place) {
                std::mem::swap(above, below);
            }
            above.keep(place, &frame.pixels, &self.columns);
            if weight != 0 {
                below.keep(place + stride, &frame.pixels, &self.columns);
            }
            rows::blend(
                [above, if weight == 0 { above } else { below }],
                weight,
                levels,
                outs,
            );
        }
    }
}

/// What makes levels into numbers of the model, a colour each.
fn levels(picture: &Picture) -> [Level; Frame::CHANNELS] {
    std::array::from_fn(|colour| Level::new(picture.mean[colour], picture.std[colour]))
}

/// Whether the frame's first colour is the model's last.
fn swapped(format: PixelFormat, colours: Colours) -> bool {
    match (format, colours) {
        (PixelFormat::Bgr8, Colours::Bgr) | (PixelFormat::Rgb8, Colours::Rgb) => false,
        (PixelFormat::Rgb8, Colours::Bgr) | (PixelFormat::Bgr8, Colours::Rgb) => true,
    }
}

fn unfit(frame: &Frame) -> String {
    let (width, height) = (frame.width, frame.height);
    format!("a frame of {width} x {height} pixels cannot be scaled")
}
