//! Where a box is, seen from the border of a zone and from a line.

use super::crossing::Place;
use super::geometry;
use super::options::{Anchor, Line, Zone};
use crate::nodes::parts::polygon::Point;

/// Boxes tremble: nobody is over a border before being clear of it by this share of the box's size.
const MARGIN: f32 = 0.15;
/// So far from a border a box is surely on one side of it, in pixels.
pub fn margin([_, _, width, height]: [f32; 4]) -> f32 {
    MARGIN * (width * height).max(0.0).sqrt()
}

/// The points of a box that can count, by `Anchor`, in parts of the frame. What reaches beyond the frame stands at its
/// edge.
pub fn anchors([x, y, width, height]: [f32; 4], size: Point) -> [Point; 2] {
    let within = |pixel: f32, size: f32| pixel.clamp(0.5, size - 0.5) / size;
    let of = |anchor| {
        let down = match anchor {
            Anchor::Bottom => y + height,
            Anchor::Centre => y + height / 2.0,
        };
        [within(x + width / 2.0, size[0]), within(down, size[1])]
    };
    [of(Anchor::Bottom), of(Anchor::Centre)]
}

/// Whether a point is inside, going by where it was `before`: who was outside is inside only once clear of the border,
/// and the other way around.
pub fn is_inside(
    zone: &Zone,
    point: Point,
    size: Point,
    margin: f32,
    before: Option<bool>,
) -> bool {
    let now = geometry::contains(&zone.polygon, point);
    let Some(before) = before.filter(|it| *it != now) else {
        return now;
    };
    // Nobody can get far into a narrow zone.
    let margin = match now {
        true => margin.min(geometry::depth(&zone.polygon, size) / 2.0),
        false => margin,
    };
    let is_clear = geometry::distance(&zone.polygon, point, size) >= margin;
    if is_clear { now } else { before }
}

/// Where a way has led, seen from a line.
pub fn place(line: &Line, [before, after]: [Point; 2], size: Point, margin: f32) -> Place {
    let ends = [line.from, line.to];
    let off = geometry::off(ends, after, size);
    // Between the line and the edge of the frame there may be little room.
    let room = || {
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let room = corners.map(|it| geometry::off(ends, it, size) * off.signum());
        room.into_iter().fold(0.0, f32::max)
    };
    let margin = match off.abs() < margin {
        true => margin.min(room() / 2.0),
        false => margin,
    };
    Place {
        off,
        margin,
        crossed: geometry::crosses(ends, before, after),
    }
}
