//! Streams of network cameras and films, as `ffmpeg` hands them on from a child process.

pub mod address;
pub mod clock;
pub mod decoder;
pub mod listening;
pub mod nut;
pub mod pipe;
pub mod reasons;
pub mod sound;
pub mod timeout;
