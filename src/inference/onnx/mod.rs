//! ONNX models: their files, the library that runs them, sessions.

pub mod apart;
mod at_once;
pub mod declared;
#[cfg(any(feature = "tensorrt", test))]
mod engines;
pub mod file;
pub mod library;
pub mod model;
mod native;
mod parity;
mod providers;
mod refusal;
mod sample;
pub mod session;
mod standing;
mod switch;
pub mod tensor;
mod together;
