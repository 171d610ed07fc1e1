//! What the pipeline has kept in its histories, for the page at `/history` and for programs.

mod answers;
mod files;
mod page;
mod place;

pub use self::answers::{counts, events, names};
pub use self::files::file;
pub use self::page::page;
