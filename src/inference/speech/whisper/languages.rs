//! Which languages a Whisper model hears, by how many tokens it has.

use crate::inference::speech::whisper::log;
use crate::inference::store::ggml::{head::TOKENS, read::check};
use crate::inference::store::manifest;
use crate::pipeline::contract::error::Misuse;

/// Before its last language, Whisper had 99.
const LANGUAGES: usize = 99;

/// whisper.cpp's number of a language; none of `auto` and of what it does not know.
pub fn number(language: &str) -> Option<usize> {
    // whisper-rs panics at a zero.
    if language == "auto" || language.contains('\0') {
        return None;
    }
    // It would complain on standard error.
    log::listen();
    let number = whisper_rs::get_lang_id(language)?;
    usize::try_from(number).ok()
}

/// That nobody knows a language.
pub fn unknown(language: &str) -> Misuse {
    let message = format!("Whisper knows no language `{}`", language.escape_debug());
    let help = "an ISO 639-1 code such as `en`, or `auto`";
    Misuse::new("language", message, help)
}

/// How many tokens a model has, if its name alone tells: no file is read.
pub fn tokens(name: &str) -> Option<usize> {
    // As Whisper's makers name the models that know no other language than English.
    if name.ends_with(".en") || name.contains(".en.") || name.contains(".en-") {
        return Some(*TOKENS.start());
    }
    let model = manifest::find(name)?;
    match manifest::built_in(model) {
        Some(bytes) => check(bytes).ok().map(|it| it.tokens),
        None => Some(TOKENS.start() + 1),
    }
}

/// That a model of so many tokens does not hear a language, or `auto`.
pub fn deaf(name: &str, tokens: usize, language: &str) -> Option<Misuse> {
    let number = number(language);
    let is_english = number == Some(0);
    let (message, help) = if tokens == *TOKENS.start() && !is_english {
        (
            format!("`{name}` knows English only"),
            "take a model without `.en`, such as `whisper-base`, or leave `language` out",
        )
    } else if tokens != *TOKENS.end() && number.is_some_and(|it| it >= LANGUAGES) {
        (
            format!("`{name}` does not know `{language}`"),
            "whisper.cpp's `large-v3` does, or take the nearest language that it knows",
        )
    } else {
        return None;
    };
    Some(Misuse::new("language", message, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tokens_tells_the_languages() {
        let hears = |tokens, language| deaf("it", tokens, language).is_none();
        assert!(hears(51_864, "en") && hears(51_865, "de") && hears(51_865, "auto"));
        assert!(!hears(51_864, "de") && !hears(51_864, "auto"));
        assert!(!hears(51_865, "yue") && hears(51_866, "yue") && hears(51_865, "su"));
    }

    #[test]
    fn names_of_the_manifest_tell_too() {
        assert_eq!(tokens("otus-words"), Some(51_864));
        assert_eq!(tokens("whisper-tiny.en-q5_1"), Some(51_864));
        assert_eq!(tokens("whisper-base"), Some(51_865));
        assert_eq!(tokens("./my.bin"), None);
        assert_eq!(number("e\0n"), None);
    }
}
