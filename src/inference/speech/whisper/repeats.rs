//! Whether a text is caught in a loop, as Whisper's are at times.

/// The same one to four words at least four times in a row, or a sentence of at least three words twice.
pub fn found(text: &str) -> bool {
    loops(text) || doubles(text)
}

fn loops(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    (1..=4).any(|length| {
        words.windows(4 * length).any(|window| {
            window
                .chunks(length)
                .all(|chunk| chunk == &window[..length])
        })
    })
}

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
        assert!(found("Thank you. Thank you. Thank you. Thank you."));
        assert!(found("so no no no no way"));
        assert!(!found("one two three four five six seven eight"));
        assert!(!found("no no no, I said no"));
        assert!(found("Turn on the lamp. turn on the lamp!"));
        assert!(!found("Turn on the lamp. Turn off the lamp.") && !found("No. No."));
    }
}
