//! `jsonl`: events as lines of JSON in a file.

mod log;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use self::log::Log;
use crate::media::events::Event;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Node, Sink};

/// Options of `jsonl`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file; lines are appended. Its directory is made if need be. A file that is no log of events is
    /// refused and left alone. A device or a pipe, such as `/dev/stdout`, takes lines and is never turned over.
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

/// A log and the line that goes into it.
pub struct Jsonl {
    log: Log,
    path: PathBuf,
    max_bytes: u64,
    line: Vec<u8>,
}

impl Node for Jsonl {
    const NAME: &'static str = "jsonl";
    const ALSO: &'static [&'static str] = &[
        "json", "log", "logger", "logfile", "file", "write", "ndjson", "events", "save",
    ];
    const ABOUT: &'static str = "Appends events to a file, one line of JSON each.";
    const EXAMPLE: &'static str = "path = \"events.jsonl\"";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.path).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Jsonl> {
        let path = context.resolve(&config.path);
        let log = Log::open(&path).map_err(|error| trouble(&path, &error))?;
        Ok(Jsonl {
            log,
            path,
            max_bytes: config.max_mb * 1024 * 1024,
            line: Vec::new(),
        })
    }
}

impl Sink for Jsonl {
    type In = Arc<Event>;

    fn write(&mut self, event: Arc<Event>) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(event.to_json().as_bytes());
        self.line.push(b'\n');
        let appended = self.log.append(&self.line, self.max_bytes);
        appended.map_err(|error| trouble(&self.path, &error))
    }

    fn finish(&mut self) -> Result<()> {
        let settled = self.log.settle();
        settled.map_err(|error| trouble(&self.path, &error))
    }
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
        | ErrorKind::InvalidData
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
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

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

    /// What a path leads to that is somebody's is refused and left as it is.
    #[test]
    fn what_is_no_log_of_events_is_left_alone() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let notes = directory.path().join("notes.txt");
        fs::write(&notes, "five years of notes").expect("writable");
        let (link, nowhere) = (
            directory.path().join("link"),
            directory.path().join("nowhere"),
        );
        symlink(&notes, &link).expect("writable");
        symlink(directory.path().join("missing"), &nowhere).expect("writable");
        let ty = nodes::find("jsonl").expect("it is always there");
        for path in [&notes, &link, &nowhere] {
            let error = drive(ty, &format!("path = {path:?}"), [gap("mic", 0)]).err();
            assert!(
                matches!(error, Some(Error::Fatal(_))),
                "{path:?}: {error:?}"
            );
        }
        let text = fs::read_to_string(&notes).expect("it is there");
        assert_eq!(text, "five years of notes");
        assert!(!directory.path().join("missing").exists());
    }

    #[test]
    fn a_log_is_for_owner_and_group_and_for_one_writer() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("events.jsonl");
        let log = Log::open(&path).expect("it is new");
        let mode = fs::metadata(&path).map(|it| it.permissions().mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o640));
        let second = Log::open(&path).err().map(|it| it.to_string());
        assert_eq!(second.as_deref(), Some("another process writes it"));
        drop(log);
        assert!(Log::open(&path).is_ok());
    }

    /// As `logrotate` does it with `copytruncate`.
    #[test]
    fn a_log_that_was_emptied_is_turned_over_by_its_real_size() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("events.jsonl");
        let mut log = Log::open(&path).expect("it is new");
        let line = [b'{'; 100];
        log.append(&line, 250).expect("there is room");
        log.append(&line, 250).expect("there is room");
        fs::File::create(&path).expect("it is ours");
        std::thread::sleep(std::time::Duration::from_millis(1100));
        log.append(&line, 250).expect("there is room");
        assert_eq!(fs::metadata(&path).map(|it| it.len()).ok(), Some(100));
        assert!(!directory.path().join("events.jsonl.1").exists());
    }
}
