//! Where results go.

pub mod console;
pub mod jsonl;
pub mod snapshot;
pub mod sqlite;
