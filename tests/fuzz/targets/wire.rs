//! What libFuzzer makes up goes to `../readers/wire.rs`.
#![no_main]

#[path = "../readers/wire.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
