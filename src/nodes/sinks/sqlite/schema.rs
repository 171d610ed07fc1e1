//! The tables of a history, and how an older one is brought up to date.

use rusqlite::{Connection, Result};

/// `otus` in ASCII: tells a history from other databases.
const APPLICATION: i32 = 0x6F74_7573;
/// The length of a slot of `tally` in milliseconds.
pub const SLOT: i64 = 10 * 60 * 1000;

/// Each brings a history from the version that is its place in the list to the next.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("batch.sql")];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stand {
    /// A database without anything in it.
    Empty,
    /// A history that this program can read.
    Ours,
    /// A history of a newer version.
    Newer(i32),
    /// Somebody else's database.
    Foreign,
}

impl Stand {
    /// Why it is left alone, if it is.
    pub fn refusal(self) -> Option<String> {
        let newest = MIGRATIONS.len();
        match self {
            Stand::Empty | Stand::Ours => None,
            Stand::Newer(version) => Some(format!(
                "it was made by a newer otus (version {version} of the format; this one knows {newest})"
            )),
            Stand::Foreign => {
                Some("it is another program's database, and is left alone".to_owned())
            }
        }
    }
}

/// Finds out what a database is.
///
/// # Errors
/// What SQLite says: also that it is no database.
pub fn identify(connection: &Connection) -> Result<Stand> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    Ok(match (application, tables) {
        (APPLICATION, _) if version as usize > MIGRATIONS.len() => Stand::Newer(version),
        (APPLICATION, _) => Stand::Ours,
        (0, 0) => Stand::Empty,
        _ => Stand::Foreign,
    })
}

/// Makes the tables, or brings them up to date.
///
/// # Errors
/// What SQLite says; then nothing of a step is done.
pub fn migrate(connection: &mut Connection) -> Result<()> {
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (from, step) in MIGRATIONS.iter().enumerate().skip(version as usize) {
        let step_by_step = connection.transaction()?;
        step_by_step.execute_batch(step)?;
        step_by_step.pragma_update(None, "application_id", APPLICATION)?;
        step_by_step.pragma_update(None, "user_version", from as i32 + 1)?;
        step_by_step.commit()?;
    }
    Ok(())
}
