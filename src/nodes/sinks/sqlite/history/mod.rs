//! Reads a history while it is written, and never writes it.

mod about;
mod read;
mod wish;

pub use self::about::{Count, File, Names};
pub use self::read::{History, Told, refusal};
pub use self::wish::Wish;
