//! A history that is open for writing: made if need be, never somebody else's, written in whole batches.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};
use rustix::fs::{Access, access};

use super::history::refusal;
use super::row::{INSERT, Row, follow};
use super::schema;
use crate::nodes::parts::disk;
use crate::pipeline::contract::error::{Error, Result};

/// What is seen and heard at home is for the owner and the group.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// How long another process may be writing.
const BUSY: Duration = Duration::from_secs(2);
/// How often the name of the open file is looked up.
const LOOK_UP: Duration = Duration::from_secs(1);
/// Above this the log of what is not in the file yet is cut when it is empty.
const LARGEST_LOG: i64 = 16 << 20;

/// An open history.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    file: (u64, u64),
    /// When the file was last seen under its name.
    seen: Instant,
}

impl Store {
    /// Opens a history; `each`: a batch is on the disk when it counts as written.
    ///
    /// # Errors
    /// `Fatal` if it is none, or of a newer version, or this user must not write it; `Retry` while the disk is full.
    pub fn open(path: &Path, each: bool) -> Result<Store> {
        prepare(path).map_err(|error| disk::trouble(path, "path", &error))?;
        // A look that changes nothing, before SQLite tidies up what it opens.
        if let Some(why) = refusal(path) {
            return Err(left_alone(path, &why));
        }
        let told = |error| trouble(path, &error);
        let mut connection = connect(path).map_err(told)?;
        let stand = schema::identify(&connection).map_err(told)?;
        if let Some(why) = stand.refusal() {
            return Err(left_alone(path, &why));
        }
        let synchronous = if each { "FULL" } else { "NORMAL" };
        let settle_down = |connection: &mut Connection| {
            // Before the log is begun, so that the file itself says what it is.
            schema::migrate(connection)?;
            let mode: String =
                connection.pragma_update_and_check(None, "journal_mode", "WAL", |it| it.get(0))?;
            connection.pragma_update(None, "synchronous", synchronous)?;
            connection.pragma_update(None, "journal_size_limit", LARGEST_LOG)?;
            connection.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize = 0x10002;")?;
            Ok(mode)
        };
        let mode = settle_down(&mut connection).map_err(told)?;
        if mode != "wal" {
            return Err(Error::fatal(format!(
                "cannot write {}: its disk cannot be shared by writers and readers, as network shares cannot; choose a `path` on \
                 a disk of this machine",
                path.display()
            )));
        }
        Ok(Store {
            file: identity(path).map_err(|error| disk::trouble(path, "path", &error))?,
            connection,
            path: path.to_owned(),
            seen: Instant::now(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database, between two batches.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes a batch, which is known by this token; `private`: the pipeline file asks for privacy.
    ///
    /// # Errors
    /// As `open`. Where the disk fails at the very end, the batch may be in the file.
    pub fn write(&mut self, batch: &[Row], private: bool, token: i64) -> Result<()> {
        self.look_up()?;
        let mut write = || {
            let writing = self.connection.transaction()?;
            let mut insert = writing.prepare(INSERT)?;
            let mut first = None;
            for row in batch {
                row.insert(&mut insert, private)?;
                first.get_or_insert(writing.last_insert_rowid());
            }
            drop(insert);
            if let Some(first) = first {
                follow(&writing, first)?;
            }
            let set =
                "INSERT INTO batch VALUES (1, ?) ON CONFLICT DO UPDATE SET token = excluded.token";
            writing.execute(set, [token])?;
            writing.commit()
        };
        write().map_err(|error| trouble(&self.path, &error))
    }

    /// The token of the last batch in the file.
    ///
    /// # Errors
    /// As `add`.
    pub fn last_batch(&self) -> Result<Option<i64>> {
        let last = "SELECT token FROM batch";
        let last = self.connection.query_row(last, [], |row| row.get(0));
        last.optional().map_err(|error| self.trouble(&error))
    }

    /// What a failure of this database means.
    pub fn trouble(&self, error: &rusqlite::Error) -> Error {
        trouble(&self.path, error)
    }

    /// Whether somebody has moved or removed it: nobody would ever read what goes there.
    fn look_up(&mut self) -> Result<()> {
        if self.seen.elapsed() < LOOK_UP {
            return Ok(());
        }
        self.seen = Instant::now();
        match identity(&self.path).ok() == Some(self.file) {
            true => Ok(()),
            false => Err(Error::retry(format!(
                "{} was moved or removed; a new one is begun",
                self.path.display()
            ))),
        }
    }
}

/// Makes the file if there is none. An existing one is not opened: closing it would take SQLite's locks away.
fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)?;
    }
    let mut options = OpenOptions::new();
    match options
        .create_new(true)
        .write(true)
        .mode(FILE_MODE)
        .open(path)
    {
        Ok(file) => file.set_permissions(Permissions::from_mode(FILE_MODE)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => writable(path),
        Err(error) => Err(error),
    }
}

/// What keeps this user from writing a file that is there.
fn writable(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    access(path, Access::WRITE_OK)?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    Ok(access(
        folder.unwrap_or(Path::new(".")),
        Access::WRITE_OK | Access::EXEC_OK,
    )?)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|it| (it.dev(), it.ino()))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    // Of a new file only: pages that nothing needs any more can be given back to the disk.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    Ok(connection)
}

fn left_alone(path: &Path, why: &str) -> Error {
    let path = path.display();
    Error::fatal(format!("cannot write {path}: {why}; choose another `path`"))
}

/// What a failure of SQLite means. Where the disk itself says why, that is told.
fn trouble(path: &Path, error: &rusqlite::Error) -> Error {
    let shown = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => left_alone(path, "it is no database"),
        Some(ErrorCode::DatabaseCorrupt) => Error::fatal(format!(
            "{shown} is damaged ({error}); move it away, and a new one is begun"
        )),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::retry(format!("cannot write {shown}: another process writes it"))
        }
        Some(ErrorCode::DiskFull) => {
            let full = io::Error::from_raw_os_error(libc::ENOSPC);
            disk::trouble(path, "path", &full)
        }
        _ => match writable(path) {
            // What was there a moment ago is no mistake in the pipeline file.
            Err(gone) if gone.kind() == ErrorKind::NotFound => {
                Error::retry(format!("cannot write {shown}: {gone}"))
            }
            Err(why) => disk::trouble(path, "path", &why),
            Ok(()) => Error::retry(format!("cannot write {shown}: {error}")),
        },
    }
}
