//! What takes sound, and what was cut out of it.

pub mod tag_sound;
#[cfg(feature = "whisper")]
pub mod transcribe;
pub mod vad;
