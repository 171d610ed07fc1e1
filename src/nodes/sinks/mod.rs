//! Where results go.

pub mod clip;
pub mod console;
pub mod jsonl;
pub mod record;
pub mod snapshot;
pub mod wav;
pub mod sqlite;
