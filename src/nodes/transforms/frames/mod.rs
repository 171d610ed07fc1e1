//! What takes frames.

pub mod classify;
pub mod crop;
pub mod detect;
pub mod embed;
pub mod encode;
pub mod motion;
pub mod segment;
