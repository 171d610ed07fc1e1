//! What the beginning of a ggml file says of a Whisper model, without native code.

use crate::inference::store::ModelFile;

/// With so many tokens or more a model knows other languages than English.
const TOKENS_OF_ALL_LANGUAGES: u32 = 51_865;

/// Refuses what is no ggml Whisper model, or cannot hear a language.
///
/// # Errors
/// In words, why.
pub fn check(file: &ModelFile, language: &str) -> Result<(), String> {
    let name = &file.name;
    // The magic number and the header come first; whisper.cpp aborts on some broken headers.
    let tokens = file
        .bytes
        .strip_prefix(b"lmgg")
        .and_then(|it| it.first_chunk());
    let Some(tokens) = tokens else {
        return Err(format!("{name} is no ggml Whisper model"));
    };
    let is_multilingual = u32::from_le_bytes(*tokens) >= TOKENS_OF_ALL_LANGUAGES;
    if language != "en" && !is_multilingual {
        return Err(format!("{name} hears English only; set language = \"en\""));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn model(bytes: &[u8]) -> ModelFile {
        ModelFile {
            name: "it".into(),
            sha256: String::new(),
            bytes: Cow::Owned(bytes.to_vec()),
            entry: None,
        }
    }

    #[test]
    fn the_number_of_tokens_tells_the_languages() {
        let tokens = |it: u32| model(&[b"lmgg", &it.to_le_bytes()[..]].concat());
        assert_eq!(check(&tokens(51_865), "de"), Ok(()));
        assert_eq!(check(&tokens(51_864), "en"), Ok(()));
        let said = check(&tokens(51_864), "de").expect_err("it hears English only");
        assert!(said.contains("English only"));
        assert!(check(&model(b"lmg"), "en").is_err() && check(&model(b"RIFF1234"), "en").is_err());
    }
}
