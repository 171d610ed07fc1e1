//! ONNX models: their files, the library that runs them, sessions.

pub mod apart;
pub mod declared;
pub mod file;
pub mod library;
pub mod model;
mod refusal;
pub mod session;
pub mod tensor;
