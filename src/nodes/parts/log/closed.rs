//! Logs that are closed: how they are named, packed and deleted.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use crate::nodes::parts::folder::name;
use crate::nodes::parts::folder::retention::{Kept, Now, Retention};

const FILE_MODE: u32 = 0o640;
/// How a packed file ends.
const PACKED: &str = ".gz";
/// What a file ends with until all of it is packed.
const PART: &str = ".part";
/// Bytes that are packed at a time: some 10 ms of a small board.
const AT_A_TIME: u64 = 128 * 1024;
/// How often it is looked for what has become too old.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// Letters of a name that are one word in those of closed files.
const WORD: usize = 24;

/// The closed files of one log.
pub struct Closed {
    folder: PathBuf,
    words: Vec<String>,
    extension: String,
    compress: bool,
    retention: Retention,
    opened: Instant,
    swept: Option<Instant>,
    packing: Option<Packing>,
}

/// A file that is being packed.
struct Packing {
    from: File,
    to: GzEncoder<File>,
    path: PathBuf,
}

impl Closed {
    /// Those of the log at this path.
    pub fn of(path: &Path, compress: bool, retention: Retention) -> Closed {
        let text = |it: Option<&OsStr>| it.map(|it| it.to_string_lossy().into_owned());
        let stem: Vec<char> = text(path.file_stem()).unwrap_or_default().chars().collect();
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        Closed {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            words: stem.chunks(WORD).map(|it| it.iter().collect()).collect(),
            extension: text(path.extension()).unwrap_or_else(|| "log".to_owned()),
            compress,
            retention,
            opened: Instant::now(),
            swept: None,
            packing: None,
        }
    }

    /// A name for what is closed now, which no file has.
    pub fn name(&self) -> PathBuf {
        let mut at = Timestamp::now();
        loop {
            let path = self.folder.join(self.named(at));
            if !path.exists() && !with(&path, PACKED).exists() {
                return path;
            }
            at += SignedDuration::from_millis(1);
        }
    }

    /// A file was closed: it is looked at once what has to go for it.
    pub fn more(&mut self) {
        self.swept = None;
    }

    /// Does a part of what is to be done.
    ///
    /// # Errors
    /// What the system says.
    pub fn tend(&mut self) -> Result<()> {
        if self.packing.is_some() {
            let packed = self.pack();
            if packed.is_err() {
                self.packing = None;
            }
            return packed;
        }
        if self.swept.is_some_and(|it| it.elapsed() < SWEEP) {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let mut files = self.files()?;
        self.delete(&mut files)?;
        if self.compress {
            self.begin_packing(&files)?;
        }
        Ok(())
    }

    fn named(&self, at: Timestamp) -> String {
        let words: Vec<&str> = self.words.iter().map(|it| &**it).collect();
        name::of(at, &words, &self.extension)
    }

    /// Closed files, the oldest first; others' are not looked at.
    fn files(&self) -> Result<Vec<Kept>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let plain = name.strip_suffix(PACKED).unwrap_or(&name);
            let Some(at) = name::time(plain, &self.extension) else {
                continue;
            };
            if self.named(at) == plain
                && let Ok(about) = entry.metadata()
            {
                files.push(Kept {
                    name,
                    at,
                    bytes: about.len(),
                });
            }
        }
        files.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        Ok(files)
    }

    /// A log that is written fast must stay within its bounds too: there only the file closed last is new.
    fn delete(&self, files: &mut Vec<Kept>) -> Result<()> {
        let now = Now {
            at: Timestamp::now(),
            watched: self.opened.elapsed(),
            coming: 0,
            free: 0,
        };
        let mut going = self.retention.surplus(files.clone(), now);
        files.retain(|it| !going.contains(it));
        let mut bytes: u64 = files.iter().map(|it| it.bytes).sum();
        while bytes > self.retention.most() && files.len() > 1 {
            bytes -= files[0].bytes;
            going.push(files.remove(0));
        }
        for file in going {
            fs::remove_file(self.folder.join(&file.name))?;
        }
        Ok(())
    }

    /// Begins with the oldest that is not packed; removes what a kill has left of others.
    fn begin_packing(&mut self, files: &[Kept]) -> Result<()> {
        for file in files.iter().filter(|it| !it.name.ends_with(PACKED)) {
            let path = self.folder.join(&file.name);
            if with(&path, PACKED).exists() {
                fs::remove_file(&path)?;
                continue;
            }
            let mut options = OpenOptions::new();
            options
                .create(true)
                .write(true)
                .truncate(true)
                .mode(FILE_MODE);
            let to = options.open(hidden(&path))?;
            self.packing = Some(Packing {
                from: File::open(&path)?,
                to: GzEncoder::new(to, Compression::default()),
                path,
            });
            return Ok(());
        }
        Ok(())
    }

    fn pack(&mut self) -> Result<()> {
        let Some(packing) = &mut self.packing else {
            return Ok(());
        };
        let mut some = Read::by_ref(&mut packing.from).take(AT_A_TIME);
        if io::copy(&mut some, &mut packing.to)? > 0 {
            return Ok(());
        }
        packing.to.try_finish()?;
        packing.to.get_ref().sync_all()?;
        fs::rename(hidden(&packing.path), with(&packing.path, PACKED))?;
        fs::remove_file(&packing.path)?;
        // There may be more to pack.
        (self.packing, self.swept) = (None, None);
        Ok(())
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(ending);
    path.into()
}

/// Where a file is packed, until all of it is.
fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{PACKED}{PART}"))
}
