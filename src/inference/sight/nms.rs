//! Non-maximum suppression: of boxes that overlap, the strongest stays.

/// A box that a model proposes, in model pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// `[left, top, right, bottom]`.
    pub corners: [f32; 4],
    /// Confidence, 0 to 1.
    pub score: f32,
    /// Index of its class.
    pub class: usize,
    /// Which of the model's proposals it is.
    pub row: usize,
}

impl Candidate {
    /// Whether its place and score are numbers.
    pub fn is_sound(&self) -> bool {
        self.score.is_finite() && self.corners.iter().all(|side| side.is_finite())
    }
}

/// Sorts boxes by score, strongest first; equals keep their order.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
}

/// Removes every box that overlaps one before it of its class by more than `overlap` (intersection
/// over union).
pub fn suppress(candidates: &mut Vec<Candidate>, overlap: f32) {
    let mut kept = 0;
    for at in 0..candidates.len() {
        let candidate = candidates[at];
        let beaten = candidates[..kept].iter().any(|stronger| {
            stronger.class == candidate.class && iou(stronger.corners, candidate.corners) > overlap
        });
        if !beaten {
            candidates[kept] = candidate;
            kept += 1;
        }
    }
    candidates.truncate(kept);
}

/// Intersection over union of two boxes, 0 to 1.
pub fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let side = |at: usize| (a[at + 2].min(b[at + 2]) - a[at].max(b[at])).max(0.0);
    let area = |it: [f32; 4]| (it[2] - it[0]).max(0.0) * (it[3] - it[1]).max(0.0);
    let shared = side(0) * side(1);
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(left: f32, score: f32, class: usize) -> Candidate {
        let corners = [left, 0.0, left + 10.0, 10.0];
        Candidate {
            corners,
            score,
            class,
            row: 0,
        }
    }

    #[test]
    fn overlapping_boxes_of_a_class_leave_the_strongest() {
        let mut boxes = vec![
            candidate(0.0, 0.5, 0),
            candidate(1.0, 0.9, 0),
            candidate(1.0, 0.8, 1),
            candidate(50.0, 0.3, 0),
        ];
        sort(&mut boxes);
        suppress(&mut boxes, 0.45);
        let left: Vec<f32> = boxes.iter().map(|it| it.score).collect();
        assert_eq!(left, [0.9, 0.8, 0.3]);
    }

    #[test]
    fn iou_of_half_a_box_is_a_third() {
        let third = iou([0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0]);
        assert!((third - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(iou([0.0; 4], [0.0; 4]), 0.0);
    }
}
