//! Where results go.

pub mod console;
pub mod jsonl;
#[cfg(test)]
mod keeping_speed;
pub mod snapshot;
pub mod sqlite;
pub mod text;
