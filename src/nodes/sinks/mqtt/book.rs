//! What the broker keeps for us: of each topic the last word only, told again to a broker that we come back to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// No picture that is larger is published.
const LARGEST_PICTURE: u64 = 2 << 20;

/// What a topic holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Word {
    /// A text.
    Text(String),
    /// A file, read when it is sent: a better picture may have taken its place.
    Picture(PathBuf),
}

/// Topics and what they hold.
#[derive(Default)]
pub struct Book {
    words: BTreeMap<String, Word>,
    /// Topics that the broker has not been told of.
    news: BTreeSet<String>,
}

impl Book {
    /// A topic holds this from now on.
    pub fn set(&mut self, topic: String, word: Word) {
        let is_same = self.words.get(&topic) == Some(&word);
        if !is_same || matches!(word, Word::Picture(_)) {
            self.news.insert(topic.clone());
            self.words.insert(topic, word);
        }
    }

    /// The broker may have forgotten all.
    pub fn begin_anew(&mut self) {
        self.news = self.words.keys().cloned().collect();
    }

    /// Whether the broker was told all.
    pub fn is_told(&self) -> bool {
        self.news.is_empty()
    }

    /// Something that the broker is to be told.
    pub fn next(&mut self) -> Option<(String, Word)> {
        let topic = self.news.pop_first()?;
        let word = self.words.get(&topic)?.clone();
        Some((topic, word))
    }
}

impl Word {
    /// What is sent; none of a picture that is gone or too large.
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Word::Text(text) => Some(text.into_bytes()),
            Word::Picture(path) => {
                let mut bytes = Vec::new();
                let file = File::open(path).ok()?;
                file.take(LARGEST_PICTURE + 1)
                    .read_to_end(&mut bytes)
                    .ok()?;
                (bytes.len() as u64 <= LARGEST_PICTURE).then_some(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_word_on_a_topic_is_told_and_told_once() {
        let text = |it: &str| Word::Text(it.to_owned());
        let mut book = Book::default();
        book.set("a".to_owned(), text("ON"));
        book.set("a".to_owned(), text("OFF"));
        let told = book.next().and_then(|(_, word)| word.bytes());
        assert_eq!(told.as_deref(), Some(&b"OFF"[..]));
        book.set("a".to_owned(), text("OFF"));
        assert!(book.is_told() && book.next().is_none());
        book.begin_anew();
        assert!(!book.is_told() && book.next().is_some());
    }

    #[test]
    fn a_picture_that_is_gone_or_too_large_is_not_told() {
        let mut file = tempfile::NamedTempFile::new().expect("a scratch file");
        let bytes = |path: &std::path::Path| Word::Picture(path.to_owned()).bytes();
        std::io::Write::write_all(&mut file, b"jpeg").expect("room");
        assert_eq!(bytes(file.path()).as_deref(), Some(&b"jpeg"[..]));
        file.as_file().set_len(LARGEST_PICTURE + 1).expect("sparse");
        assert_eq!(bytes(file.path()), None);
        assert_eq!(bytes(std::path::Path::new("/nowhere.jpg")), None);
    }
}
