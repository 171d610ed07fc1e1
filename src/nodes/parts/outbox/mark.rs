//! Up to where an outbox has been sent and how much of it was lost, in a file that also keeps other processes out.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::segment::FILE_MODE;

/// Name of the file.
const NAME: &str = "sent";

/// An open mark.
pub struct Mark {
    file: File,
    sent: u64,
    lost: u64,
}

impl Mark {
    /// Reads the mark of a folder, or begins one.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if another process has it open.
    pub fn open(folder: &Path) -> Result<Mark> {
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(FILE_MODE);
        let file = options.open(folder.join(NAME))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::new(ErrorKind::WouldBlock, "another process uses it"))?;
        let mut words = [0; 16];
        match file.read_exact_at(&mut words, 0) {
            // Later a full disk has room for it, as it is there.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                file.write_all_at(&words, 0)?
            }
            read => read?,
        }
        let both = u128::from_le_bytes(words);
        Ok(Mark {
            file,
            sent: both as u64,
            lost: (both >> 64) as u64,
        })
    }

    /// Number of the first record that is still to be sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How many records were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Everything before this number has been sent. Only where records are on the disk somebody will ask.
    ///
    /// # Errors
    /// What the system says.
    pub fn has_sent(&mut self, number: u64, is_on_disk: bool) -> Result<()> {
        self.sent = self.sent.max(number);
        match is_on_disk {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// So many records before this number were lost, and the rest has been sent.
    ///
    /// # Errors
    /// What the system says.
    pub fn has_lost(&mut self, count: u64, number: u64) -> Result<()> {
        self.lost += count;
        self.has_sent(number, true)
    }

    /// Lets others have the folder.
    pub fn release(&self) {
        let _ = flock(&self.file, FlockOperation::Unlock);
    }

    /// A kill does not undo it; a power cut may, and then some records are sent a second time.
    fn write(&self) -> Result<()> {
        let both = u128::from(self.lost) << 64 | u128::from(self.sent);
        self.file.write_all_at(&both.to_le_bytes(), 0)
    }
}
