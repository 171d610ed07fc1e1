//! Where somebody speaks, and what is said.

#[cfg(feature = "whisper")]
pub mod listener;
pub mod memory;
pub mod segments;
pub mod silero;
#[cfg(feature = "whisper")]
pub mod whisper;
