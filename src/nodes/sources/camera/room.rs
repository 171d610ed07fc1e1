//! Where a camera's pictures are decoded to. What its `mask` covers is black before anybody sees it.

use std::sync::Arc;

use super::config::Config;
use crate::media::frame::Frame;
use crate::media::recycle::Recycle;
use crate::nodes::parts::polygon::mask::Masks;

/// Frames that are filled, covered and shared; the only way that a camera makes one.
pub struct Room {
    pool: Recycle<Frame>,
    masks: Masks,
}

impl Room {
    /// For a camera with these options.
    pub fn new(config: &Config) -> Room {
        Room {
            pool: Recycle::new(Frame::empty),
            masks: Masks::new(&config.mask),
        }
    }

    /// Shares a frame that was filled.
    ///
    /// # Errors
    /// Whatever `fill` returns.
    pub fn share<E>(
        &mut self,
        fill: impl FnOnce(&mut Frame) -> Result<(), E>,
    ) -> Result<Arc<Frame>, E> {
        let masks = &mut self.masks;
        self.pool.share(|frame| {
            fill(frame)?;
            masks.cover(frame);
            Ok(())
        })
    }
}
