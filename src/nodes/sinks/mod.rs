//! Where results go.

pub mod console;
pub mod jsonl;
pub mod mqtt;
pub mod snapshot;
pub mod socket;
pub mod webhook;
