//! What a sink says when a disk does not take what it writes.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::pipeline::contract::error::Error;

/// That `path` cannot be written, and what to do. A full disk may have room again, and a disk that was mounted read-only
/// be mounted anew; a path that cannot be written to needs a person. `option` is what names the path.
pub fn trouble(path: &Path, option: &str, error: &io::Error) -> Error {
    let message = format!("cannot write {}: {error}", path.display());
    match error.kind() {
        // That a directory is to be made where a file is says "already exists".
        ErrorKind::PermissionDenied
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::AlreadyExists
        | ErrorKind::NotFound
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidData
        | ErrorKind::InvalidInput => Error::fatal(format!(
            "{message}; choose a `{option}` that this user can write to"
        )),
        ErrorKind::ReadOnlyFilesystem => Error::retry(format!(
            "{message}; mount it writable, or choose a `{option}` elsewhere, such as a tmpfs; a service \
             writes below /var/lib/otus"
        )),
        _ => Error::retry(message),
    }
}
