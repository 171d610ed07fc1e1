//! What libFuzzer makes up goes to `../readers/http.rs`.
#![no_main]

#[path = "../readers/http.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
