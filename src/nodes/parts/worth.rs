//! How well an object is seen in a frame.

/// Of the sights of one thing the one of most worth is its best: twice as large is as good as half as sure again.
pub fn worth(score: f32, [_, _, width, height]: [f32; 4]) -> f32 {
    score * (width * height).max(1.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_and_surer_is_better() {
        let side = |it: f32| [5.0, 5.0, it, it];
        assert!(worth(0.5, side(40.0)) > worth(0.5, side(39.0)));
        assert!(worth(0.6, side(40.0)) > worth(0.5, side(40.0)));
        assert!(worth(0.3, side(100.0)) > worth(0.9, side(30.0)));
    }
}
