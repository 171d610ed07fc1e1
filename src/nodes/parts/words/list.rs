//! Lists of phrases among the options of a node, or in a file of one a line.

use std::path::Path;

use super::phrase::Phrase;
use crate::pipeline::contract::error::Misuse;
use crate::pipeline::contract::small_file;

/// No list that a person wrote is longer.
const MOST: usize = 1_000;
/// Words of a phrase at most.
pub const LONGEST: usize = 30;

/// What is wrong with the phrases of an option.
pub fn misuses(option: &'static str, written: &[String]) -> Vec<Misuse> {
    if written.len() > MOST {
        let message = format!("there are more than {MOST} phrases");
        return vec![Misuse::new(option, message, "use several nodes")];
    }
    let mut misuses = Vec::new();
    let mut before: Vec<Phrase> = Vec::new();
    for (at, written) in written.iter().enumerate() {
        let phrase = Phrase::parse(written);
        let twice = |it: &&Phrase| phrase.as_ref().is_some_and(|new| new.words == it.words);
        let wrong = match &phrase {
            None if written.is_empty() => Some(("it is empty".to_owned(), "remove it")),
            None => Some((
                format!("there is no letter or digit in `{written}`"),
                "punctuation is not heard: write words",
            )),
            Some(it) if it.words.len() > LONGEST => Some((
                format!("it has more than {LONGEST} words"),
                "nobody says that twice in the same words: write a part of it",
            )),
            Some(_) => before.iter().find(twice).map(|it| {
                let message = format!("it sounds the same as `{}`", it.written);
                (
                    message,
                    "case, accents and punctuation do not count: remove one",
                )
            }),
        };
        if let Some((message, help)) = wrong {
            misuses.push(Misuse::new(format!("{option}[{at}]"), message, help));
        }
        before.extend(phrase);
    }
    misuses
}

/// The phrases of an option that was checked.
pub fn parse(written: &[String]) -> Vec<Phrase> {
    written.iter().filter_map(|it| Phrase::parse(it)).collect()
}

/// The phrases of a file: one a line, without those that begin with `#`.
///
/// # Errors
/// What is wrong with the file.
pub fn read(option: &'static str, path: &Path) -> Result<Vec<Phrase>, Misuse> {
    let missing = |why: String| Misuse::missing(option, format!("{}: {why}", path.display()));
    let text = small_file::read(path).map_err(|it| missing(it.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| missing("it is no UTF-8 text".to_owned()))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|it| !it.is_empty() && !it.starts_with('#'));
    let phrases: Vec<Phrase> = lines.filter_map(Phrase::parse).collect();
    let fits = |it: &Phrase| it.words.len() <= LONGEST;
    match phrases.len() {
        0 => Err(missing("there are no words in it".to_owned())),
        1..=MOST if phrases.iter().all(fits) => Ok(phrases),
        _ => Err(missing(format!(
            "it has more than {MOST} lines, or one of more than {LONGEST} words"
        ))),
    }
}
