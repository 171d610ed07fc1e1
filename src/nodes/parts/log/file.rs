//! A file that is only ever cut where otus itself left half an entry, and never someone else's.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::closed::Closed;
use super::rules::{Form, Fsync, Rules};

/// How often the name of the open file is looked up.
const LOOK_UP: Duration = Duration::from_secs(1);
/// What was written is on the disk after this time, where that is asked for.
const SYNC: Duration = Duration::from_secs(1);
/// So much of a file is looked at to see what it is.
const BEGINNING: u64 = 16;
/// What is seen and heard at home is for the owner and the group.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;

/// An open file that ends with a whole entry; or a device or pipe, which just takes them.
pub struct Log {
    path: PathBuf,
    form: Form,
    rules: Rules,
    file: File,
    /// Bytes of whole entries; none of a device or pipe.
    length: Option<u64>,
    /// When the file was begun, as far as that is known.
    begun: Instant,
    /// When the file was last seen under its name.
    seen: Instant,
    /// Since when there is something that may not be on the disk.
    unsure: Option<Instant>,
    closed: Closed,
}

impl Log {
    /// Opens a file for appending, without the half entry that a power cut may have left at its end.
    ///
    /// # Errors
    /// What the system says; `InvalidData` if the file is something else than such a log, `WouldBlock` if another
    /// process writes it or nobody reads the pipe.
    pub fn open(path: &Path, form: Form, rules: Rules) -> Result<Log> {
        let (file, length) = open(path, form)?;
        Ok(Log {
            path: path.to_owned(),
            begun: begun(&file),
            closed: Closed::of(path, rules.compress, rules.retention.clone()),
            form,
            rules,
            file,
            length,
            seen: Instant::now(),
            unsure: None,
        })
    }

    /// Appends an entry, after closing the file if it would grow too long or is too old.
    ///
    /// # Errors
    /// What the system says; then nothing of the entry is in the file.
    pub fn append(&mut self, entry: &[u8]) -> Result<()> {
        let appended = self.try_append(entry);
        if appended.is_err() {
            self.cut();
        }
        appended
    }

    /// Whether nothing is in it yet.
    pub fn is_empty(&self) -> bool {
        self.length == Some(0)
    }

    /// Whether an entry of so many bytes would begin another file.
    pub fn would_turn(&self, bytes: usize) -> bool {
        let grown = self.length.map(|it| it + bytes as u64);
        let is_old = self
            .rules
            .oldest
            .is_some_and(|it| self.begun.elapsed() >= it);
        self.length > Some(0) && (grown > Some(self.rules.most) || is_old)
    }

    /// Closes the file, and begins another.
    ///
    /// # Errors
    /// What the system says.
    pub fn turn(&mut self) -> Result<()> {
        self.settle()?;
        let closed = self.closed.name();
        fs::rename(&self.path, &closed).map_err(|error| {
            // It has worked so far, so it is worth another try.
            Error::other(format!(
                "it cannot be closed: {}: {error}",
                closed.display()
            ))
        })?;
        self.closed.more();
        self.open_again()
    }

