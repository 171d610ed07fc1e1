//! Files of what waits to be sent: records one after the other, each with its number and a checksum.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Crc;

/// How the names of the files end, after the number of the first record.
const EXTENSION: &str = "out";
/// What is seen and heard at home is for the owner and the group.
pub const FILE_MODE: u32 = 0o640;
/// Length, checksum and number of a record stand before it.
const HEAD: usize = 16;
/// No record is longer; a length beyond this is damage.
const LONGEST: usize = 64 << 20;

/// One thing to be sent, and which one it is.
pub type Numbered = (u64, Arc<[u8]>);

/// What is known of a file.
#[derive(Debug)]
pub struct Segment {
    /// Number of its first record, which is its name.
    pub first: u64,
    /// Number of its last record.
    pub last: u64,
    /// Its length, up to the end of its last whole record.
    pub bytes: u64,
    /// How many of its records are still to be sent.
    pub left: u64,
}

/// The file of the records from this number on.
pub fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{EXTENSION}"))
}

/// The number in the name of such a file.
pub fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let is_ours = digits.len() == 20 && digits.bytes().all(|it| it.is_ascii_digit());
    is_ours.then(|| digits.parse().ok()).flatten()
}

/// Looks through a file of which everything before `sent` has been sent, and cuts off what a kill or a power cut has left
/// half written. None of a file without a whole record.
///
/// # Errors
/// What the system says.
pub fn look_through(folder: &Path, first: u64, sent: u64) -> Result<Option<Segment>> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path(folder, first))?;
    let mut segment = Segment {
        first,
        last: first,
        bytes: 0,
        left: 0,
    };
    while let Some(((number, _), next)) = read(&file, segment.bytes)? {
        segment.last = number;
        segment.bytes = next;
        segment.left += u64::from(number >= sent);
    }
    file.set_len(segment.bytes)?;
    Ok((segment.bytes > 0).then_some(segment))
}

/// The record at this place, and where the next one is; none where no whole one is.
///
/// # Errors
/// What the system says.
pub fn read(file: &File, at: u64) -> Result<Option<(Numbered, u64)>> {
    let mut head = [0; HEAD];
    if !filled(file, &mut head, at)? {
        return Ok(None);
    }
    let word = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    let (length, checksum) = (
        u32::from_le_bytes(word(0)) as usize,
        u32::from_le_bytes(word(4)),
    );
    let number =
        u64::from(u32::from_le_bytes(word(12))) << 32 | u64::from(u32::from_le_bytes(word(8)));
    if length > LONGEST {
        return Ok(None);
    }
    let mut record = vec![0; length];
    let is_whole = filled(file, &mut record, at + HEAD as u64)?;
    let next = at + (HEAD + length) as u64;
    let is_right = is_whole && checksum_of(number, &record) == checksum;
    Ok(is_right.then(|| ((number, Arc::from(record)), next)))
}

fn filled(file: &File, bytes: &mut [u8], at: u64) -> Result<bool> {
    match file.read_exact_at(bytes, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn checksum_of(number: u64, record: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(&number.to_le_bytes());
    sum.update(record);
    sum.sum()
}

/// A file that is being written.
pub struct Writer {
    file: File,
    /// Number of its first record.
    pub first: u64,
    bytes: u64,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(folder: &Path, first: u64) -> Result<Writer> {
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(true)
            .write(true)
            .mode(FILE_MODE);
        let file = options.open(path(folder, first))?;
        // A power cut must not take the name of what is told to be safe.
        File::open(folder)?.sync_all()?;
        Ok(Writer {
            file,
            first,
            bytes: 0,
        })
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes records and makes sure that they are on the disk; gives its length then.
    ///
    /// # Errors
    /// What the system says; then nothing of them is in the file.
    pub fn append(&mut self, records: &[Numbered]) -> Result<u64> {
        let mut bytes = Vec::new();
        for (number, record) in records {
            let length = u32::try_from(record.len()).ok();
            let length = length.filter(|it| *it as usize <= LONGEST);
            let length = length.ok_or_else(|| Error::from(ErrorKind::FileTooLarge))?;
            bytes.extend(length.to_le_bytes());
            bytes.extend(checksum_of(*number, record).to_le_bytes());
            bytes.extend(number.to_le_bytes());
            bytes.extend(&record[..]);
        }
        let written = self.file.write_all(&bytes);
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            self.cut();
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(self.bytes)
    }

    /// What did not fit must not be seen in part, and the next records follow the last whole one.
    fn cut(&mut self) {
        use std::io::{Seek, SeekFrom};
        let _ = self.file.set_len(self.bytes);
        let _ = self.file.seek(SeekFrom::Start(self.bytes));
    }
}
