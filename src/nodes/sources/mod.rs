//! What brings media in.

pub mod audio_file;
pub mod camera;
pub mod condition;
pub mod device;
#[cfg(feature = "microphone")]
pub mod microphone;
pub mod pace;