    /// Makes sure that what was written is on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn settle(&mut self) -> Result<()> {
        self.unsure = None;
        match (self.length, self.rules.fsync) {
            (Some(_), Fsync::Second | Fsync::Each) => self.file.sync_data(),
            _ => Ok(()),
        }
    }

    /// Time has passed: packs and deletes closed files, a little at a time.
    ///
    /// # Errors
    /// What the system says.
    pub fn tend(&mut self) -> Result<()> {
        if self.unsure.is_some_and(|it| it.elapsed() >= SYNC) {
            self.settle()?;
        }
        if self.length.is_none() {
            return Ok(());
        }
        if self.would_turn(0) {
            self.turn()?;
        }
        self.closed.tend()
    }

    fn try_append(&mut self, entry: &[u8]) -> Result<()> {
        if self.length.is_some() && self.seen.elapsed() > LOOK_UP {
            self.seen = Instant::now();
            self.look_up()?;
        }
        if self.would_turn(entry.len()) {
            self.turn()?;
        }
        self.file.write_all(entry)?;
        let since = *self.unsure.get_or_insert_with(Instant::now);
        if self.rules.fsync == Fsync::Each || since.elapsed() >= SYNC {
            self.settle()?;
        }
        self.length = self.length.map(|it| it + entry.len() as u64);
        Ok(())
    }

    fn open_again(&mut self) -> Result<()> {
        (self.file, self.length) = open(&self.path, self.form)?;
        self.begun = begun(&self.file);
        Ok(())
    }

    /// Whether somebody has moved, removed or emptied it: nobody would ever read what goes there.
    fn look_up(&mut self) -> Result<()> {
        let named = fs::metadata(&self.path).map(|it| (it.dev(), it.ino())).ok();
        let now = self.file.metadata()?;
        if named != Some((now.dev(), now.ino())) {
            self.open_again()?;
        } else if Some(now.len()) < self.length {
            self.length = Some(now.len());
        }
        Ok(())
    }

    /// An entry that did not fit must not be seen in part. What others have emptied stays empty.
    fn cut(&self) {
        if let (Some(length), Ok(now)) = (self.length, self.file.metadata())
            && now.len() > length
        {
            let _ = self.file.set_len(length);
        }
    }
}

fn open(path: &Path, form: Form) -> Result<(File, Option<u64>)> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)?;
    }
    let there = fs::metadata(path);
    let is_new = there.is_err();
    if is_new && fs::symlink_metadata(path).is_ok() {
        return Err(Error::new(
            ErrorKind::InvalidData,
            "it is a link that leads nowhere",
        ));
    }
    if let Ok(it) = &there
        && !it.is_file()
        && !it.is_dir()
    {
        let kind = it.file_type();
        let mut options = OpenOptions::new();
        options.write(true).append(true);
        if kind.is_fifo() {
            options.custom_flags(libc::O_NONBLOCK);
        }
        let opened = options
            .open(path)
            .map_err(|error| match error.raw_os_error() {
                Some(libc::ENXIO) => Error::new(ErrorKind::WouldBlock, "nobody reads it"),
                _ => error,
            });
        return Ok((opened?, None));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true).mode(FILE_MODE);
    let mut file = options.open(path)?;
    if is_new {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| Error::new(ErrorKind::WouldBlock, "another process writes it"))?;
    check(&mut file, form)?;
    let length = whole_entries(&mut file, form.ends)?;
    if file.metadata()?.len() > length {
        file.set_len(length)?;
    }
    Ok((file, Some(length)))
}

/// When a file was begun, as far as the disk knows; now, if it does not.
fn begun(file: &File) -> Instant {
    let created = file.metadata().and_then(|it| it.created()).ok();
    let age = created.and_then(|it| it.elapsed().ok());
    let now = Instant::now();
    now.checked_sub(age.unwrap_or_default()).unwrap_or(now)
}

/// Refuses a file that otus has not begun: what is in it is somebody's.
fn check(file: &mut File, form: Form) -> Result<()> {
    let mut beginning = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(BEGINNING).read_to_end(&mut beginning)?;
    match (form.begins)(&beginning) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::InvalidData,
            "it is no log of events, and what is in it is left alone",
        )),
    }
}

/// Length of the file up to the end of its last whole entry.
fn whole_entries(file: &mut File, ends: &[u8]) -> Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = [0; 4096];
    // An end that lies across two blocks is whole in the next one.
    let step = (block.len() - (ends.len() - 1)) as u64;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let block = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(block)?;
        if let Some(at) = block.windows(ends.len()).rposition(|it| it == ends) {
            return Ok(start + (at + ends.len()) as u64);
        }
        end = end.saturating_sub(step);
    }
    Ok(0)
}
