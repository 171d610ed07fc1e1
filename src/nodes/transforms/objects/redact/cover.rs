//! How a box is made unrecognisable.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::frame::Frame;

/// Squares along the longer side of a box, at most: a face with its margin is two of them wide. Of 554 faces YuNet still
/// found about a third, at 0.3, as it finds something like a face; with six squares it found more than half.
const SQUARES: usize = 3;
/// Pixels of a square's side, at least: of a small box even fewer are left.
const LEAST: usize = 8;
/// Rows of pixels that a square's side is cut into, about, where squares are mixed.
const ALIKE: usize = 16;
/// What a blank box is.
const BLACK: u8 = 0;

const CHANNELS: usize = Frame::CHANNELS;

type Colour = [u8; CHANNELS];

/// What becomes of a box, in the words of the pipeline file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Black.
    #[default]
    Blank,
    /// A few squares.
    Pixelate,
    /// The same squares with soft edges.
    Blur,
}

/// Covers boxes, and keeps the room that it needs for that.
pub struct Cover {
    method: Method,
    /// The mean colours of the squares, row by row.
    squares: Vec<Colour>,
    /// Those of one row of pixels.
    row: Vec<Colour>,
    /// For each pixel of a row the squares it lies between.
    across: Vec<Between>,
    /// A row of pixels as it will be.
    line: Vec<Colour>,
}

impl Cover {
    /// By this method.
    pub fn new(method: Method) -> Cover {
        Cover {
            method,
            squares: Vec::new(),
            row: Vec::new(),
            across: Vec::new(),
            line: Vec::new(),
        }
    }

    /// Covers `[x, y, width, height]`, which lies within the frame.
    pub fn cover(&mut self, frame: &mut Frame, area: [u32; 4]) {
        let area = area.map(|it| it as usize);
        if self.method == Method::Blank {
            return rows(frame, area).for_each(|row| row.fill(BLACK));
        }
        let [_, _, width, height] = area;
        let side = width.max(height).div_ceil(SQUARES).max(LEAST);
        self.average(frame, area, side);
        self.across.clear();
        let columns = width.div_ceil(side);
        let between = |x| Between::of(x, side, columns);
        self.across.extend((0..width).map(between));
        // Of large squares the next rows are so much alike that one stands for several.
        let alike = (side / ALIKE).max(1);
        for (y, row) in rows(frame, area).enumerate() {
            match self.method {
                Method::Blur if y % alike == 0 => {
                    self.mix(Between::of(y, side, height.div_ceil(side)), columns);
                }
                Method::Blur => {}
                _ if y % side == 0 => self.repeat(y / side, side, area),
                _ => {}
            }
            row.copy_from_slice(self.line.as_flattened());
        }
    }

    /// The mean colour of each square.
    fn average(&mut self, frame: &mut Frame, area: [usize; 4], side: usize) {
        let [_, _, width, height] = area;
        let mut sums = [[0u64; CHANNELS]; SQUARES];
        self.squares.clear();
        for (y, row) in rows(frame, area).enumerate() {
            for (sum, part) in sums.iter_mut().zip(row.chunks(side * CHANNELS)) {
                add(sum, part);
            }
            if (y + 1) % side == 0 || y + 1 == height {
                let high = y % side + 1;
                let mean = |column: usize| {
                    let wide = side.min(width - column * side);
                    sums[column].map(|it| (it / (wide * high) as u64) as u8)
                };
                self.squares.extend((0..width.div_ceil(side)).map(mean));
                sums = Default::default();
            }
        }
    }

    /// Makes the line of a row of squares.
    fn repeat(&mut self, row: usize, side: usize, [_, _, width, _]: [usize; 4]) {
        let columns = width.div_ceil(side);
        let squares = &self.squares[row * columns..][..columns];
        self.line.clear();
        for square in squares {
            let wide = side.min(width - self.line.len());
            self.line.extend(std::iter::repeat_n(square, wide));
        }
    }

    /// Makes the line that lies between two rows of squares.
    fn mix(&mut self, rows: Between, columns: usize) {
        let row = |it: usize| &self.squares[it * columns..][..columns];
        let pairs = row(rows.first).iter().zip(row(rows.second));
        self.row.clear();
        self.row
            .extend(pairs.map(|(a, b)| mixed(*a, *b, rows.part)));
        let row = &self.row;
        let colour = |it: &Between| mixed(row[it.first], row[it.second], it.part);
        self.line.clear();
        self.line.extend(self.across.iter().map(colour));
    }
}

/// The two squares between whose middles a pixel lies, and how far it is from the first, of 256.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    part: u32,
}

