//! Any bytes as a TensorFlow Lite model; what is made of them is an ONNX model.

use otus::inference::onnx::file;
use otus::inference::store::tflite::{Told, to_onnx};

pub fn read(bytes: &[u8]) {
    if let Ok(made) = to_onnx(bytes, &Told::default()) {
        assert_eq!(file::check(&made), Ok(()));
    }
}
