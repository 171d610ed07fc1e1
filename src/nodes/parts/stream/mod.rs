//! Streams of network cameras and films, as `ffmpeg` hands them on from a child process.

pub mod address;
pub mod clock;
pub mod decoder;
pub mod nut;
pub mod origin;
pub mod packets;
pub mod pipe;
pub mod reasons;
pub mod sound;
pub mod timeout;
pub mod unseen;
