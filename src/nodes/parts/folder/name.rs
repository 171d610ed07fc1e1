//! Names of files that sort by time and tell what is in them: `2026-11-29T16-42-07.123Z_porch_person_17.jpg`.

use jiff::Timestamp;

/// Characters of the time.
const TIME: usize = "2026-11-29T16-42-07.123Z".len();
/// Of a word no more is taken, so that a name stays within the 255 bytes of file systems.
const MOST_LETTERS: usize = 24;

/// The name of what was seen or heard from this time on.
pub fn of(at: Timestamp, words: &[&str], extension: &str) -> String {
    format!("{}.{extension}", stem(at, words))
}

/// The same without how it ends.
pub fn stem(at: Timestamp, words: &[&str]) -> String {
    let mut name = format!("{at:.3}").replace(':', "-");
    for word in words {
        name.push('_');
        name.push_str(&plain_word(word));
    }
    name
}

/// A word as it stands in names.
pub fn plain_word(word: &str) -> String {
    word.chars().take(MOST_LETTERS).map(plain).collect()
}

/// The time in such a name; none if it is another's name.
pub fn time(name: &str, extension: &str) -> Option<Timestamp> {
    time_of(name.strip_suffix(extension)?.strip_suffix('.')?)
}

/// The time in the name of something without an extension.
pub fn time_of(stem: &str) -> Option<Timestamp> {
    let (time, rest) = stem.split_at_checked(TIME)?;
    if !rest.starts_with('_') || time.bytes().any(|it| it == b':') {
        return None;
    }
    let (day, clock) = time.split_once('T')?;
    format!("{day}T{}", clock.replace('-', ":")).parse().ok()
}

/// What separates words, folders and lines is no part of a word.
fn plain(letter: char) -> char {
    match letter.is_alphanumeric() {
        true => letter,
        false => '-',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sorts_and_tells_its_time() {
        let at: Timestamp = "2026-11-29T16:42:07.123456Z".parse().expect("a time");
        let name = of(at, &["porch", "person", "17"], "jpg");
        assert_eq!(name, "2026-11-29T16-42-07.123Z_porch_person_17.jpg");
        let told = time(&name, "jpg").expect("it is ours");
        assert_eq!(told.as_millisecond(), at.as_millisecond());
        let odd = of(at, &["../a_b", "feu tricolore / Ampel"], "jpg");
        assert_eq!(
            odd,
            "2026-11-29T16-42-07.123Z_---a-b_feu-tricolore---Ampel.jpg"
        );
        assert!(of(at, &["水".repeat(300).as_str(); 3], "jpg").len() <= 255);
    }

    #[test]
    fn what_others_have_named_is_not_ours() {
        for name in [
            "holiday.jpg",
            "2026-11-29T16-42-07.123Z_porch_person_17.png",
            "2026-11-29T16-42-07.123Z.jpg",
            "2026-11-29T16:42:07.123Z_porch.jpg",
            "2026-13-29T16-42-07.123Z_porch.jpg",
            ".2026-11-29T16-42-07.123Z_porch.jpg",
            "2026-11-29T16-42-07.12水_porch.jpg",
        ] {
            assert_eq!(time(name, "jpg"), None, "{name}");
        }
    }
}
