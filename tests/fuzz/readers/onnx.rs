//! Any bytes as an ONNX model, before ONNX Runtime sees them.

use otus::inference::onnx::file;

pub fn read(bytes: &[u8]) {
    let _ = file::check(bytes);
}
