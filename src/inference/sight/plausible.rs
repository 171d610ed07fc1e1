//! Whether boxes can be what a model means: a wrong reading shows in scores above 1 and boxes far off.

use crate::inference::sight::nms::Candidate;

/// By how much rounding may take a score out of 0 to 1.
const ROUNDING: f32 = 0.01;
/// How far from the middle of the input the middle of a box may be, in sides of the input.
const FAR: f32 = 4.0;
/// So many boxes lie in one corner only if cells are taken for pixels.
const MANY: usize = 60;
/// Part of the input's side that is a corner.
const CORNER: f32 = 0.02;
/// Boxes that all end before this pixel are parts of a side.
const PIXEL: f32 = 1.5;

/// Looks for what no picture leads to. What is no number is passed over.
///
/// # Errors
/// In words, what is wrong.
pub fn check(found: &[Candidate], width: usize, height: usize) -> Result<(), String> {
    let sides = [width as f32, height as f32];
    // Rows that say nothing fill an output up.
    let says = |it: &&Candidate| it.score != 0.0 || it.corners != [0.0; 4];
    let sound = || found.iter().filter(|it| it.is_sound()).filter(says);
    let is_score = |it: &&Candidate| (-ROUNDING..=1.0 + ROUNDING).contains(&it.score);
    if let Some(odd) = sound().find(|it| !is_score(it)) {
        return Err(format!("scores are from 0 to 1, and one is {}", odd.score));
    }
    let is_turned =
        |it: &&Candidate| (0..2).any(|axis| it.corners[axis + 2] < it.corners[axis] - PIXEL);
    if sound().any(|it| is_turned(&it)) {
        return Err("a box ends before it begins".to_owned());
    }
    let middle = |it: &Candidate, axis: usize| (it.corners[axis] + it.corners[axis + 2]) / 2.0;
    let is_far = |it: &&Candidate| {
        let beyond = |axis: usize| (middle(it, axis) / sides[axis] - 0.5).abs() > FAR;
        beyond(0) || beyond(1)
    };
    if let Some(far) = sound().find(is_far) {
        let [x, y] = [0, 1].map(|axis| middle(far, axis).round());
        return Err(format!(
            "a box lies far outside the picture, around {x}, {y} of {width} x {height}"
        ));
    }
    let is_cornered =
        |it: &Candidate| (0..2).all(|axis| it.corners[axis + 2] < sides[axis] * CORNER);
    let is_part = |it: &Candidate| (2..4).all(|at| it.corners[at] < PIXEL);
    if sound().next().is_some() && sound().all(is_part) {
        return Err("boxes are smaller than a pixel, as parts of a side are".to_owned());
    }
    if sound().count() >= MANY && sound().all(is_cornered) {
        return Err("all boxes lie in one corner".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(corners: [f32; 4], score: f32, count: usize) -> Result<(), String> {
        let candidate = Candidate {
            corners,
            score,
            class: 0,
            row: 0,
        };
        check(&vec![candidate; count], 640, 480)
    }

    #[test]
    fn what_cannot_be_is_told() {
        let inside = [10.0, 20.0, 100.0, 200.0];
        assert_eq!(verdict(inside, 0.9, 1), Ok(()));
        assert_eq!(verdict(inside, 1.003, 1), Ok(()), "rounded");
        assert!(verdict([100.0, 20.0, 10.0, 200.0], 0.9, 1).is_err());
        assert!(verdict(inside, 60.2, 1).is_err());
        assert!(verdict(inside, -3.0, 1).is_err());
        assert!(verdict([-9000.0, 0.0, -8000.0, 10.0], 0.5, 1).is_err());
        assert!(
            verdict([0.1, 0.2, 0.9, 0.9], 0.5, 100).is_err(),
            "fractions for pixels"
        );
        assert!(verdict([0.1, 0.2, 0.9, 0.9], 0.5, 1).is_err(), "fractions");
        assert!(
            verdict([0.1, 0.2, 2.9, 0.9], 0.5, 100).is_err(),
            "cells for pixels"
        );
        assert_eq!(
            verdict([0.1, 0.2, 2.9, 2.9], 0.5, 3),
            Ok(()),
            "small things"
        );
        assert_eq!(verdict([0.0; 4], 0.0, 100), Ok(()), "nothing");
        assert_eq!(verdict([f32::NAN; 4], 0.5, 1), Ok(()), "told elsewhere");
    }
}
