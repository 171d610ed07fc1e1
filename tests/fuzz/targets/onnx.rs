//! What libFuzzer makes up goes to `../readers/onnx.rs`.
#![no_main]

#[path = "../readers/onnx.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
