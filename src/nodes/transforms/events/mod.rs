//! What takes events of any kind.

pub mod filter;
