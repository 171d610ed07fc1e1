//! What was taken out of a text before it was told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was taken out of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redaction {
    /// How much of what was said may be told.
    pub mode: Mode,
    /// Where markers stand in the text in place of what was said, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// How much of what was said may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All but numbers, addresses and the words of a list: markers stand in their place.
    #[default]
    Redacted,
    /// Only the words of a list.
    KeywordsOnly,
    /// No word: only that something was said, when, and in which language.
    PresenceOnly,
}

/// A marker in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// What it stands for.
    pub kind: Hidden,
    /// Characters (Unicode code points, not bytes) of the text before it.
    pub start: usize,
    /// Characters of the text before its end.
    pub end: usize,
}

/// What a marker stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// A number, in digits or in words.
    Number,
    /// A number of 7 to 15 digits, as telephones have.
    Phone,
    /// An e-mail address, or the domain of one.
    Email,
    /// A house number with its street.
    Address,
    /// One of the words of a list.
    Word,
}

impl Hidden {
    /// What stands in the text in its place.
    pub fn marker(self) -> &'static str {
        match self {
            Hidden::Number => "[number]",
            Hidden::Phone => "[phone]",
            Hidden::Email => "[email]",
            Hidden::Address => "[address]",
            Hidden::Word => "[word]",
        }
    }
}
