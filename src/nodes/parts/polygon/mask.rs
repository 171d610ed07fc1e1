//! Parts of a frame that are always black, whatever there is to be seen in them.

use super::{Point, sides};
use crate::media::frame::Frame;

const BLACK: u8 = 0;

/// Areas, and the pixels that they cover in frames of the latest size.
#[derive(Default)]
pub struct Masks {
    areas: Vec<Vec<Point>>,
    size: [u32; 2],
    spans: Vec<Span>,
}

/// Bytes of a frame that are next to each other: the first, and the one after the last.
type Span = [usize; 2];

impl Masks {
    /// Of areas within their corners.
    pub fn new(areas: &[Vec<Point>]) -> Masks {
        Masks {
            areas: areas.to_vec(),
            ..Masks::default()
        }
    }

    /// Covers every pixel that one of them touches.
    pub fn cover(&mut self, frame: &mut Frame) {
        let size = [frame.width, frame.height];
        if self.size != size {
            self.size = size;
            self.spans = spans(&self.areas, size);
        }
        for [from, to] in &self.spans {
            frame.pixels[*from..*to].fill(BLACK);
        }
    }
}

fn spans(areas: &[Vec<Point>], [width, height]: [u32; 2]) -> Vec<Span> {
    let scaled = |[x, y]: &Point| [x * width as f32, y * height as f32];
    let areas = areas.iter().map(|it| it.iter().map(scaled).collect());
    let areas: Vec<Vec<Point>> = areas.collect();
    let mut spans: Vec<Span> = Vec::new();
    for row in 0..height {
        let mut touched: Vec<[u32; 2]> = areas
            .iter()
            .flat_map(|it| touched(it, row as f32))
            .map(|[from, to]| [from.floor() as u32, (to.ceil() as u32).min(width)])
            .filter(|[from, to]| from < to)
            .collect();
        touched.sort_unstable();
        for part in touched {
            let place = |x: u32| (row as usize * width as usize + x as usize) * Frame::CHANNELS;
            let [from, to] = part.map(place);
            match spans.last_mut() {
                Some(last) if last[1] >= from => last[1] = last[1].max(to),
                _ => spans.push([from, to]),
            }
        }
    }
    spans
}

/// What an area touches of a row of pixels: what lies within at half its height, and where a side goes through it.
fn touched(corners: &[Point], row: f32) -> impl Iterator<Item = [f32; 2]> {
    let sides = sides(corners).filter_map(move |(a, b)| through(a, b, row));
    within(corners, row + 0.5).into_iter().chain(sides)
}

/// From where to where a side goes through a row of pixels.
fn through(a: Point, b: Point, row: f32) -> Option<[f32; 2]> {
    let [upper, lower] = if a[1] <= b[1] { [a, b] } else { [b, a] };
    let ends = if upper[1] == lower[1] {
        let is_in = upper[1] > row && upper[1] < row + 1.0;
        is_in.then_some([upper[0], lower[0]])?
    } else {
        let (from, to) = (upper[1].max(row), lower[1].min(row + 1.0));
        let slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
        let at = |y: f32| upper[0] + (y - upper[1]) * slope;
        (from < to).then(|| [at(from), at(to)])?
    };
    Some([ends[0].min(ends[1]), ends[0].max(ends[1])])
}

/// From where to where a line at this height lies within. Where an area laps over itself it is still one.
fn within(corners: &[Point], y: f32) -> Vec<[f32; 2]> {
    let mut crossings: Vec<(f32, i32)> = sides(corners)
        .filter_map(|(from, to)| {
            let down = from[1] <= y && to[1] > y;
            let up = to[1] <= y && from[1] > y;
            let part = (y - from[1]) / (to[1] - from[1]);
            let x = from[0] + part * (to[0] - from[0]);
            (down || up).then_some((x, if down { 1 } else { -1 }))
        })
        .collect();
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut winding = 0;
    let mut parts = Vec::new();
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        if winding != 0 {
            parts.push([pair[0].0, pair[1].0]);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::PixelFormat;

    /// The picture of areas in eight by eight pixels.
    fn drawn(areas: &[&[Point]]) -> String {
        let areas: Vec<Vec<Point>> = areas.iter().map(|it| it.to_vec()).collect();
        let mut frame = Frame::empty();
        frame.reshape(8, 8, PixelFormat::Rgb8).fill(255);
        Masks::new(&areas).cover(&mut frame);
        let row = |row: &[u8]| {
            let pixel = |it: &[u8]| if it == [0; 3] { '#' } else { '.' };
            row.chunks_exact(3).map(pixel).collect::<String>()
        };
        let rows = frame.pixels.chunks_exact(24).map(row);
        rows.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_pixel_that_an_area_touches_is_covered() {
        let square: &[Point] = &[[0.25, 0.25], [0.7, 0.25], [0.7, 0.5], [0.25, 0.5]];
        assert_eq!(
            drawn(&[square]),
            "......../......../..####../..####../......../......../......../........"
        );
        let corner: &[Point] = &[[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]];
        assert_eq!(
            drawn(&[corner]),
            "####..../###...../##....../#......./......../......../......../........"
        );
        // Far less high than a pixel, and aslant.
        let thin: &[Point] = &[[0.0, 0.26], [1.0, 0.36], [1.0, 0.37]];
        assert_eq!(
            drawn(&[thin]),
            "......../......../########/......../......../......../......../........"
        );
        let all: &[Point] = &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert!(!drawn(&[all]).contains('.'));
    }

    #[test]
    fn several_areas_are_covered_each_pixel_once() {
        let upper = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.25], [0.0, 0.25]];
        let left = [[0.0, 0.125], [0.25, 0.125], [0.25, 0.5], [0.0, 0.5]];
        assert_eq!(
            drawn(&[&left, &upper]),
            "########/########/##....../##....../......../......../......../........"
        );
        let spans = spans(&[left.to_vec(), upper.to_vec()], [8, 8]);
        assert_eq!(spans, [[0, 54], [72, 78]]);
    }

    #[test]
    fn where_an_area_laps_over_itself_it_has_no_hole() {
        let twice = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].repeat(2);
        assert!(!drawn(&[&twice]).contains('.'));
    }

    #[test]
    fn frames_of_another_size_are_covered_anew() {
        let mut masks = Masks::new(&[vec![[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]]);
        for (width, height) in [(8, 8), (6, 2), (8, 8)] {
            let mut frame = Frame::empty();
            frame.reshape(width, height, PixelFormat::Bgr8).fill(7);
            masks.cover(&mut frame);
            let row = [
                vec![0; width as usize / 2 * 3],
                vec![7; width as usize / 2 * 3],
            ]
            .concat();
            assert_eq!(frame.pixels, row.repeat(height as usize));
        }
    }
}
