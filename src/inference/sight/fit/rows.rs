//! Rows of a frame, scaled and made into floats. Loops are written so that compilers make vectors of them; AVX2 is
//! looked for at run time, and 64-bit ARM always has NEON.

use multiversion::multiversion;

use super::taps::{BITS, Taps};
use crate::media::frame::Frame;

const CHANNELS: usize = Frame::CHANNELS;

/// A pixel is read as so many bytes, the last of which is the next one's.
const WORD: usize = size_of::<u32>();

/// What makes levels of one colour into numbers of the model.
#[derive(Clone, Copy)]
pub(super) struct Level {
    mean: f32,
    factor: f32,
}

impl Level {
    pub fn new(mean: f32, std: f32) -> Level {
        Level {
            mean,
            factor: 1.0 / std,
        }
    }

    /// As `level * factor - mean * factor` a level near the mean would lose its digits.
    #[inline(always)]
    pub fn normalised(self, level: f32) -> f32 {
        (level - self.mean) * self.factor
    }
}

/// A frame row, scaled in width only: a plane after the other, weights still in it.
#[derive(Default)]
pub(super) struct ScaledRow {
    place: Option<usize>,
    planes: [Vec<i32>; CHANNELS],
}

impl ScaledRow {
    pub fn forget(&mut self) {
        self.place = None;
    }

    /// Whether it is the row that begins so many bytes after the first pixel.
    pub fn is(&self, place: usize) -> bool {
        self.place == Some(place)
    }

    /// Becomes the row that begins there, if it is not.
    pub fn keep(&mut self, place: usize, pixels: &[u8], columns: &Taps) {
        if !self.is(place) {
            self.place = Some(place);
            self.planes
                .iter_mut()
                .for_each(|it| it.resize(columns.len(), 0));
            scale(
                &pixels[place..],
                columns,
                self.planes.each_mut().map(Vec::as_mut_slice),
            );
        }
    }
}

/// One row of interleaved bytes, scaled in width.
#[multiversion(targets("x86_64+avx2"))]
fn scale(pixels: &[u8], columns: &Taps, planes: [&mut [i32]; CHANNELS]) {
    let last = columns.firsts().iter().copied().max().unwrap_or(0) as usize;
    let room = pixels.len().checked_sub(CHANNELS + WORD);
    if room.is_some_and(|room| last <= room / CHANNELS) {
        // SAFETY: no first neighbour is after the last, and what is read of that and of its neighbour is
        // within the pixels. To ask for every one of them instead takes twice the time.
        let word = |at: usize| unsafe { pixels.get_unchecked(at..at + WORD) };
        let word = |at| u32::from_le_bytes(word(at).try_into().expect("a word"));
        mix(columns, planes, |at| [word(at), word(at + CHANNELS)]);
    } else {
        mix(columns, planes, |at| {
            [at, at + CHANNELS].map(|at| last_word(pixels, at))
        });
    }
}

/// A pixel and what comes after it, where the frame may end.
fn last_word(pixels: &[u8], at: usize) -> u32 {
    let byte = |at: usize| pixels.get(at).copied().unwrap_or(0);
    u32::from_le_bytes(std::array::from_fn(|byte_of| byte(at + byte_of)))
}

/// `pair` gives the two pixels at a byte.
#[inline(always)]
fn mix(columns: &Taps, planes: [&mut [i32]; CHANNELS], pair: impl Fn(usize) -> [u32; 2]) {
    let [a, b, c] = planes;
    let taps = columns.firsts().iter().zip(columns.weights());
    for ((first, weight), ((a, b), c)) in taps.zip(a.iter_mut().zip(b).zip(c)) {
        let pair = pair(*first as usize * CHANNELS);
        let mixed = |shift: u32| {
            let [near, far] = pair.map(|it| (it >> shift & 0xff) as i32);
            (near << BITS) + (far - near) * i32::from(*weight)
        };
        (*a, *b, *c) = (mixed(0), mixed(8), mixed(16));
    }
}

/// Two scaled rows into one of whole levels, and those into numbers of the model.
pub(super) fn blend(
    rows: [&ScaledRow; 2],
    weight: i16,
    levels: [Level; CHANNELS],
    outs: [&mut [f32]; CHANNELS],
) {
    for ((out, level), channel) in outs.into_iter().zip(levels).zip(0..) {
        let [above, below] = rows.map(|it| &it.planes[channel]);
        blend_plane(above, below, i32::from(weight), level, out);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn blend_plane(above: &[i32], below: &[i32], weight: i32, level: Level, out: &mut [f32]) {
    const HALF: i32 = 1 << (2 * BITS - 1);
    for ((out, above), below) in out.iter_mut().zip(above).zip(below) {
        let whole = ((above << BITS) + (below - above) * weight + HALF) >> (2 * BITS);
        *out = level.normalised(whole as f32);
    }
}

/// A row that is not scaled into numbers of the model.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn spread(row: &[u8], levels: [Level; CHANNELS], outs: [&mut [f32]; CHANNELS]) {
    let [a, b, c] = outs;
    for (pixel, ((a, b), c)) in row
        .as_chunks::<CHANNELS>()
        .0
        .iter()
        .zip(a.iter_mut().zip(b).zip(c))
    {
        *a = levels[0].normalised(f32::from(pixel[0]));
        *b = levels[1].normalised(f32::from(pixel[1]));
        *c = levels[2].normalised(f32::from(pixel[2]));
    }
}
