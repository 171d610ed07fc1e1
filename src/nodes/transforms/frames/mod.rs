//! What takes frames.

pub mod detect;
