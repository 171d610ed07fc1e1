//! What works on objects and the frames they are in.

pub mod annotate;
pub mod redact;
pub mod track;
pub mod zones;
