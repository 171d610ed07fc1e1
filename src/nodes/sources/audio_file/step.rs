//! What decoding gives, whoever decodes.

/// Rate and channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Frames a second.
    pub rate: u32,
    /// Samples of a frame.
    pub channels: usize,
}

/// What reading came to.
pub enum Step {
    /// There is more sound, of this shape.
    More(Shape),
    /// There is none yet.
    Nothing,
    /// There will be none.
    End,
}
