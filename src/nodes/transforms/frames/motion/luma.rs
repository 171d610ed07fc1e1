//! The brightness of a frame, in cells of a coarse grid.

use crate::media::frame::Frame;

/// Cells in a row, about: a person at the far end of a street is still some cells wide.
const COLUMNS: usize = 178;
/// Pixels that are looked at in a cell: two in each direction, half a cell apart.
const SAMPLES: u32 = 4;

/// A grid over frames of one size.
#[derive(Default)]
pub struct Grid {
    size: (u32, u32),
    /// Width and height of a cell in pixels. What is left at the right and at the bottom is not looked at.
    cell: usize,
    columns: usize,
}

impl Grid {
    /// Fits the grid to a frame; says whether it is another one than before.
    pub fn fit(&mut self, frame: &Frame) -> bool {
        let size = (frame.width, frame.height);
        if self.size == size {
            return false;
        }
        let width = frame.width as usize;
        self.size = size;
        self.cell = (width / COLUMNS).max(2);
        self.columns = width / self.cell;
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
        let row = frame.width as usize * Frame::CHANNELS;
        let [step, half] = [self.cell, self.cell / 2].map(|it| it * Frame::CHANNELS);
        for rows in frame.pixels.chunks_exact(self.cell * row) {
            let [above, below] = [0, self.cell / 2].map(|it| &rows[it * row..(it + 1) * row]);
            let pairs = above.chunks_exact(step).zip(below.chunks_exact(step));
            cells.extend(pairs.map(|(above, below)| {
                let pixel = |row: &[u8], at: usize| -> [u32; Frame::CHANNELS] {
                    let pixel = row[at..].first_chunk().copied();
                    pixel
                        .expect("half a cell is a pixel at least")
                        .map(u32::from)
                };
                let [a, b] = [0, half].map(|at| pixel(above, at));
                let [c, d] = [0, half].map(|at| pixel(below, at));
                let sum = |it: usize| (a[it] + b[it] + c[it] + d[it]) * weights[it];
                ((sum(0) + sum(1) + sum(2)) / (256 * SAMPLES)) as i16
            }));
        }
    }
}
