//! What nodes look at that run a model on pictures: whole frames, or the objects in them.

use std::sync::Arc;

use crate::media::frame::Frame;
use crate::media::objects::Objects;
use crate::pipeline::contract::error::{Error, Result};
use crate::ports;

/// So many objects of a frame are looked at, the strongest: one run of a model each.
pub const MOST_OBJECTS: usize = 100;

ports! {
    /// Frames, or the objects in them.
    pub enum Looked {
        Frame(Arc<Frame>),
        Objects(Arc<Objects>),
    }
}

/// The frame that objects are in.
///
/// # Errors
/// `Fatal` if it was let go.
pub fn frame(objects: &Objects) -> Result<&Arc<Frame>> {
    let missing =
        || Error::fatal("the objects came without their picture; take them from `detect`");
    objects.frame.as_ref().ok_or_else(missing)
}

/// The whole pixels that a box `[x, y, width, height]` touches of a frame of this size, and of its sides the part `margin`
/// more on each. None if nothing of it lies within.
pub fn pixels(bounds: [f32; 4], size: [u32; 2], margin: f32) -> Option<[u32; 4]> {
    let axis = |at: usize| {
        let (start, side) = (bounds[at], bounds[at + 2]);
        let most = size[at] as f32;
        let from = (start - side * margin).floor().clamp(0.0, most) as u32;
        let to = (start + side + side * margin).ceil().clamp(0.0, most) as u32;
        (to > from).then_some((from, to - from))
    };
    let ((x, width), (y, height)) = (axis(0)?, axis(1)?);
    Some([x, y, width, height])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_whole_pixels_within_the_frame() {
        let part = |bounds, margin| pixels(bounds, [100, 50], margin);
        assert_eq!(part([10.4, 20.0, 5.0, 4.2], 0.0), Some([10, 20, 6, 5]));
        assert_eq!(part([10.0, 20.0, 20.0, 10.0], 0.1), Some([8, 19, 24, 12]));
        assert_eq!(part([-5.0, 40.0, 10.0, 99.0], 0.0), Some([0, 40, 5, 10]));
        assert_eq!(part([120.0, 0.0, 10.0, 10.0], 0.0), None);
        assert_eq!(part([10.0, 10.0, 0.0, 10.0], 0.5), None);
        assert_eq!(part([f32::NAN; 4], 0.0), None);
    }
}
