//! Areas that are always covered, whatever is found in them.

use super::cover::blank;
use crate::media::frame::Frame;

/// `[x, y]` in parts of the frame's width and height.
pub type Point = [f32; 2];

/// Heights in a row of pixels at which the edges of an area are looked for.
const HEIGHTS: [f32; 3] = [0.01, 0.5, 0.99];

/// What is wrong with the corners of an area.
pub fn mistake(corners: &[Point]) -> Option<String> {
    if corners.len() < 3 {
        return Some(format!(
            "an area has three corners or more, not {}",
            corners.len()
        ));
    }
    let is_within = |it: &Point| it.iter().all(|it| (0.0..=1.0).contains(it));
    let outside = corners.iter().find(|it| !is_within(it));
    outside.map(|it| format!("the corner {it:?} lies outside the frame"))
}

/// An area, and the pixels it covers in frames of the latest size.
pub struct Mask {
    corners: Vec<Point>,
    size: [u32; 2],
    /// Row, first pixel and the one after the last.
    spans: Vec<[u32; 3]>,
}

impl Mask {
    /// The area within these corners.
    pub fn new(corners: Vec<Point>) -> Mask {
        Mask {
            corners,
            size: [0; 2],
            spans: Vec::new(),
        }
    }

    /// Covers every pixel that it touches.
    pub fn cover(&mut self, frame: &mut Frame) {
        let size = [frame.width, frame.height];
        if self.size != size {
            self.size = size;
            self.spans = spans(&self.corners, size);
        }
        for [row, from, to] in &self.spans {
            blank(frame, *row, *from, *to);
        }
    }
}

fn spans(corners: &[Point], [width, height]: [u32; 2]) -> Vec<[u32; 3]> {
    let scaled = |[x, y]: &Point| [x * width as f32, y * height as f32];
    let corners: Vec<Point> = corners.iter().map(scaled).collect();
    let mut spans = Vec::new();
    for row in 0..height {
        for inside in HEIGHTS
            .iter()
            .flat_map(|it| within(&corners, row as f32 + it))
        {
            let from = inside[0].floor().max(0.0) as u32;
            let to = (inside[1].ceil().max(0.0) as u32).min(width);
            if from < to {
                spans.push([row, from, to]);
            }
        }
    }
    spans
}

/// From where to where a line at this height lies within. Where an area laps over itself it is still one.
fn within(corners: &[Point], y: f32) -> Vec<[f32; 2]> {
    let next = corners.iter().cycle().skip(1);
    let mut crossings: Vec<(f32, i32)> = corners
        .iter()
        .zip(next)
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

    /// The picture of an area in eight by eight pixels.
    fn drawn(corners: &[Point]) -> String {
        let mut frame = Frame::empty();
        frame.reshape(8, 8, PixelFormat::Rgb8).fill(255);
        Mask::new(corners.to_vec()).cover(&mut frame);
        let row = |row: &[u8]| {
            let pixel = |it: &[u8]| if it == [0; 3] { '#' } else { '.' };
            row.chunks_exact(3).map(pixel).collect::<String>()
        };
        let rows = frame.pixels.chunks_exact(24).map(row);
        rows.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_pixel_that_an_area_touches_is_covered() {
        let square = [[0.25, 0.25], [0.7, 0.25], [0.7, 0.5], [0.25, 0.5]];
        assert_eq!(
            drawn(&square),
            "......../......../..####../..####../......../......../......../........"
        );
        let corner = [[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]];
        assert_eq!(
            drawn(&corner),
            "####..../###...../##....../#......./......../......../......../........"
        );
        let all = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert!(!drawn(&all).contains('.'));
    }

    #[test]
    fn where_an_area_laps_over_itself_it_has_no_hole() {
        let twice = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].repeat(2);
        assert!(!drawn(&twice).contains('.'));
        let bow_tie = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
        let drawn = drawn(&bow_tie);
        assert!(
            drawn.starts_with("########/") && drawn.ends_with("/########"),
            "{drawn}"
        );
    }

    #[test]
    fn what_is_no_area_is_told() {
        assert!(mistake(&[[0.0, 0.0], [1.0, 1.0]]).is_some_and(|it| it.ends_with("not 2")));
        assert!(
            mistake(&[[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
                .is_some_and(|it| it.contains("[2.0, 0.0]"))
        );
        assert!(mistake(&[[f32::NAN, 0.0]; 3]).is_some());
        assert_eq!(mistake(&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]), None);
    }
}
