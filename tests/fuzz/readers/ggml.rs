//! Any bytes as a ggml Whisper model, before whisper.cpp sees them.

use otus::inference::store::ggml::read;

pub fn read(bytes: &[u8]) {
    let _ = read::check(bytes);
}
