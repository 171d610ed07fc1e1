//! Texts that nobody says.

use super::tests::{LIST, redacted, spoken};
use crate::media::events::Transcript;
use crate::nodes::parts::words;

/// Whatever is said, no digit is told, and nothing panics, whose message could tell the text.
#[test]
fn nonsense_has_no_digits_left() {
    const PIECES: &str = "four two one forty second oh double hundred and point 4 29 4b ४ é e\u{301} ß 打 一二 ½ ² john \
        dot at @ . , - _ ' ’s ? … elm Elm street Close St. + ( ) example com alice Alice's acme corp \u{0} 🦉 [number]";
    let pieces: Vec<&str> = PIECES.split(' ').collect();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..random.usize(..25) {
            text.push_str(pieces[random.usize(..pieces.len())]);
            text.push_str(["", " ", " ", " ", "  "][random.usize(..5)]);
        }
        let said = Transcript {
            partial: random.u8(..4) == 0,
            ..spoken(text.trim())
        };
        let told = redacted(LIST, said.clone());
        let all = told.words.iter().map(|it| it.word.as_str());
        let all: String = std::iter::once(told.text.as_str()).chain(all).collect();
        assert!(!all.contains(char::is_numeric), "{text:?}: {told:?}");
        let tokens = words::tokens(&told.text).into_iter();
        let names = tokens.filter(|it| it.plain == "alice").count();
        assert_eq!(names, 0, "{text:?}: {told:?}");
        let again = redacted(LIST, told.clone());
        assert!(again.text.chars().count() <= told.text.chars().count() + 100);
        redacted(
            "mode = 'keywords_only'\nwords = ['elm', 'four', 'é', '打']",
            said,
        );
    }
}
