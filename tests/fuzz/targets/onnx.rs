//! Any bytes as an ONNX model, before ONNX Runtime sees them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otus::inference::onnx_file;

fuzz_target!(|bytes: &[u8]| {
    let _ = onnx_file::check(bytes);
});
