//! Points, lines and polygons in parts of the frame, 0 to 1. Distances are in pixels, as a frame is wider than high.

use crate::nodes::parts::polygon::{Point, area, sides, turn};

/// Sides and ends that lie so near the edge of the frame are upon it.
const EDGE: f32 = 0.005;

/// Whether a point lies inside a polygon.
pub fn contains(polygon: &[Point], [x, y]: Point) -> bool {
    let is_met = |([ax, ay], [bx, by]): &(Point, Point)| {
        (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
    };
    sides(polygon).filter(is_met).count() % 2 == 1
}

/// How far a point is from the nearest side of a polygon over which one can come: none lies upon the edge of the frame.
pub fn distance(polygon: &[Point], point: Point, size: Point) -> f32 {
    let open = sides(polygon).filter(|(a, b)| !is_edge(*a, *b));
    let distances =
        open.map(|(a, b)| from_segment(scaled(a, size), scaled(b, size), scaled(point, size)));
    distances.fold(f32::INFINITY, f32::min)
}

/// How far one can be from the sides of a polygon within it, about.
pub fn depth(polygon: &[Point], size: Point) -> f32 {
    let around = sides(polygon).map(|(a, b)| length(scaled(a, size), scaled(b, size)));
    area(polygon) * size[0] * size[1] / around.sum::<f32>()
}

/// How far a point is from the line through two others; to the right of it, more than zero.
pub fn off([from, to]: [Point; 2], point: Point, size: Point) -> f32 {
    let (from, to) = (scaled(from, size), scaled(to, size));
    turn(from, to, scaled(point, size)) / length(from, to)
}

/// Whether a way leads over the line between two points: to its right, if so.
pub fn crosses([from, to]: [Point; 2], before: Point, after: Point) -> Option<bool> {
    let is_right = |it| turn(from, to, it) > 0.0;
    let is_ahead = |it| turn(before, after, it) > 0.0;
    let meets = is_right(before) != is_right(after) && is_ahead(from) != is_ahead(to);
    meets.then(|| is_right(after))
}

/// In pixels of a frame.
pub fn scaled(point: Point, size: Point) -> Point {
    [point[0] * size[0], point[1] * size[1]]
}

fn length(from: Point, to: Point) -> f32 {
    (to[0] - from[0]).hypot(to[1] - from[1])
}

fn from_segment(a: Point, b: Point, point: Point) -> f32 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let dot = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1];
    let square = along[0] * along[0] + along[1] * along[1];
    let part = if square > 0.0 {
        (dot / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    length(point, [a[0] + part * along[0], a[1] + part * along[1]])
}

fn is_edge(a: Point, b: Point) -> bool {
    let both = |axis: usize, test: fn(f32) -> bool| test(a[axis]) && test(b[axis]);
    [0, 1]
        .iter()
        .any(|&axis| both(axis, |it| it <= EDGE) || both(axis, |it| it >= 1.0 - EDGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Point = [1000.0, 500.0];
    /// The left half of the frame, but for a notch from the right into its middle.
    const NOTCHED: [Point; 7] = [
        [0.0, 0.0],
        [0.5, 0.0],
        [0.5, 0.4],
        [0.2, 0.5],
        [0.5, 0.6],
        [0.5, 1.0],
        [0.0, 1.0],
    ];

    #[test]
    fn a_notch_is_outside() {
        for (point, expect) in [([0.1, 0.5], true), ([0.4, 0.5], false), ([0.4, 0.2], true)] {
            assert_eq!(contains(&NOTCHED, point), expect, "{point:?}");
        }
        assert!((area(&NOTCHED) - (0.5 - 0.03)).abs() < 1e-6);
    }

    #[test]
    fn distances_are_pixels_and_the_edge_of_the_frame_is_no_border() {
        let half = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]];
        assert!((distance(&half, [0.4, 0.999], SIZE) - 100.0).abs() < 0.01);
        assert!((distance(&half, [0.52, 0.5], SIZE) - 20.0).abs() < 0.01);
        let all = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert_eq!(distance(&all, [0.5, 0.5], SIZE), f32::INFINITY);
        assert!((off([[0.5, 1.0], [0.5, 0.0]], [0.6, 0.3], SIZE) - 100.0).abs() < 0.01);
    }

    #[test]
    fn a_way_leads_over_a_line_only_between_its_ends() {
        let up = [[0.5, 0.8], [0.5, 0.2]];
        assert_eq!(crosses(up, [0.1, 0.5], [0.9, 0.5]), Some(true));
        assert_eq!(crosses(up, [0.9, 0.5], [0.1, 0.5]), Some(false));
        assert_eq!(crosses(up, [0.1, 0.9], [0.9, 0.9]), None);
        assert_eq!(crosses(up, [0.1, 0.5], [0.4, 0.5]), None);
        // Who stops upon the line crosses it once.
        let ways = [([0.4, 0.5], [0.5, 0.5]), ([0.5, 0.5], [0.6, 0.5])];
        let crossed = ways.iter().filter(|it| crosses(up, it.0, it.1).is_some());
        assert_eq!(crossed.count(), 1);
    }
}
