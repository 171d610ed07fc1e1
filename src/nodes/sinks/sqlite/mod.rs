//! `sqlite`: events in a database that is searched.

pub mod history;
mod keep;
mod row;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::keep::Keep;
use self::row::Row;
use self::store::Store;
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::folder::retention::Retention;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::pipeline::contract::runtime_options::Privacy;

/// Options of `sqlite`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database; it and its folder are made if need be, for the owner and the group (`0640`, `0750`). While it is written, what is
    /// new lies beside it in `PATH-wal`. A file that is something else, or was made by a newer otus, is left alone.
    pub path: PathBuf,
    /// When events are certainly on the disk. `commit`: as soon as they count as written, which is after 256 of them and
    /// after a second. `checkpoint`: every few thousand; a power cut can take the last of them, and leaves the database whole.
    #[serde(default)]
    pub fsync: Fsync,
    /// Also keep what `track` tells each second of what is still there. Default: when it comes and when it leaves.
    #[serde(default)]
    pub updates: bool,
    /// Events that are older are deleted; a little later than that where nothing was written for long. Default: none is.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u32>,
    /// So large the database grows; then the oldest events are deleted, but none of the last ten minutes.
    #[serde(default = "default_keep_mb")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub keep_mb: u64,
    /// So much is left free on the disk: the oldest events are deleted for it, and where that is not enough nothing is written.
    #[serde(default = "default_min_free_mb")]
    #[schemars(range(min = 0, max = 100_000_000))]
    pub min_free_mb: u64,
}

fn default_keep_mb() -> u64 {
    Retention::default().keep_mb
}

fn default_min_free_mb() -> u64 {
    Retention::default().min_free_mb
}

/// When events are certainly on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fsync {
    /// When they count as written.
    #[default]
    Commit,
    /// Some time after that.
    Checkpoint,
}

/// A batch of which it is not known whether it is in the file: the disk failed at its very end.
#[derive(Clone, Copy)]
struct Doubt {
    token: i64,
    events: usize,
}

/// A history and the batch that goes into it.
pub struct Sqlite {
    store: Store,
    keep: Keep,
    updates: bool,
    private: bool,
    /// What is written next.
    batch: Vec<Row>,
    /// Events that were taken for it, those that are no row of it too.
    taken: usize,
    /// Events that are given again and were written after all.
    written: usize,
    doubt: Arc<Mutex<Option<Doubt>>>,
    /// Why no more may be written.
    refused: Option<Error>,
}

impl Node for Sqlite {
    const NAME: &'static str = "sqlite";
    const ALSO: &'static [&'static str] = &["database", "db", "sql", "history", "store", "sqlite3"];
    const ABOUT: &'static str = "Keeps events in a database, which `otus events` and the page `/history` search. Give it what is worth \
        a line: visits (`track`), zones, words, sounds, and the sinks that write pictures and clips, so that each event is found \
        with them. What `detect` finds in each frame is kept only if it is an input. Any SQLite reads it while it is written: \
        table `events`, words in `words`.";
    const EXAMPLE: &'static str = "path = \"history.db\"\nkeep_days = 30";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.path).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let wrong = history::refusal(&base.join(&config.path));
        let help = "name a file of its own; one that is not there is made";
        let misuse = wrong.map(|why| Misuse::new("path", why, help));
        misuse.into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Sqlite> {
        let path = context.resolve(&config.path);
        let store = Store::open(&path, config.fsync == Fsync::Commit)?;
        let doubt = context.kept::<Mutex<Option<Doubt>>>();
        let last = store.last_batch()?;
        let before = lock(&doubt).filter(|it| Some(it.token) == last);
        let mut this = Sqlite {
            store,
            keep: Keep::new(Retention {
                keep_days: config.keep_days,
                keep_mb: config.keep_mb,
                min_free_mb: config.min_free_mb,
            }),
            updates: config.updates,
            private: context.runtime.privacy == Privacy::Required,
            batch: Vec::new(),
            taken: 0,
            written: before.map_or(0, |it| it.events),
            doubt,
            refused: None,
        };
        this.tend()?;
        Ok(this)
    }
}

impl Sink for Sqlite {
    type In = Arc<Event>;
    type Out = Nothing;

    const BATCH: usize = 256;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        if let Some(why) = self.refused.take() {
            return Err(why);
        }
        self.taken += 1;
        if self.written > 0 {
            self.written -= 1;
            return Ok(());
        }
        let row = Row::of(event);
        if self.updates || !row.is_update() {
            self.batch.push(row);
        }
        Ok(())
    }

    fn settle(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        let events = std::mem::take(&mut self.taken);
        if !self.batch.is_empty() {
            let token = fastrand::i64(..);
            *lock(&self.doubt) = Some(Doubt { token, events });
            self.store.write(&self.batch, self.private, token)?;
            self.batch.clear();
            *lock(&self.doubt) = None;
        } else if let Some(doubt) = &mut *lock(&self.doubt) {
            doubt.events = self.written;
        }
        // The batch is written, whatever comes of this.
        self.refused = self.tend().err();
        Ok(())
    }

    fn pass(&mut self, _: Time, _: &mut Emit<Nothing>) -> Result<()> {
        self.tend()
    }
}

impl Sqlite {
    /// Deletes some of what has to go.
    fn tend(&mut self) -> Result<()> {
        let (history, path) = (self.store.connection(), self.store.path());
        match self.keep.tend(history, path) {
            Ok(None) => Ok(()),
            Ok(Some(full)) => {
                let path = path.display();
                Err(Error::retry(format!("cannot write {path}: {full}")))
            }
            Err(error) => Err(self.store.trouble(&error)),
        }
    }
}

fn lock(doubt: &Mutex<Option<Doubt>>) -> MutexGuard<'_, Option<Doubt>> {
    doubt.lock().unwrap_or_else(PoisonError::into_inner)
}
