//! ONNX models: their files, the library that runs them, sessions.

pub mod apart;
pub mod declared;
pub mod file;
pub mod library;
pub mod model;
pub mod session;
pub mod tensor;
