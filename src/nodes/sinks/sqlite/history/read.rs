//! A history that is open for reading.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags, Result, Row, params_from_iter};
use serde::Serialize;

use super::wish::Wish;
use crate::nodes::sinks::sqlite::schema;

/// How long a writer may be at what cannot be read meanwhile.
const BUSY: Duration = Duration::from_secs(2);

/// An open history.
pub struct History {
    pub(super) connection: Connection,
    path: PathBuf,
    file: Option<(u64, u64)>,
}

/// An event of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Its place in the order in which events came.
    pub id: i64,
    /// Milliseconds since 1970 UTC.
    pub t: i64,
    /// When what it tells of began.
    pub start: i64,
    /// And ended.
    pub end: i64,
    /// Kind of event.
    pub kind: String,
    /// The source that it is about.
    pub source: String,
    /// The node that has told it.
    pub node: String,
    /// What it is about, if it has a name.
    pub label: Option<String>,
    /// Zone or line.
    pub zone: Option<String>,
    /// Which one it is about.
    pub track: Option<i64>,
    /// What was said.
    pub text: Option<String>,
    /// The model that decided.
    pub model: Option<String>,
    /// What it tells in a sentence.
    pub says: String,
    /// As `jsonl` writes it.
    #[serde(skip)]
    pub json: String,
}

const COLUMNS: &str = "e.id, e.t, e.start, e.\"end\", e.kind, e.source, e.node, e.label, e.zone, e.track, e.text, e.model, \
    e.says, e.json";

impl Told {
    fn read(row: &Row<'_>) -> Result<Told> {
        Ok(Told {
            id: row.get(0)?,
            t: row.get(1)?,
            start: row.get(2)?,
            end: row.get(3)?,
            kind: row.get(4)?,
            source: row.get(5)?,
            node: row.get(6)?,
            label: row.get(7)?,
            zone: row.get(8)?,
            track: row.get(9)?,
            text: row.get(10)?,
            model: row.get(11)?,
            says: row.get(12)?,
            json: row.get(13)?,
        })
    }
}

impl History {
    /// Opens a history for reading.
    ///
    /// # Errors
    /// Why it cannot be read, and what to do.
    pub fn open(path: &Path) -> Result<History, String> {
        let shown = path.display();
        if !path.exists() {
            return Err(format!(
                "there is no {shown} yet: it is written once the pipeline runs"
            ));
        }
        let connection = match connect(path, "mode=ro") {
            // Nobody writes it, and this user must not make the files that readers share.
            Err(error) if is_closed(&error) => connect(path, "immutable=1"),
            opened => opened,
        };
        let looked = connection.and_then(|it| Ok((schema::identify(&it)?, it)));
        match looked {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                Err(format!("{shown} is no database"))
            }
            Err(error) => Err(format!("cannot read {shown}: {error}")),
            Ok((schema::Stand::Empty, _)) => Err(format!("nothing was written to {shown} yet")),
            Ok((stand, connection)) => match stand.refusal() {
                Some(why) => Err(format!("cannot read {shown}: {why}")),
                None => Ok(History {
                    connection,
                    file: identity(path),
                    path: path.to_owned(),
                }),
            },
        }
    }

    /// Whether another file has its name by now, or none.
    pub fn is_replaced(&self) -> bool {
        identity(&self.path) != self.file
    }

    /// Ends what is under way from another thread.
    pub fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// The latest of the events that are wished for, the latest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn latest(&self, wish: &Wish) -> Result<Vec<Told>, String> {
        let (what, values) = wish.latest(COLUMNS);
        self.told(&what, values)
    }

    /// Those that have come after the one of this number, in their order.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn after(&self, id: i64, wish: &Wish) -> Result<Vec<Told>, String> {
        let (what, values) = wish.after(COLUMNS, id);
        self.told(&what, values)
    }

    /// The number of the event that came last.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last(&self) -> Result<i64, String> {
        let last = "SELECT coalesce(max(id), 0) FROM events";
        let last = self.connection.query_row(last, [], |row| row.get(0));
        last.map_err(|it| it.to_string())
    }

    fn told(&self, what: &str, values: Vec<rusqlite::types::Value>) -> Result<Vec<Told>, String> {
        let read = || {
            let mut query = self.connection.prepare(what)?;
            let rows = query.query_map(params_from_iter(values), Told::read)?;
            rows.collect::<Result<Vec<Told>>>()
        };
        read().map_err(|it| it.to_string())
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

/// Why a file must not become a history, as far as it can be told without writing.
pub fn refusal(path: &Path) -> Option<String> {
    let there = path.ancestors().find(|it| it.exists())?;
    if there != path {
        return (!there.is_dir()).then(|| format!("{} is no folder", there.display()));
    }
    if path.is_dir() {
        return Some(format!("{} is a folder", path.display()));
    }
    let stand = connect(path, "immutable=1").and_then(|it| schema::identify(&it));
    match stand {
        Ok(stand) => stand.refusal(),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Some("it is no database, and what is in it is left alone".to_owned())
        }
        // Whether it can be opened is found out by who opens it.
        Err(_) => None,
    }
}

fn connect(path: &Path, how: &str) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, how), flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
    Ok(connection)
}

/// A path as SQLite reads it before its options.
fn uri(path: &Path, how: &str) -> String {
    use std::os::unix::ffi::OsStrExt;
    let path = percent_encoding::percent_encode(path.as_os_str().as_bytes(), PLAIN);
    format!("file:{path}?{how}")
}

/// Letters that mean nothing else there.
const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

fn is_closed(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}
