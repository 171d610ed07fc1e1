//! Letters without case and accents, and number words as digits.

/// What stands for an apostrophe.
pub const APOSTROPHES: [char; 4] = ['\'', '’', 'ʼ', '‘'];

/// Letters with something on, below or through them, and what is compared in their place.
const FOLDED: [(&str, &str); 29] = [
    ("àáâãäåāăąǎ", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐ", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉ", "n"),
    ("òóôõöøōŏőǒ", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűųǔ", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("ё", "е"),
    ("ά", "α"),
    ("έ", "ε"),
    ("ή", "η"),
    ("ό", "ο"),
    ("ώ", "ω"),
];

/// Number words that are one word, by what they count.
const NUMBERS: [(&str, &str); 28] = [
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
    ("ninety", "90"),
];

/// A word as it is compared.
pub fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.chars().flat_map(char::to_lowercase) {
        if is_mark(c) || APOSTROPHES.contains(&c) {
            continue;
        }
        match FOLDED.iter().find(|(from, _)| from.contains(c)) {
            Some((_, to)) => plain.push_str(to),
            None => plain.push(c),
        }
    }
    plain
}

/// A mark that belongs to the letter before it.
pub fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// A sign of a script that is written without spaces.
pub fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The number that a plain word stands for, in digits, if it is an English one up to 90.
pub fn number(plain: &str) -> Option<&'static str> {
    let found = NUMBERS.iter().find(|(word, _)| *word == plain);
    found.map(|(_, digits)| *digits)
}

/// The same, or the word.
pub fn in_digits(plain: &str) -> &str {
    number(plain).unwrap_or(plain)
}
