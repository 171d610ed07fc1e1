//! What libFuzzer makes up goes to `../readers/ggml.rs`.
#![no_main]

#[path = "../readers/ggml.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
