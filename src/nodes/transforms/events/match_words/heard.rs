//! Words with their times, and what was found among them.

/// A word with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Its place among all words of its source.
    pub number: u64,
    /// As it is compared.
    pub plain: String,
    /// As it stands in the text.
    pub written: String,
    /// Seconds since the run began.
    pub start: f64,
    pub end: f64,
    /// Whether these are its own; else they are those of its transcript.
    pub by_words: bool,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which of the phrases or, after them, of the patterns.
    pub what: usize,
    /// The number of the first word after it, for phrases.
    pub next: Option<u64>,
    pub start: f64,
    pub end: f64,
    pub by_words: bool,
    pub heard: String,
    pub distance: usize,
}

impl AsRef<str> for Heard {
    fn as_ref(&self) -> &str {
        &self.plain
    }
}
