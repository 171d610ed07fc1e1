//! Slips of the pen in the values of options, and what to write instead.

use super::shape::Shape;

/// What serde calls a type, and what people do.
const WORDS: [(&str, &str); 13] = [
    ("f64", "a number"),
    ("f32", "a number"),
    ("usize", "a whole number"),
    ("u64", "a whole number"),
    ("u32", "a whole number"),
    ("u16", "a whole number"),
    ("u8", "a whole number"),
    ("i64", "a whole number"),
    ("i32", "a whole number"),
    ("a sequence", "a list"),
    ("a boolean", "true or false"),
    ("path string", "a string"),
    ("a map", "a table"),
];

/// A complaint of serde's in people's words.
pub fn in_words(message: &str) -> String {
    let Some((before, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let word = WORDS.iter().find(|(serde, _)| *serde == expected);
    let expected = word.map_or(expected, |(_, people)| people);
    format!("{before}, expected {expected}")
}

/// What to write instead, where a value is right but for its brackets, quotes or language.
pub fn better(name: &str, written: &str, shape: Shape<'_>) -> Option<String> {
    let bare = written.trim_matches(['"', '\'']);
    let is_quoted = bare.len() < written.len();
    let better = match shape.only_type()? {
        "array" if !written.starts_with('[') => format!("[{written}]"),
        "integer" | "number" => number(bare)?,
        "boolean" => truth(bare)?.to_owned(),
        "string" if !is_quoted && !written.contains(['[', '{']) => format!("\"{written}\""),
        _ => return None,
    };
    (better != written).then(|| format!("write `{name} = {better}`"))
}

/// A number as TOML has it: with a point, and none where it is whole.
fn number(text: &str) -> Option<String> {
    let text = text.trim().replace(',', ".");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    text.parse::<f64>().is_ok().then(|| text.to_owned())
}

/// What a word of another language says.
pub fn truth(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some("true"),
        "false" | "no" | "off" | "0" => Some("false"),
        _ => None,
    }
}
