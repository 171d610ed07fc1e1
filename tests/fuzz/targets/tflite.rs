//! What libFuzzer makes up goes to `../readers/tflite.rs`.
#![no_main]

#[path = "../readers/tflite.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
