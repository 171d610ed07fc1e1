//! Where results go.

pub mod bundle;
pub mod clip;
pub mod console;
pub mod jsonl;
#[cfg(test)]
mod keeping_speed;
pub mod mqtt;
pub mod record;
pub mod snapshot;
pub mod socket;
pub mod sqlite;
pub mod text;
pub mod wav;
pub mod webhook;
#[cfg(feature = "zenoh")]
pub mod zenoh;
