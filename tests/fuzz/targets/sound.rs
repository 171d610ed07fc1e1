//! Any bytes as a sound file.
#![no_main]

use std::io::{Seek, Write};
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use otus::nodes;
use otus::pipeline::testing::drive;

/// A file that is written anew for each input.
static FILE: LazyLock<Mutex<std::fs::File>> = LazyLock::new(|| {
    // symphonia panics at some files, which otus catches; libFuzzer's own hook would not let it.
    std::panic::set_hook(Box::new(|_| {}));
    let file = std::fs::File::create(path()).expect("a place for the sound");
    Mutex::new(file)
});

fn path() -> String {
    format!("/dev/shm/otus-fuzz-{}", std::process::id())
}

fuzz_target!(|bytes: &[u8]| {
    let mut file = FILE.lock().expect("there is one thread");
    file.set_len(0)
        .and_then(|()| file.rewind())
        .expect("it can be emptied");
    file.write_all(bytes).expect("there is room");
    let node = nodes::find("audio_file").expect("it is always there");
    let _ = drive(node, &format!("path = '{}'", path()), []);
});
