//! Boxes and words drawn into a picture for people.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

use crate::media::frame::{Frame, PixelFormat};

/// Pixels of a letter's side before it is enlarged.
const LETTER: usize = 8;
/// Width of a picture for which letters are not enlarged.
const SMALL: usize = 480;
/// Colours that are told apart: red, green, blue.
const COLOURS: [[u8; 3]; 8] = [
    [230, 60, 60],
    [60, 180, 75],
    [40, 110, 230],
    [245, 150, 40],
    [170, 70, 190],
    [40, 190, 190],
    [230, 80, 180],
    [150, 150, 30],
];

/// What the words of a whole picture stand on.
const GROUND: [u8; 3] = [40, 40, 40];

/// A picture of three bytes a pixel that is drawn into.
pub struct Canvas<'a> {
    pixels: &'a mut [u8],
    width: usize,
    height: usize,
    format: PixelFormat,
}

impl<'a> Canvas<'a> {
    /// Of `width * height * 3` bytes, row by row.
    pub fn new(pixels: &'a mut [u8], width: u32, height: u32, format: PixelFormat) -> Canvas<'a> {
        let (width, height) = (width as usize, height as usize);
        Canvas {
            pixels,
            width,
            height,
            format,
        }
    }

    /// Of a frame.
    pub fn of(frame: &'a mut Frame) -> Canvas<'a> {
        Canvas::new(&mut frame.pixels, frame.width, frame.height, frame.format)
    }

    /// A box `[x, y, width, height]` with words above it, in a colour that is the same for the same `kind`.
    pub fn labelled(&mut self, bounds: [f32; 4], words: &str, kind: &str) {
        let colour = colour(kind);
        // What is negative becomes 0.
        let [x, y] = [bounds[0], bounds[1]].map(|it| it as usize);
        let [right, bottom] = [bounds[0] + bounds[2], bounds[1] + bounds[3]].map(|it| it as usize);
        let line = self.scale().div_ceil(2) + 1;
        for (from, to) in [
            ([x, y], [right, y + line]),
            ([x, bottom.saturating_sub(line)], [right, bottom]),
            ([x, y], [x + line, bottom]),
            ([right.saturating_sub(line), y], [right, bottom]),
        ] {
            self.fill(from, to, colour);
        }
        let high = LETTER * self.scale();
        self.words([x, y.saturating_sub(high)], words, colour);
    }

    /// A line through points in parts of the picture's sides, and from the last to the first if there are more than two, with
    /// words at the first.
    pub fn outlined(&mut self, points: &[[f32; 2]], words: &str, kind: &str) {
        let colour = colour(kind);
        let size = [self.width, self.height].map(|it| it as f32 - 1.0);
        let place = |it: &[f32; 2]| [it[0] * size[0], it[1] * size[1]];
        let back = points.first().filter(|_| points.len() > 2);
        let next = points.iter().skip(1).chain(back);
        for (from, to) in points.iter().zip(next) {
            self.line(place(from), place(to), colour);
        }
        if let Some(first) = points.first() {
            let side = LETTER * self.scale();
            let most = [side * words.chars().count(), side];
            let [x, y] = place(first).map(|it| it as usize);
            let x = x.min(self.width.saturating_sub(most[0]));
            let y = y.min(self.height.saturating_sub(most[1]));
            self.words([x, y], words, colour);
        }
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2], colour: [u8; 3]) {
        let wide = self.scale().div_ceil(2) + 1;
        let way = [to[0] - from[0], to[1] - from[1]];
        let steps = way[0].abs().max(way[1].abs()).ceil().max(1.0) as u32;
        for step in 0..=steps {
            let part = step as f32 / steps as f32;
            let at = [0, 1].map(|it| (from[it] + way[it] * part).round() as usize);
            self.fill(at, at.map(|it| it + wide), colour);
        }
    }

    /// Words about the whole picture, in its lower left corner.
    pub fn caption(&mut self, words: &str) {
        let high = LETTER * self.scale();
        self.words([0, self.height.saturating_sub(high)], words, GROUND);
    }

    /// White words on a colour, from this corner on.
    fn words(&mut self, [x, y]: [usize; 2], words: &str, colour: [u8; 3]) {
        let side = LETTER * self.scale();
        self.fill([x, y], [x + side * words.chars().count(), y + side], colour);
        for (at, letter) in words.chars().enumerate() {
            self.letter([x + at * side, y], letter);
        }
    }

    fn letter(&mut self, [x, y]: [usize; 2], letter: char) {
        let glyph = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
        let scale = self.scale();
        for (row, bits) in glyph.unwrap_or([0xff; LETTER]).into_iter().enumerate() {
            for column in (0..LETTER).filter(|it| bits >> it & 1 == 1) {
                let from = [x + column * scale, y + row * scale];
                self.fill(from, [from[0] + scale, from[1] + scale], [255; 3]);
            }
        }
    }

    /// Whole pixels, as far as they are in the picture.
    fn fill(&mut self, from: [usize; 2], to: [usize; 2], [red, green, blue]: [u8; 3]) {
        let colour = match self.format {
            PixelFormat::Rgb8 => [red, green, blue],
            PixelFormat::Bgr8 => [blue, green, red],
        };
        let (right, bottom) = (to[0].min(self.width), to[1].min(self.height));
        for row in from[1]..bottom {
            let row = &mut self.pixels[row * self.width * 3..][..self.width * 3];
            let wanted = row
                .get_mut(from[0] * 3..right.max(from[0]) * 3)
                .unwrap_or_default();
            wanted
                .chunks_exact_mut(3)
                .for_each(|it| it.copy_from_slice(&colour));
        }
    }

    /// How much letters and lines are enlarged.
    fn scale(&self) -> usize {
        (self.width / SMALL).max(1)
    }
}

fn colour(kind: &str) -> [u8; 3] {
    let sum = kind
        .bytes()
        .fold(0usize, |sum, it| sum * 31 % 9973 + usize::from(it));
    COLOURS[sum % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_drawn_as_far_as_it_is_in_the_picture() {
        let mut pixels = vec![0; 40 * 20 * 3];
        let mut canvas = Canvas::new(&mut pixels, 40, 20, PixelFormat::Rgb8);
        canvas.labelled([10.0, 10.0, 100.0, 8.0], "a", "a");
        canvas.labelled([90.0, 90.0, 10.0, 10.0], "b", "b");
        let is_drawn = |x: usize, y: usize| pixels[(y * 40 + x) * 3..][..3] != [0; 3];
        assert!(is_drawn(10, 10) && is_drawn(39, 10) && is_drawn(10, 17));
        assert!(!is_drawn(20, 14) && !is_drawn(9, 14), "inside and outside");
        assert!(is_drawn(12, 4), "the word's ground");
    }

    #[test]
    fn what_begins_outside_ends_where_it_should() {
        let mut pixels = vec![0; 40 * 20 * 3];
        let mut canvas = Canvas::new(&mut pixels, 40, 20, PixelFormat::Rgb8);
        canvas.labelled([-10.0, 8.0, 20.0, 10.0], "", "a");
        let is_drawn = |x: usize, y: usize| pixels[(y * 40 + x) * 3..][..3] != [0; 3];
        assert!(is_drawn(9, 12) && is_drawn(0, 12) && !is_drawn(10, 12) && !is_drawn(5, 12));
    }

    #[test]
    fn an_area_is_outlined_and_a_line_goes_one_way() {
        let drawn = |points: &[[f32; 2]]| {
            let mut pixels = vec![0; 41 * 41 * 3];
            let mut canvas = Canvas::new(&mut pixels, 41, 41, PixelFormat::Rgb8);
            canvas.outlined(points, "", "z");
            move |x: usize, y: usize| pixels[(y * 41 + x) * 3..][..3] != [0; 3]
        };
        let area = drawn(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
        assert!(
            area(0, 0) && area(20, 0) && area(40, 20) && area(20, 20),
            "three sides"
        );
        assert!(!area(10, 30) && !area(30, 10), "outside and inside");
        let line = drawn(&[[0.5, 0.0], [0.5, 1.0]]);
        assert!(line(20, 0) && line(20, 40) && !line(10, 20));
    }

    #[test]
    fn colours_are_the_same_in_whatever_order_they_stand() {
        let drawn = |format| {
            let mut frame = Frame::empty();
            frame.reshape(20, 20, format);
            let mut canvas = Canvas::of(&mut frame);
            canvas.labelled([2.0, 12.0, 10.0, 5.0], "", "face");
            canvas.caption("1");
            let at = |x: usize, y: usize| -> [u8; 3] {
                let pixel = &frame.pixels[(y * 20 + x) * 3..][..3];
                pixel.try_into().expect("a pixel")
            };
            (at(2, 11), at(11, 13), at(0, 19))
        };
        let (above, line, ground) = drawn(PixelFormat::Rgb8);
        assert_eq!((above, line, ground), ([0; 3], colour("face"), GROUND));
        let turned = [line[2], line[1], line[0]];
        assert_eq!(drawn(PixelFormat::Bgr8), (above, turned, ground));
    }
}
