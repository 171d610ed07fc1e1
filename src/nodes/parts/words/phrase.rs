//! A phrase and how far what was heard is from it.

use std::sync::Arc;

use strsim::osa_distance;

use super::fold::in_digits;
use super::tokens;

/// Of so many letters of a word one may differ.
const LETTERS_PER_SLIP: usize = 3;

/// One word or several.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// As it stands in the pipeline file.
    pub written: Arc<str>,
    /// Its words, as they are compared.
    pub words: Vec<String>,
}

impl Phrase {
    /// None if there is no letter or digit in it.
    pub fn parse(written: &str) -> Option<Phrase> {
        let words = tokens(written).into_iter();
        let words: Vec<String> = words.map(|it| in_digits(&it.plain).to_owned()).collect();
        (!words.is_empty()).then(|| Phrase {
            written: Arc::from(written),
            words,
        })
    }

    /// How many letters of what was heard differ, if it is as many words and in none of them more than `slips`, nor
    /// more than a third of its letters. Numbers are alike or not.
    pub fn distance<T: AsRef<str>>(&self, heard: &[T], slips: usize) -> Option<usize> {
        if heard.len() != self.words.len() {
            return None;
        }
        let mut pairs = self.words.iter().zip(heard);
        pairs.try_fold(0, |sum, (wanted, heard)| {
            let distance = distance(wanted, in_digits(heard.as_ref()), slips)?;
            Some(sum + distance)
        })
    }
}

fn distance(wanted: &str, heard: &str, slips: usize) -> Option<usize> {
    if wanted == heard {
        return Some(0);
    }
    let letters = |it: &str| it.chars().count();
    let most = slips.min(letters(wanted).saturating_sub(1) / LETTERS_PER_SLIP);
    let has_digit = |it: &str| it.contains(char::is_numeric);
    if letters(wanted).abs_diff(letters(heard)) > most || has_digit(wanted) || has_digit(heard) {
        return None;
    }
    let distance = osa_distance(wanted, heard);
    (distance <= most).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(phrase: &str, heard: &str, slips: usize) -> Option<usize> {
        let phrase = Phrase::parse(phrase).expect("there are letters in it");
        phrase.distance(&tokens(heard), slips)
    }

    #[test]
    fn a_phrase_is_the_same_however_it_is_written() {
        for (phrase, heard) in [
            ("turn on the light", "Turn on the light!"),
            ("don't", "DON’T"),
            ("Café au lait", "cafe au-lait"),
            ("room 2", "Room two."),
            ("twenty three", "20 3"),
            ("straße", "STRASSE"),
        ] {
            assert_eq!(distance(phrase, heard, 0), Some(0), "{phrase}: {heard}");
        }
        for (phrase, heard) in [
            ("light", "lights"),
            ("light", "the light"),
            ("turn on", "turnon"),
            ("a b", "b a"),
        ] {
            assert_eq!(distance(phrase, heard, 0), None, "{phrase}: {heard}");
        }
        assert!(Phrase::parse(" … !").is_none());
    }

    #[test]
    fn long_words_may_differ_by_some_letters() {
        assert_eq!(distance("light", "lights", 1), Some(1));
        assert_eq!(
            distance("light", "lihgt", 1),
            Some(1),
            "neighbours change places"
        );
        assert_eq!(
            distance("turn the lamp on", "turns the lamb on", 1),
            Some(2)
        );
        assert_eq!(distance("emergency", "emergences", 2), Some(2));
        assert_eq!(distance("emergency", "emergences", 1), None);
        // A word of three letters is exact, one of four to six differs by one, whatever is asked for.
        assert_eq!(distance("off", "oft", 3), None);
        assert_eq!(distance("help", "hulk", 3), None);
        assert_eq!(distance("code 1234", "code 1235", 3), None);
    }
}