impl Between {
    fn of(at: usize, side: usize, count: usize) -> Between {
        // In halves of pixels from the middle of the first square.
        let place = (2 * at + 1).saturating_sub(side);
        let first = (place / (2 * side)).min(count - 1);
        Between {
            first,
            second: (first + 1).min(count - 1),
            part: (place % (2 * side) * 256 / (2 * side)) as u32,
        }
    }
}

fn mixed(a: Colour, b: Colour, part: u32) -> Colour {
    let mix = |a: u8, b: u8| ((u32::from(a) * (256 - part) + u32::from(b) * part) >> 8) as u8;
    [mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])]
}

fn add(sum: &mut [u64; CHANNELS], pixels: &[u8]) {
    let mut of_row = [0u32; CHANNELS];
    for [a, b, c] in pixels.as_chunks().0 {
        of_row[0] += u32::from(*a);
        of_row[1] += u32::from(*b);
        of_row[2] += u32::from(*c);
    }
    for (sum, of_row) in sum.iter_mut().zip(of_row) {
        *sum += u64::from(of_row);
    }
}

/// The rows of a part of the frame.
fn rows(frame: &mut Frame, [x, y, width, height]: [usize; 4]) -> impl Iterator<Item = &mut [u8]> {
    let stride = frame.width as usize * CHANNELS;
    let rows = frame.pixels.chunks_exact_mut(stride);
    let rows = rows.skip(y).take(height);
    rows.map(move |row| &mut row[x * CHANNELS..][..width * CHANNELS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::PixelFormat;

    /// A frame of 24 by 16 pixels whose colours are told by their place.
    fn frame(pixel: impl Fn(usize, usize) -> Colour) -> Frame {
        let mut frame = Frame::empty();
        let pixels = frame.reshape(24, 16, PixelFormat::Bgr8);
        for (at, place) in pixels.chunks_exact_mut(CHANNELS).zip(0..) {
            at.copy_from_slice(&pixel(place % 24, place / 24));
        }
        frame
    }

    fn covered(
        method: Method,
        mut frame: Frame,
        area: [u32; 4],
    ) -> impl Fn(usize, usize) -> Colour {
        Cover::new(method).cover(&mut frame, area);
        move |x, y| {
            let at = (y * 24 + x) * CHANNELS;
            frame.pixels[at..][..CHANNELS].try_into().expect("a pixel")
        }
    }

    #[test]
    fn a_blank_box_is_black_and_nothing_else_is() {
        let at = covered(Method::Blank, frame(|_, _| [9, 99, 199]), [4, 2, 3, 5]);
        for (x, y) in (0..24).flat_map(|x| (0..16).map(move |y| (x, y))) {
            let inside = (4..7).contains(&x) && (2..7).contains(&y);
            let wanted = if inside { [BLACK; 3] } else { [9, 99, 199] };
            assert_eq!(at(x, y), wanted, "{x}, {y}");
        }
    }

    #[test]
    fn squares_have_the_mean_of_what_they_cover() {
        let stripes = frame(|x, y| [(x % 2 * 100) as u8, (y * 10) as u8, 7]);
        let at = covered(Method::Pixelate, stripes, [4, 0, 12, 12]);
        assert_eq!(at(4, 0), [50, 35, 7], "eight rows from 0 to 70");
        assert_eq!(at(11, 7), at(4, 0));
        assert_eq!(at(15, 11), [50, 95, 7], "four rows from 80 to 110");
        assert_eq!((at(3, 0), at(17, 12)), ([100, 0, 7], [100, 120, 7]));
    }

    #[test]
    fn a_blur_goes_softly_from_one_square_to_the_next() {
        let halves = frame(|x, _| [if x < 8 { 0 } else { 160 }; 3]);
        let at = covered(Method::Blur, halves, [0, 0, 16, 16]);
        let row: Vec<u8> = (0..16).map(|x| at(x, 5)[0]).collect();
        let wanted = [
            0, 0, 0, 0, 10, 30, 50, 70, 90, 110, 130, 150, 160, 160, 160, 160,
        ];
        assert_eq!(row, wanted);
        assert_eq!(at(16, 5), [160; 3]);
    }

    #[test]
    fn of_a_large_box_no_more_is_left_than_of_a_small_one() {
        let mut large = Frame::empty();
        large
            .reshape(700, 500, PixelFormat::Rgb8)
            .iter_mut()
            .zip(0u32..)
            .for_each(|(it, at)| {
                *it = (at.wrapping_mul(2_654_435_761) >> 24) as u8;
            });
        Cover::new(Method::Pixelate).cover(&mut large, [0, 0, 700, 500]);
        let mut colours: Vec<&[u8]> = large.pixels.chunks_exact(CHANNELS).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() <= 3 * 3, "{}", colours.len());
    }
}
