//! What makes sense of media, by what it takes.

pub mod events;
pub mod frames;
pub mod objects;
pub mod several;
pub mod sound;
