//! Files that are written piece by piece, and can be read meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
    /// Begins a file with this, which is on the disk when the file gets its name; until then it is called `part`.
    ///
    /// # Errors
    /// What the system says; then nothing of it is there.
    pub fn create(part: &Path, path: PathBuf, content: &[u8]) -> Result<Growing> {
        let begun =
            write_whole(part, content).and_then(|file| fs::rename(part, &path).map(|()| file));
        if begun.is_err() {
            let _ = fs::remove_file(part);
        }
        let bytes = content.len() as u64;
        let file = begun?;
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

    /// Completes it: this takes the place of its beginning. What takes long comes before: who is killed then leaves a file that
    /// the next start completes and tells, and nobody hears of one that is complete already.
    ///
    /// # Errors
    /// What the system says.
    pub fn complete(self, head: &[u8]) -> Result<Written> {
        self.file.sync_data()?;
        let mut rest = File::open(&self.path)?;
        rest.seek(SeekFrom::Start(head.len() as u64))?;
        let sha256 = sum::of_all(head.chain(rest))?.1;
        self.file.write_all_at(head, 0)?;
        self.file.sync_data()?;
        Ok(Written {
            path: self.path,
            bytes: self.bytes,
            sha256,
        })
    }
}

/// Makes sure that it is on the disk before it gets its name: a power cut must not leave a name without a picture.
///
/// # Errors
/// What the system says.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<File> {
    let mut options = OpenOptions::new();
    options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(FILE_MODE);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_data()?;
    Ok(file)
}
