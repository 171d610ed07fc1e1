//! Whether a text can be believed: Whisper writes something down even where nobody speaks.

use crate::media::events::Doubt;

/// More than this is not believed: the probability of no speech less the mean log probability of the tokens. Of
/// tiny.en, the 33 real utterances tried have 0.06 to 0.89 but for a lone "book.", and 12 of 14 texts that it makes of a
/// minute of reversed speech more than 0.9.
const MOST_DOUBT: f32 = 0.9;

/// What is wrong with a text of so many tokens, for which `most_tokens` were granted.
pub fn doubt(
    text: &str,
    tokens: usize,
    most_tokens: usize,
    avg_logprob: f32,
    no_speech_prob: f32,
) -> Option<Doubt> {
    let reasons = [
        (text.is_empty(), Doubt::NoText),
        (text.contains('\u{fffd}'), Doubt::BrokenText),
        (tokens >= most_tokens, Doubt::TooLong),
        (repeats(text) || doubles(text), Doubt::Repeats),
        (no_speech_prob - avg_logprob > MOST_DOUBT, Doubt::Unlikely),
    ];
    let mut reasons = reasons.iter().filter(|(holds, _)| *holds);
    reasons.next().map(|(_, doubt)| *doubt)
}

/// Whether a text is caught in a loop: the same one to four words at least four times in a row.
fn repeats(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    (1..=4).any(|length| {
        words.windows(4 * length).any(|window| {
            window
                .chunks(length)
                .all(|chunk| chunk == &window[..length])
        })
    })
}

/// Whether a sentence of at least three words comes twice in a row, as where the encoder's window ends close
/// to the speech.
fn doubles(text: &str) -> bool {
    let sentences = text.split(['.', '!', '?']);
    let sentences = sentences.map(|it| it.trim().to_lowercase());
    let sentences: Vec<String> = sentences.filter(|it| !it.is_empty()).collect();
    let is_long = |it: &str| it.split_whitespace().count() >= 3;
    sentences
        .windows(2)
        .any(|pair| pair[0] == pair[1] && is_long(&pair[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_recognised_and_lists_are_not() {
        assert!(repeats("Thank you. Thank you. Thank you. Thank you."));
        assert!(repeats("so no no no no way"));
        assert!(!repeats("one two three four five six seven eight"));
        assert!(!repeats("no no no, I said no"));
        assert!(doubles("Turn on the lamp. turn on the lamp!"));
        assert!(!doubles("Turn on the lamp. Turn off the lamp.") && !doubles("No. No."));
    }

    #[test]
    fn a_text_is_doubted_for_its_first_fault() {
        assert_eq!(doubt("one", 1, 16, -0.3, 0.1), None);
        assert_eq!(doubt("", 0, 16, 0.0, 0.95), Some(Doubt::NoText));
        assert_eq!(
            doubt("o\u{fffd}e", 1, 16, -0.3, 0.1),
            Some(Doubt::BrokenText)
        );
        assert_eq!(doubt("one", 16, 16, -0.3, 0.1), Some(Doubt::TooLong));
        assert_eq!(doubt("a a a a", 4, 16, -0.3, 0.1), Some(Doubt::Repeats));
        assert_eq!(doubt("one", 1, 16, -0.3, 0.7), Some(Doubt::Unlikely));
        assert_eq!(doubt("one", 1, 16, -1.3, 0.1), Some(Doubt::Unlikely));
    }
}
