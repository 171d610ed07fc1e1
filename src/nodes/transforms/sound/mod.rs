//! What takes sound, and what was cut out of it.

#[cfg(feature = "whisper")]
pub mod transcribe;
pub mod vad;
