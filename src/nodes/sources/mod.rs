//! What brings media in.

pub mod audio_file;
// Without OpenCV some options are known, checked and not used.
#[cfg_attr(not(feature = "opencv"), allow(dead_code))]
pub mod camera;
pub mod condition;
pub mod device;
#[cfg(feature = "microphone")]
pub mod microphone;
pub mod pace;
