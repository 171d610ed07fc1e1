//! Where results go.

pub mod clip;
pub mod console;
pub mod jsonl;
pub mod record;
pub mod snapshot;
pub mod sqlite;
pub mod wav;
#[cfg(test)]
mod keeping_speed;
pub mod snapshot;
pub mod sqlite;
pub mod text;
