//! Polygons in parts of the frame, 0 to 1: what they are, what can be wrong with them, and the pixels that they cover.

pub mod flaws;
pub mod mask;

/// A place in parts of the frame: `[x, y]` from the upper left corner.
pub type Point = [f32; 2];

/// The sides of a polygon.
pub fn sides(polygon: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().copied().zip(next.copied())
}

/// Twice the area of the triangle of three points: more than zero where `of` lies to the right of who goes from
/// `from` to `to`.
pub fn turn(from: Point, to: Point, of: Point) -> f32 {
    (to[0] - from[0]) * (of[1] - from[1]) - (to[1] - from[1]) * (of[0] - from[0])
}

/// The area of a polygon.
pub fn area(polygon: &[Point]) -> f32 {
    let sum: f32 = sides(polygon).map(|(a, b)| turn([0.0; 2], a, b)).sum();
    sum.abs() / 2.0
}

/// Whether two lines between points meet.
pub fn meet([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    let (of_c, of_d) = (turn(a, b, c), turn(a, b, d));
    let (of_a, of_b) = (turn(c, d, a), turn(c, d, b));
    let apart = |one: f32, other: f32| one * other < 0.0;
    let touches = |turn: f32, a: Point, b: Point, it: Point| {
        let within =
            |axis: usize| (a[axis].min(b[axis])..=a[axis].max(b[axis])).contains(&it[axis]);
        turn == 0.0 && within(0) && within(1)
    };
    apart(of_c, of_d) && apart(of_a, of_b)
        || touches(of_c, a, b, c)
        || touches(of_d, a, b, d)
        || touches(of_a, c, d, a)
        || touches(of_b, c, d, b)
}

/// The corners of a polygon as they are meant: none twice in a row, nor the first again at the end.
pub fn corners(polygon: &[Point]) -> Vec<Point> {
    let mut corners = polygon.to_vec();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    corners
}
