//! What takes several kinds of things, each by itself.

pub mod drift;
