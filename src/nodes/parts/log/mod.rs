//! Files that grow at their end: of whole entries only, closed by size and age, packed, and deleted when they are too many.

mod closed;
mod file;
mod rules;

pub use self::file::Log;
pub use self::rules::{Form, Rotation, Rules};
