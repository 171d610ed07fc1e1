//! What takes events of any kind.

pub mod during;
pub mod filter;
pub mod join;
pub mod match_words;
pub mod redact_text;
