//! Files that a person writes or a tool makes: tokens, certificates, pipelines. They are small, and have an end.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// No such file is larger.
const LARGEST: u64 = 1024 * 1024;

/// Reads all of a file.
///
/// # Errors
/// What the system says, or that it is no regular file, or larger than 1 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    of(open(path)?)
}

/// Opens a file to read it, and does not wait if it is a pipe that nobody writes to.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    options.open(path)
}

/// The same of a file that is open.
///
/// # Errors
/// As those of [`read`].
pub fn of(file: File) -> Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Error::new(
            ErrorKind::FileTooLarge,
            "it is larger than 1 MiB",
        )),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        assert!(read(Path::new("/dev/zero")).is_err());
        let mut large = tempfile::NamedTempFile::new().expect("a scratch file");
        large
            .as_file_mut()
            .set_len(LARGEST + 1)
            .expect("it can be sparse");
        assert!(read(large.path()).is_err());
        large.as_file_mut().set_len(3).expect("it can be cut");
        assert_eq!(read(large.path()).ok(), Some(vec![0; 3]));
    }
}
