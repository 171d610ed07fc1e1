//! What libFuzzer makes up goes to `../readers/sound.rs`.
#![no_main]

#[path = "../readers/sound.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(
    init: {
        // symphonia panics at some files, which otus catches; libFuzzer's own hook would not let it.
        std::panic::set_hook(Box::new(|_| {}));
        // What otus cannot read is for FFmpeg; a child for every input would be all that is tried.
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("PATH", "/nowhere") };
    },
    |bytes: &[u8]| reader::read(bytes)
);
