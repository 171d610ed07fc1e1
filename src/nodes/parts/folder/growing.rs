//! Files that are written piece by piece, and can be read meanwhile.

use std::fs::{File, OpenOptions};
use std::io::{Result, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;

use crate::inference::store::sum;

/// What is seen and heard at home is for the owner and the group.
pub const FILE_MODE: u32 = 0o640;

/// A file that is whole.
#[derive(Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// A file that is not complete.
pub struct Growing {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Growing {
    /// Begins a file, which has its name from the beginning.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: PathBuf) -> Result<Growing> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        let file = options.mode(FILE_MODE).open(&path)?;
        let bytes = 0;
        Ok(Growing { path, file, bytes })
    }

    /// Whether it has this name.
    pub fn is_called(&self, name: &str) -> bool {
        self.path.ends_with(name)
    }

    /// Appends all of this or nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&mut self, content: &[u8]) -> Result<()> {
        let written = self.file.write_all(content);
        if written.is_err() {
            let _ = self.file.set_len(self.bytes);
        } else {
            self.bytes += content.len() as u64;
        }
        written
    }

    /// Completes it: this takes the place of its beginning.
    ///
    /// # Errors
    /// What the system says.
    pub fn complete(self, head: &[u8]) -> Result<Written> {
        self.file.write_all_at(head, 0)?;
        self.file.sync_data()?;
        Ok(Written {
            sha256: sum::of_all(File::open(&self.path)?)?.1,
            path: self.path,
            bytes: self.bytes,
        })
    }
}
