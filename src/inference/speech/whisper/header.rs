//! What the bytes of a model file say, without native code.

use crate::inference::speech::whisper::languages;
use crate::inference::store::ModelFile;
use crate::inference::store::ggml::read;
use crate::pipeline::contract::error::Misuse;

/// Refuses what is no whole ggml Whisper model, or cannot hear a language.
///
/// # Errors
/// In words, why, and what to do about it.
pub fn check(file: &ModelFile, language: &str) -> Result<(), String> {
    look(file, language).map_err(|it| format!("{}; {}", it.message, it.help))
}

/// The same, told by the option that is at fault.
///
/// # Errors
/// As those of [`check`].
pub fn look(file: &ModelFile, language: &str) -> Result<(), Misuse> {
    let name = &file.name;
    let head = read::check(&file.bytes);
    let head = head.map_err(|it| Misuse::new("model", format!("{name} {}", it.what), it.remedy))?;
    languages::deaf(name, head.tokens, language).map_or(Ok(()), Err)
}
