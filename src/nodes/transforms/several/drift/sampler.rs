//! What a camera shows, as an average over some seconds of a fixed number of its pixels: who walks by leaves no trace, and
//! noise little.

use std::time::Duration;

use super::scene::{self, COLUMNS, ROWS};
use crate::media::clock::Time;
use crate::media::frame::Frame;

/// Points in each direction of a cell of the scene.
const SPREAD: usize = 3;
const ACROSS: usize = COLUMNS * SPREAD;
const DOWN: usize = ROWS * SPREAD;
/// What is seen is the average of about so long.
const MEMORY: Duration = Duration::from_secs(4);
/// Details are looked for in steps of so much of the width: what a lens still resolves and an encoder still keeps.
const DETAIL: u32 = 320;

/// The averages of one camera.
#[derive(Default)]
pub struct Sampler {
    size: (u32, u32),
    /// Where the points of a row lie, and the rows, in bytes.
    across: Vec<usize>,
    down: Vec<usize>,
    /// From a point to the next to the right and below, in bytes.
    step: (usize, usize),
    luma: Vec<f32>,
    /// How much brighter a point is than those around it, four times.
    edge: Vec<f32>,
    /// How much that differs by chance from look to look, squared.
    noise: f32,
    looks: u32,
    latest: Time,
    cells: Vec<f32>,
    seen: Seen,
}

/// What a camera shows.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Capture time.
    pub at: Time,
    /// Mean brightness, 0 to 255.
    pub luma: f32,
    /// Mean distance between the colours of a pixel, 0 to 255: nothing without colours.
    pub chroma: f32,
    /// How strong details are, in steps of brightness, without noise.
    pub detail: f32,
    /// How far the brightness of cells is from its mean.
    pub contrast: f32,
    /// The scene, so that it can be compared.
    pub scene: Vec<f32>,
}

impl Sampler {
    /// Looks at a frame. Gives what is seen, and whether that has nothing to do with what was seen before; none of a
    /// picture that is too small.
    pub fn look(&mut self, frame: &Frame) -> Option<(&Seen, bool)> {
        if frame.width < 3 || frame.height < 3 {
            return None;
        }
        let is_new = self.fit(frame);
        let passed = frame.at.since(self.latest).as_secs_f32();
        self.latest = frame.at;
        self.looks += 1;
        let share = 1.0 - (-passed / MEMORY.as_secs_f32()).exp();
        let share = share.max(1.0 / self.looks as f32);
        let (chroma, energy) = self.take(frame, share);
        self.cells();
        let points = (ACROSS * DOWN) as f32;
        // Of what is left of noise in an average, this is the mean.
        let chance = self.noise * share / 2.0;
        self.seen.at = frame.at;
        self.seen.chroma = chroma / points;
        self.seen.detail = (energy / points - chance).max(0.0).sqrt() / 4.0;
        self.seen.luma = self.cells.iter().sum::<f32>() / self.cells.len() as f32;
        let mean = self.seen.luma;
        let off = self.cells.iter().map(|it| (it - mean).powi(2));
        self.seen.contrast = (off.sum::<f32>() / self.cells.len() as f32).sqrt();
        scene::of(&self.cells, &mut self.seen.scene);
        Some((&self.seen, is_new))
    }

    /// What was seen last.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Fits the points to frames of this size; says whether it is another one than before.
    fn fit(&mut self, frame: &Frame) -> bool {
        let size = (frame.width, frame.height);
        if self.size == size {
            return false;
        }
        let step = |length: u32| (frame.width / DETAIL).clamp(1, (length - 1) / 2) as usize;
        let (right, below) = (step(frame.width), step(frame.height));
        let places = |count: usize, length: u32, step: usize| {
            let length = length as usize;
            let middle = move |it: usize| (it * 2 + 1) * length / (count * 2);
            (0..count).map(move |it| middle(it).clamp(step, length - 1 - step))
        };
        let stride = frame.width as usize * Frame::CHANNELS;
        *self = Sampler {
            size,
            across: places(ACROSS, frame.width, right)
                .map(|it| it * Frame::CHANNELS)
                .collect(),
            down: places(DOWN, frame.height, below)
                .map(|it| it * stride)
                .collect(),
            step: (right * Frame::CHANNELS, below * stride),
            luma: vec![0.0; ACROSS * DOWN],
            edge: vec![0.0; ACROSS * DOWN],
            latest: frame.at,
            ..Sampler::default()
        };
        true
    }

    /// Takes a frame into the averages; gives the sum of the distances between colours, and that of squared edges.
    fn take(&mut self, frame: &Frame, share: f32) -> (f32, f32) {
        let weights = frame.format.luma();
        let pixels = &frame.pixels[..];
        let luma = |at: usize| {
            let pixel = pixels[at..].first_chunk::<{ Frame::CHANNELS }>();
            let [a, b, c] = *pixel.expect("points lie inside the frame");
            let parts = u32::from(a) * weights[0] + u32::from(b) * weights[1];
            (parts + u32::from(c) * weights[2]) as f32 / 256.0
        };
        let (mut chroma, mut energy, mut off) = (0u32, 0.0, 0.0);
        let (right, below) = self.step;
        let places = self
            .down
            .iter()
            .flat_map(|row| self.across.iter().map(move |it| row + it));
        let averages = self.luma.iter_mut().zip(&mut self.edge);
        for (at, (mean_luma, mean_edge)) in places.zip(averages) {
            let middle = luma(at);
            let around = luma(at - right) + luma(at + right) + luma(at - below) + luma(at + below);
            let difference = 4.0 * middle - around - *mean_edge;
            off += difference * difference;
            *mean_edge += difference * share;
            energy += *mean_edge * *mean_edge;
            *mean_luma += (middle - *mean_luma) * share;
            let colours = &pixels[at..at + Frame::CHANNELS];
            let most = colours.iter().max().copied().unwrap_or(0);
            chroma += u32::from(most - colours.iter().min().copied().unwrap_or(0));
        }
        let off = if self.looks == 1 {
            0.0
        } else {
            off / (ACROSS * DOWN) as f32
        };
        self.noise += (off - self.noise) * share;
        (chroma as f32, energy)
    }

    /// The brightness of cells, each the mean of its points.
    fn cells(&mut self) {
        self.cells.clear();
        for rows in self.luma.chunks_exact(ACROSS * SPREAD) {
            let of_cell = |column: usize| {
                let rows = rows.chunks_exact(ACROSS);
                let points = rows.flat_map(|row| &row[column * SPREAD..][..SPREAD]);
                points.sum::<f32>() / (SPREAD * SPREAD) as f32
            };
            self.cells.extend((0..COLUMNS).map(of_cell));
        }
    }
}
