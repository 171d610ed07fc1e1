//! What makes sense of media.

pub mod detect;
#[cfg(feature = "whisper")]
pub mod transcribe;
pub mod vad;
