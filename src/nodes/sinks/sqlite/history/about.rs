//! What lies around an event: files that show it, words that were said, and what there is to choose from.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, Result, params, params_from_iter};
use serde::Serialize;

use super::read::{History, Told};
use super::wish::Wish;
use crate::nodes::sinks::sqlite::schema::SLOT;

/// A file is told of so long after what it shows at most: a clip ends after its subject.
const LATEST: i64 = 10 * 60 * 1000;
/// A picture or a word that is so far from an event still belongs to it.
const NEAR: i64 = 2_000;
/// So many files and utterances are told of an event.
const MOST: u32 = 6;
/// So many names are told of each.
const MOST_NAMES: u32 = 200;

/// A file that shows an event.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    /// The number of the event that tells of it.
    pub id: i64,
    /// Where it is.
    #[serde(skip)]
    pub path: PathBuf,
    /// When what it holds begins, in milliseconds since 1970 UTC.
    pub start: i64,
}

/// What there is in a history.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Names {
    /// Kinds of events.
    pub kinds: Vec<String>,
    /// Sources.
    pub sources: Vec<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// Zones and lines.
    pub zones: Vec<String>,
}

/// How many events of a kind there are in a slot.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// When the slot begins, in milliseconds since 1970 UTC.
    pub from: i64,
    /// Their kind.
    pub kind: String,
    /// How many.
    pub events: i64,
}

impl History {
    /// Files that show what an event tells of.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn files(&self, of: &Told, private: bool) -> Result<Vec<File>, String> {
        let select = "SELECT id, path, start FROM events WHERE source = ?1 AND t >= ?2 AND t <= ?3 AND kind = 'saved' \
             AND path IS NOT NULL AND start <= ?4 AND \"end\" >= ?2 AND (?5 IS NULL OR track IS NULL OR track = ?5) \
             AND (private OR NOT ?6) ORDER BY t LIMIT ?7";
        let (start, end) = (of.start - NEAR, of.end + NEAR);
        let latest = of.end + LATEST;
        let values = params![of.source, start, latest, end, of.track, private, MOST];
        self.collect(select, values, |row| {
            Ok(File {
                id: row.get(0)?,
                path: PathBuf::from(row.get::<_, String>(1)?),
                start: row.get(2)?,
            })
        })
    }

    /// The file that an event tells of.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn file(&self, id: i64, private: bool) -> Result<Option<PathBuf>, String> {
        let select = "SELECT path FROM events WHERE id = ? AND kind = 'saved' AND path IS NOT NULL AND (private OR NOT ?)";
        let path = self
            .connection
            .query_row(select, params![id, private], |row| row.get::<_, String>(0));
        let path = path.optional().map_err(|it| it.to_string())?;
        Ok(path.map(PathBuf::from))
    }

    /// What was said meanwhile.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn words(&self, of: &Told, private: bool) -> Result<Vec<String>, String> {
        let select = "SELECT text FROM events WHERE kind = 'transcript' AND t >= ?1 AND t <= ?2 AND text <> '' \
             AND (private OR NOT ?3) ORDER BY t LIMIT ?4";
        let values = params![of.start - NEAR, of.end + NEAR, private, MOST];
        self.collect(select, values, |row| row.get(0))
    }

    /// What there is to choose from.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn names(&self) -> Result<Names, String> {
        Ok(Names {
            kinds: self.distinct("kind")?,
            sources: self.distinct("source")?,
            labels: self.distinct("label")?,
            zones: self.distinct("zone")?,
        })
    }

    /// How many of the wanted events there are in each ten minutes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn counts(&self, wish: &Wish) -> Result<Vec<Count>, String> {
        let is_tallied =
            wish.label.is_none() && wish.zone.is_none() && wish.text.is_none() && !wish.private;
        let (select, values) = match is_tallied {
            false => wish.counts(SLOT),
            true => (
                "SELECT slot, kind, sum(events) FROM tally WHERE slot >= ?1 AND slot < ?2 AND (?3 IS NULL OR kind = ?3) \
                 AND (?4 IS NULL OR kind <> ?4) AND (?5 IS NULL OR source = ?5) GROUP BY slot, kind"
                    .to_owned(),
                vec![
                    wish.since.map_or(0, |it| it / SLOT).into(),
                    wish.until.map_or(i64::MAX, |it| it / SLOT).into(),
                    wish.kind.clone().into(),
                    wish.but.clone().into(),
                    wish.source.clone().into(),
                ],
            ),
        };
        self.collect(&select, params_from_iter(values), |row| {
            Ok(Count {
                from: row.get::<_, i64>(0)? * SLOT,
                kind: row.get(1)?,
                events: row.get(2)?,
            })
        })
    }

    /// The values of a column: from one to the next by its index, and not through all rows.
    fn distinct(&self, column: &str) -> Result<Vec<String>, String> {
        let select = format!(
            "WITH RECURSIVE each(name) AS (SELECT min({column}) FROM events WHERE {column} IS NOT NULL UNION ALL \
             SELECT (SELECT min({column}) FROM events WHERE {column} > name) FROM each WHERE name IS NOT NULL) \
             SELECT name FROM each WHERE name IS NOT NULL LIMIT ?"
        );
        self.collect(&select, [MOST_NAMES], |row| row.get(0))
    }

    fn collect<T>(
        &self,
        select: &str,
        values: impl rusqlite::Params,
        read: impl Fn(&rusqlite::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>, String> {
        let collect = || {
            let mut query = self.connection.prepare(select)?;
            query.query_map(values, read)?.collect::<Result<Vec<T>>>()
        };
        collect().map_err(|it| it.to_string())
    }
}
