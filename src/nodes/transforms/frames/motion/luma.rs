//! The brightness of a frame, in cells of a coarse grid.

use crate::media::frame::Frame;

/// Cells in a row, about: a person at the far end of a street is still some cells wide.
const COLUMNS: usize = 178;
/// Pixels that are looked at in each direction of a cell.
const SAMPLES: usize = 2;

/// A grid over frames of one size.
#[derive(Default)]
pub struct Grid {
    size: (u32, u32),
    columns: usize,
    /// Where the sampled pixels of a row begin, in bytes, `SAMPLES` for each column.
    across: Vec<usize>,
    /// Where the sampled rows begin, in bytes, `SAMPLES` for each row of cells.
    down: Vec<usize>,
}

impl Grid {
    /// Fits the grid to a frame; says whether it is another one than before.
    pub fn fit(&mut self, frame: &Frame) -> bool {
        let size = (frame.width, frame.height);
        if self.size == size {
            return false;
        }
        let (width, height) = (frame.width as usize, frame.height as usize);
        let cell = (width / COLUMNS).max(SAMPLES);
        let samples = |length: usize| {
            let cells = 0..(length / cell).max(1);
            let within = move |cell_at: usize| {
                let sample =
                    move |it: usize| (cell_at * cell + it * cell / SAMPLES).min(length - 1);
                (0..SAMPLES).map(sample)
            };
            cells.flat_map(within)
        };
        self.size = size;
        self.across = samples(width).map(|it| it * Frame::CHANNELS).collect();
        self.down = samples(height)
            .map(|it| it * width * Frame::CHANNELS)
            .collect();
        self.columns = self.across.len() / SAMPLES;
        true
    }

    /// Cells in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The brightness of each cell, 0 to 255, rows from the top.
    pub fn read(&self, frame: &Frame, cells: &mut Vec<i16>) {
        cells.clear();
        let weights = frame.format.luma();
        let luma = |row: &[u8], at: usize| {
            let pixel = row[at..].first_chunk::<{ Frame::CHANNELS }>();
            let [a, b, c] = *pixel.expect("samples lie inside the frame");
            u32::from(a) * weights[0] + u32::from(b) * weights[1] + u32::from(c) * weights[2]
        };
        let stride = frame.width as usize * Frame::CHANNELS;
        for rows in self.down.as_chunks::<SAMPLES>().0 {
            let [above, below] = rows.map(|start| &frame.pixels[start..start + stride]);
            for [left, right] in self.across.as_chunks::<SAMPLES>().0 {
                let upper = luma(above, *left) + luma(above, *right);
                let lower = luma(below, *left) + luma(below, *right);
                cells.push(((upper + lower) / (256 * (SAMPLES * SAMPLES) as u32)) as i16);
            }
        }
    }
}
