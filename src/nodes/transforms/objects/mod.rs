//! What works on objects and the frames they are in.

pub mod track;
pub mod zones;
