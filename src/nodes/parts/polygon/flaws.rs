//! What can be wrong with polygons.

use super::{Point, area, corners, meet, sides, turn};
use crate::pipeline::contract::error::Misuse;

/// Polygons of a node at most, and points of one.
pub const MOST: usize = 64;
/// Less of the frame is no area.
const LEAST_AREA: f32 = 1e-5;

/// What is wrong, and what to do.
pub type Flaw = (String, &'static str);

/// What is wrong with the areas that an option says are to be covered.
pub fn of_masks(option: &str, masks: &[Vec<Point>]) -> Vec<Misuse> {
    if masks.len() > MOST {
        let help = "cover several with one, or let `redact` cover the rest";
        let message = format!("there are more than {MOST}");
        return vec![Misuse::new(option.to_owned(), message, help)];
    }
    let wrong = |(at, corners): (usize, &Vec<Point>)| {
        let (message, help) = flaw(corners)?;
        Some(Misuse::new(format!("{option}[{at}]"), message, help))
    };
    masks.iter().enumerate().filter_map(wrong).collect()
}

/// What is wrong with a polygon.
pub fn flaw(polygon: &[Point]) -> Option<Flaw> {
    let corners = corners(polygon);
    if polygon.len() > MOST {
        let help = "leave out those that lie between others on one line, or make two of it";
        return Some((format!("it has more than {MOST} points"), help));
    }
    if let Some(flaw) = outside(&corners) {
        return Some(flaw);
    }
    if corners.len() < 3 {
        let help = "a polygon has three at least, each at another place";
        return Some((format!("it has {} points", corners.len()), help));
    }
    if let Some((one, other)) = crossing(&corners) {
        let written = |it: usize| format!("{:?}", corners[it % corners.len()]);
        let side = |it: usize| format!("{} to {}", written(it), written(it + 1));
        let message = format!(
            "its side from {} meets that from {}",
            side(one),
            side(other)
        );
        let help = "write the corners in the order in which one comes by them going around";
        return Some((message, help));
    }
    let help = "write corners that are not all on one line";
    (area(&corners) < LEAST_AREA).then(|| ("it has no area".to_owned(), help))
}

/// What lies outside the frame.
pub fn outside(points: &[Point]) -> Option<Flaw> {
    let is_outside = |it: &&Point| !it.iter().all(|it| (0.0..=1.0).contains(it));
    let point = points.iter().find(is_outside)?;
    let help = "write parts of the frame's width and height, 0 to 1: of 640 pixels, 320 are 0.5";
    Some((format!("{point:?} lies outside the frame"), help))
}

/// Two sides that meet elsewhere than at the corner between them.
fn crossing(corners: &[Point]) -> Option<(usize, usize)> {
    let sides: Vec<(Point, Point)> = sides(corners).collect();
    let count = sides.len();
    let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
    let meets = |&(one, other): &(usize, usize)| {
        let ((a, b), (c, d)) = (sides[one], sides[other]);
        match (other - one == 1, other - one == count - 1) {
            (true, _) => goes_back(a, b, d),
            (_, true) => goes_back(c, d, b),
            _ => meet([a, b], [c, d]),
        }
    };
    let is_flat = area(corners) < LEAST_AREA && count == 3;
    pairs.into_iter().find(meets).filter(|_| !is_flat)
}

/// Whether who goes from one point to another goes on to a third the way that they came.
fn goes_back(from: Point, at: Point, to: Point) -> bool {
    let ahead = (at[0] - from[0]) * (to[0] - at[0]) + (at[1] - from[1]) * (to[1] - at[1]);
    turn(from, at, to) == 0.0 && ahead < 0.0
}
