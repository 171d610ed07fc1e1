//! What libFuzzer makes up goes to `../readers/config.rs`.
#![no_main]

#[path = "../readers/config.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
