//! What libFuzzer makes up goes to `../readers/sound.rs`.
#![no_main]

#[path = "../readers/sound.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(
    init: {
        // symphonia panics at some files, which otus catches; libFuzzer's own hook would not let it.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| reader::read(bytes)
);
