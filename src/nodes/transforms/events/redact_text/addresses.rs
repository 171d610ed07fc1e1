//! Postal addresses in what was said: a house number, some words and a kind of street.

use std::ops::Range;

use super::numbers::{Run, among};
use crate::nodes::parts::words::Token;

/// Words of a street's name at most.
const LONGEST: usize = 4;
const STREETS: &str =
    "street road avenue boulevard lane crescent terrace highway alley parkway st rd ave blvd ln";
/// Kinds of streets that are more often something else: they count where they are written as a name.
const OTHERS: &str =
    "drive way court square place close row park hill gardens grove mews walk dr ct";
/// No name of a street has them.
const STRANGE: &str = "the a an my your his her our their this that these those in on of to at by for from with and or \
but is are was were be you i he she it we they cross crossed down up across along through over more other no not next \
same way";

/// Which words of the text are addresses.
pub fn find(text: &str, words: &[Token], numbers: &[Run]) -> Vec<Range<usize>> {
    let address = |run: &Run| {
        let first = run.words.end;
        let most = (first + LONGEST).min(words.len().saturating_sub(1));
        // `350 5th Avenue` has no other name; `one street` is none.
        let nearest = first + usize::from(!run.is_certain);
        let end = (nearest..=most).find(|at| is_street(text, words, *at, run))?;
        let is_name = |at: usize| !among(STRANGE, &words[at].plain);
        let is_whole =
            (first..end).all(is_name) && (first..=end).all(|at| goes_on(text, words, at));
        is_whole.then(|| run.words.start..end + 1)
    };
    numbers.iter().filter_map(address).collect()
}

fn is_street(text: &str, words: &[Token], at: usize, run: &Run) -> bool {
    let plain = words[at].plain.as_str();
    let is_capital = |at: usize| text[words[at].place.clone()].starts_with(char::is_uppercase);
    let is_named = is_capital(at) && is_capital(at - 1);
    // `One long road` is no address.
    let is_one = !run.is_certain && words[run.words.start].plain == "one";
    (among(STREETS, plain) && !is_one)
        || is_named && (among(OTHERS, plain) || among(STREETS, plain))
}

/// Whether no sentence ends before a word; `St.` is short for something.
fn goes_on(text: &str, words: &[Token], at: usize) -> bool {
    let between = &text[words[at - 1].place.end..words[at].place.start];
    !between.contains(['.', '?', '!', ';', ':']) || words[at - 1].plain == "st"
}
