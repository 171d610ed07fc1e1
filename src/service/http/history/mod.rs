//! What the pipeline has kept in its histories, for the page at `/history` and for programs, and the files that it has written.

mod answers;
mod files;
mod page;
mod place;

pub use self::answers::{counts, events, names};
pub use self::files::{file, told};
pub use self::page::page;
