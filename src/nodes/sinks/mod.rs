//! Where results go.

pub mod clip;
pub mod console;
pub mod jsonl;
pub mod record;
pub mod snapshot;
pub mod sqlite;
pub mod wav;
