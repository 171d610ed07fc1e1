//! What brings media in.

pub mod audio_file;
pub mod audio_stream;
pub mod camera;
#[cfg(feature = "microphone")]
pub mod microphone;
#[cfg(feature = "zenoh")]
pub mod zenoh;
