//! Whisper's words and parts of words, as bytes.

use super::form::put;

/// The first of the tokens that are no text: in English models this ends a text, in others the text is empty.
const WORDS: usize = 50_257;

/// Writes the words of CTranslate2's `vocabulary.txt`: one a line, every byte as a letter that can be seen.
pub fn write(vocabulary: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let letters = letters();
    let words: Vec<&str> = vocabulary.split('\n').take(WORDS).collect();
    if words.len() < WORDS {
        return Err(format!("its vocabulary ends after {} words", words.len()));
    }
    put(out, WORDS as i32);
    for word in words {
        let byte = |letter| letters.iter().position(|&it| it == letter);
        let bytes: Option<Vec<u8>> = word.chars().map(|it| Some(byte(it)? as u8)).collect();
        let bytes = bytes.ok_or_else(|| format!("its vocabulary has the word {word:?}"))?;
        put(out, bytes.len() as i32);
        out.extend_from_slice(&bytes);
    }
    Ok(())
}

/// The letter that stands for each byte in GPT-2's vocabulary: itself if it can be seen, else the next
/// after the 256 of Latin-1.
fn letters() -> [char; 256] {
    let mut hidden = '\u{100}'..;
    std::array::from_fn(|byte| match byte as u8 {
        it @ (b'!'..=b'~' | 0xa1..=0xac | 0xae..) => it.into(),
        _ => hidden.next().expect("there are more letters"),
    })
}
