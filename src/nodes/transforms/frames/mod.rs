//! What takes frames.

pub mod detect;
pub mod motion;
