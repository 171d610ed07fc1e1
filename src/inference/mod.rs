//! What models need: manifest and verification, ONNX Runtime, pictures in and boxes out, speech.

pub mod fetch;
pub mod heads;
pub mod labels;
pub mod letterbox;
pub mod library;
#[cfg(feature = "whisper")]
pub mod listener;
pub mod manifest;
pub mod nms;
pub mod onnx;
pub mod onnx_file;
pub mod session;
pub mod silero;
pub mod speech_segments;
pub mod store;
#[cfg(feature = "whisper")]
pub mod whisper;
#[cfg(feature = "whisper")]
pub mod whisper_gpu;
#[cfg(feature = "whisper")]
pub mod whisper_processor;
pub mod worker;
