//! `jsonl`: events as lines of JSON in a file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::events::Event;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Node, Sink};

/// How often the name of the open file is looked up.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Options of `jsonl`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file; lines are appended. Its directory is made if need be.
    pub path: PathBuf,
    /// When the file has grown to this size it becomes `PATH.1`, in place of an older one, and a
    /// new one is begun: so much is kept, twice over, and no more.
    #[serde(default = "default_max_mb")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_mb: u64,
}

fn default_max_mb() -> u64 {
    100
}

/// An open file that ends with a whole line.
pub struct Jsonl {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
    max_bytes: u64,
    line: Vec<u8>,
    /// When the file was last seen under its name.
    seen: Instant,
}

impl Node for Jsonl {
    const NAME: &'static str = "jsonl";
    const ABOUT: &'static str = "Appends events to a file, one line of JSON each.";
    const EXAMPLE: &'static str = "path = \"events.jsonl\"";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.path).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Jsonl> {
        let path = context.resolve(&config.path);
        let (file, length) = open(&path).map_err(|error| trouble(&path, &error))?;
        Ok(Jsonl {
            file,
            length,
            path,
            max_bytes: config.max_mb * 1024 * 1024,
            line: Vec::new(),
            seen: Instant::now(),
        })
    }
}

impl Sink for Jsonl {
    type In = Arc<Event>;

    fn write(&mut self, event: Arc<Event>) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(event.to_json().as_bytes());
        self.line.push(b'\n');
        self.append().map_err(|error| {
            // A line that did not fit must not be seen in part.
            let _ = self.file.set_len(self.length);
            trouble(&self.path, &error)
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.file
            .sync_data()
            .map_err(|error| trouble(&self.path, &error))
    }
}

impl Jsonl {
    fn append(&mut self) -> std::io::Result<()> {
        if self.seen.elapsed() > LOOK_UP {
            self.seen = Instant::now();
            // Somebody has moved or removed it, and nobody would ever read what goes there.
            let named = fs::metadata(&self.path).map(|it| (it.dev(), it.ino())).ok();
            let open_now = self.file.metadata()?;
            if named != Some((open_now.dev(), open_now.ino())) {
                (self.file, self.length) = open(&self.path)?;
            }
        }
        if self.length > 0 && self.length + self.line.len() as u64 > self.max_bytes {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            fs::rename(&self.path, old)?;
            (self.file, self.length) = open(&self.path)?;
        }
        self.file.write_all(&self.line)?;
        self.length += self.line.len() as u64;
        Ok(())
    }
}

/// Opens a file for appending, without the half line that a power cut may have left at its end.
fn open(path: &Path) -> std::io::Result<(File, u64)> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .open(path)?;
    let length = whole_lines(&mut file)?;
    file.set_len(length)?;
    Ok((file, length))
}

/// Length of the file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
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

/// A full disk may have room again, and a disk that was mounted read-only be mounted anew; a path that cannot be written to needs a person.
fn trouble(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot write {}: {error}", path.display());
    match error.kind() {
        // That a directory is to be made where a file is says "already exists".
        ErrorKind::PermissionDenied
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::AlreadyExists
        | ErrorKind::NotFound
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => Error::fatal(format!(
            "{message}; choose a `path` that this user can write to"
        )),
        ErrorKind::ReadOnlyFilesystem => Error::retry(format!(
            "{message}; mount it writable, or choose a `path` elsewhere, such as a tmpfs; a service \
             writes below /var/lib/otus"
        )),
        _ => Error::retry(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes;
    use crate::pipeline::contract::testing::{drive, gap};

    fn write(path: &Path, events: usize) {
        let ty = nodes::find("jsonl").expect("it is always there");
        drive(
            ty,
            &format!("path = {path:?}\nmax_mb = 1"),
            (0..events).map(|_| gap("mic", 0)),
        )
        .expect("it writes");
    }

    #[test]
    fn half_a_line_from_before_is_removed() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("new/events.jsonl");
        write(&path, 2);
        let whole = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, format!("{whole}{{\"v\":1,\"ki")).expect("writable");
        write(&path, 1);
        let lines = fs::read_to_string(&path).expect("it is there");
        assert_eq!(lines.lines().count(), 3);
        assert!(
            lines.starts_with(&whole) && lines.ends_with("}\n"),
            "{lines}"
        );
    }

    #[test]
    fn the_file_is_turned_over_at_its_limit() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("events.jsonl");
        write(&path, 20_000);
        let size = |name: &str| fs::metadata(directory.path().join(name)).map_or(0, |it| it.len());
        let (new, old) = (size("events.jsonl"), size("events.jsonl.1"));
        assert!(
            new > 0 && new <= 1 << 20 && old > (1 << 20) - 300 && old <= 1 << 20,
            "{new} {old}"
        );
    }
}
