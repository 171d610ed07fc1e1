//! Numbers in what was said: in digits, or as English words that follow each other.

use std::ops::Range;

use crate::media::events::Hidden;
use crate::nodes::parts::words::{Token, fold};

/// So many digits have telephone numbers.
const PHONE: std::ops::RangeInclusive<usize> = 7..=15;

/// Said alone they are more often something else: `one moment`, `two dogs`.
const SMALL: &str = "zero nought one two three four five six seven eight nine ten eleven twelve";
/// Words that make a number larger.
const LARGE: &str = "hundred thousand million billion trillion";
/// Ordinals that are numbers where a ten or a hundred comes before them.
const FEW: &str =
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth";
/// Ordinals that are numbers by themselves.
const MANY: &str = "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth \
fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth thousandth millionth";
/// Said within a number.
const WITHIN: &str = "oh o nil double triple point dot dash hyphen minus slash plus";
/// Said before a number.
const BEFORE: &str = "oh o nil double triple plus minus";
/// After them `one` is no number, also at the end: `that one`.
const ONES: &str = "no this that the which any every each some another last next first other good new old big small only";

/// Number words that follow each other, or one by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which words of the text.
    pub words: Range<usize>,
    /// Whether it is a number whatever stands around it: in digits, more than twelve, or several words.
    pub is_certain: bool,
}

impl Run {
    /// What it is, going by how many digits it has.
    pub fn kind(&self, text: &str, words: &[Token]) -> Hidden {
        let (first, last) = (&words[self.words.start], &words[self.words.end - 1]);
        let is_date = text[first.place.start..last.place.end].contains('/');
        let mut digits = 0;
        let mut times = 1;
        for word in &words[self.words.clone()] {
            let in_word = word.plain.chars().filter(|it| it.is_numeric()).count();
            let said = fold::in_digits(&word.plain)
                .chars()
                .filter(|it| it.is_numeric())
                .count();
            let is_oh = among("oh o nought nil", &word.plain);
            digits += times * in_word.max(said).max(usize::from(is_oh));
            times = match word.plain.as_str() {
                "double" => 2,
                "triple" => 3,
                _ => 1,
            };
        }
        match PHONE.contains(&digits) && !is_date {
            true => Hidden::Phone,
            false => Hidden::Number,
        }
    }
}

/// Whether a word is one of those in a list.
pub fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|it| it == word)
}

fn has_digit(word: &str) -> bool {
    word.contains(char::is_numeric)
}

fn is_large(word: &str) -> bool {
    let is_named = among(LARGE, word) || among(MANY, word);
    is_named || (fold::number(word).is_some() && !among(SMALL, word))
}

fn is_number(word: &str, before: Option<&str>) -> bool {
    let opens = |it: &str| it == "and" || is_large(it);
    has_digit(word)
        || among(SMALL, word)
        || is_large(word)
        || (among(FEW, word) && before.is_some_and(opens))
}

/// All runs of number words in a text.
pub fn runs(words: &[Token]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match is_number(&words[at].plain, None) {
            true => {
                let run = run_from(words, at);
                at = run.words.end;
                runs.push(run);
            }
            false => at += 1,
        }
    }
    runs
}

/// The run that begins with a number.
fn run_from(words: &[Token], first: usize) -> Run {
    let plain = |at: usize| words.get(at).map(|it: &Token| it.plain.as_str());
    let is_within = |at: usize| plain(at).is_some_and(|it| among(WITHIN, it));
    let (mut end, mut numbers) = (first + 1, 1);
    loop {
        let last = plain(end - 1);
        let joins = plain(end) == Some("and") && last.is_some_and(|it| among(LARGE, it));
        let mut next = end + usize::from(joins);
        while is_within(next) {
            next += 1;
        }
        let before = if next > end { plain(next - 1) } else { last };
        match plain(next) {
            Some(word) if is_number(word, before) => (end, numbers) = (next + 1, numbers + 1),
            _ => break,
        }
    }
    let leads = |at: usize| plain(at).is_some_and(|it| among(BEFORE, it));
    let mut start = first;
    while start > 0 && leads(start - 1) {
        start -= 1;
    }
    let of = &words[start..end];
    let is_many = start < first
        && of
            .iter()
            .any(|it| matches!(it.plain.as_str(), "double" | "triple"));
    let is_certain = numbers > 1
        || is_many
        || of
            .iter()
            .any(|it| has_digit(&it.plain) || is_large(&it.plain));
    if is_certain {
        while matches!(plain(end), Some("oh" | "o")) {
            end += 1;
        }
    }
    let words = if is_certain { start..end } else { first..end };
    Run { words, is_certain }
}

/// Whether a single small number is one, going by where it stands: what it belongs to may come in the next transcript,
/// or have come in the one `before`.
pub fn is_open(run: &Run, words: &[Token], before: bool) -> bool {
    let at = run.words.start;
    let is_other = at > 0 && words[at].plain == "one" && among(ONES, &words[at - 1].plain);
    let is_last = run.words.end == words.len() && !is_other;
    is_last || (at == 0 && before)
}
