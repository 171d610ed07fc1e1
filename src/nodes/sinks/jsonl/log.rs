//! A file of lines that is only ever cut where otus itself left half a line, and never someone else's.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

/// How often the name of the open file is looked up.
const LOOK_UP: Duration = Duration::from_secs(1);
/// What every log of events begins with.
const BEGINNING: &[u8] = b"{\"v\":";
/// What is seen and heard at home is for the owner and the group.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;

/// An open file that ends with a whole line; or a device or pipe, which just takes them.
pub struct Log {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines; none of a device or pipe.
    length: Option<u64>,
    /// When the file was last seen under its name.
    seen: Instant,
}

impl Log {
    /// Opens a file for appending, without the half line that a power cut may have left at its end.
    ///
    /// # Errors
    /// What the system says; `InvalidData` if the file is something else than a log of events, `WouldBlock` if another
    /// process writes it or nobody reads the pipe.
    pub fn open(path: &Path) -> Result<Log> {
        let (file, length) = open(path)?;
        Ok(Log {
            path: path.to_owned(),
            file,
            length,
            seen: Instant::now(),
        })
    }

    /// Appends a line, after turning the file over if it would grow beyond `most` bytes.
    ///
    /// # Errors
    /// What the system says; then nothing of the line is in the file.
    pub fn append(&mut self, line: &[u8], most: u64) -> Result<()> {
        let appended = self.try_append(line, most);
        if appended.is_err() {
            self.cut();
        }
        appended
    }

    /// Makes sure that what was written is on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn settle(&self) -> Result<()> {
        match self.length {
            Some(_) => self.file.sync_data(),
            None => Ok(()),
        }
    }

    fn try_append(&mut self, line: &[u8], most: u64) -> Result<()> {
        if self.length.is_some() && self.seen.elapsed() > LOOK_UP {
            self.seen = Instant::now();
            self.look_up()?;
        }
        let grown = self.length.map(|it| it + line.len() as u64);
        if self.length > Some(0) && grown > Some(most) {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            fs::rename(&self.path, &old).map_err(|error| {
                // It has worked so far, so it is worth another try.
                Error::other(format!(
                    "it cannot be turned over: {}: {error}",
                    old.display()
                ))
            })?;
            (self.file, self.length) = open(&self.path)?;
        }
        self.file.write_all(line)?;
        self.length = self.length.map(|it| it + line.len() as u64);
        Ok(())
    }

    /// Whether somebody has moved, removed or emptied it: nobody would ever read what goes there.
    fn look_up(&mut self) -> Result<()> {
        let named = fs::metadata(&self.path).map(|it| (it.dev(), it.ino())).ok();
        let now = self.file.metadata()?;
        if named != Some((now.dev(), now.ino())) {
            (self.file, self.length) = open(&self.path)?;
        } else if Some(now.len()) < self.length {
            self.length = Some(now.len());
        }
        Ok(())
    }

    /// A line that did not fit must not be seen in part. What others have emptied stays empty.
    fn cut(&self) {
        if let (Some(length), Ok(now)) = (self.length, self.file.metadata())
            && now.len() > length
        {
            let _ = self.file.set_len(length);
        }
    }
}

fn open(path: &Path) -> Result<(File, Option<u64>)> {
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
    check(&mut file)?;
    let length = whole_lines(&mut file)?;
    if file.metadata()?.len() > length {
        file.set_len(length)?;
    }
    Ok((file, Some(length)))
}

/// Refuses a file that otus has not begun: what is in it is somebody's.
fn check(file: &mut File) -> Result<()> {
    let mut beginning = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(BEGINNING.len() as u64)
        .read_to_end(&mut beginning)?;
    match BEGINNING.starts_with(&beginning) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::InvalidData,
            "it is no log of events, and what is in it is left alone",
        )),
    }
}

/// Length of the file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let block = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(block)?;
        if let Some(at) = block.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
