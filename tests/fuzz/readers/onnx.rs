//! Any bytes as an ONNX model, before ONNX Runtime sees them.

use otus::inference::onnx_file;

pub fn read(bytes: &[u8]) {
    let _ = onnx_file::check(bytes);
}
