//! What of a history is deleted, ten minutes of events at a time, by the rules that folders of files keep to.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::schema::SLOT;
use crate::nodes::parts::folder::retention::{FLOOR, Kept, Now, Retention};

/// How often it is looked for what has become too old.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// Events that are deleted at a time, so that new ones do not wait.
const AT_A_TIME: u32 = 1000;
/// Pages that are given back to the disk at a time.
const PAGES: i64 = 256;

/// What is free where that cannot be told.
const NO_LIMIT: u64 = u64::MAX / 2;

/// Deletes what is too old or too much.
pub struct Keep {
    retention: Retention,
    opened: Instant,
    swept: Option<Instant>,
    /// Slots that go, the oldest last.
    going: Vec<i64>,
}

impl Keep {
    /// Goes by these limits.
    pub fn new(retention: Retention) -> Keep {
        Keep {
            retention,
            opened: Instant::now(),
            swept: None,
            going: Vec::new(),
        }
    }

    /// Deletes some of what has to go. Gives the reason why nothing more may be written, if there is one.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn tend(&mut self, history: &Connection, path: &Path) -> Result<Option<String>> {
        self.tend_at(history, free(path), Timestamp::now())
    }

    fn tend_at(
        &mut self,
        history: &Connection,
        free: u64,
        at: Timestamp,
    ) -> Result<Option<String>> {
        if self.going.is_empty() {
            let is_due = self.swept.is_none_or(|it| it.elapsed() >= SWEEP);
            let used = used(history)?;
            let is_full = used > self.retention.most();
            let is_tight = free < self.retention.least_free();
            if !is_due && !is_full && !is_tight {
                return Ok(None);
            }
            self.swept = Some(Instant::now());
            let now = Now {
                at,
                watched: self.opened.elapsed(),
                coming: 0,
                free,
            };
            self.going = surplus(history, &self.retention, used, now)?;
            if self.going.is_empty() {
                return Ok(self.refusal(is_full, is_tight));
            }
        }
        self.delete(history)?;
        Ok(None)
    }

    /// Why nothing may be written where nothing may be deleted.
    fn refusal(&self, is_full: bool, is_tight: bool) -> Option<String> {
        let minutes = FLOOR.as_secs() / 60;
        let Retention {
            keep_mb,
            min_free_mb,
            ..
        } = self.retention;
        let what = match (is_full, is_tight) {
            (true, _) => format!("it holds the {keep_mb} MB of `keep_mb`"),
            (_, true) => format!("less than the {min_free_mb} MB of `min_free_mb` are free"),
            _ => return None,
        };
        Some(format!(
            "{what}, and what is newer than {minutes} minutes is not deleted"
        ))
    }

    fn delete(&mut self, history: &Connection) -> Result<()> {
        let Some(&slot) = self.going.last() else {
            return Ok(());
        };
        let deleting = history.unchecked_transaction()?;
        let (from, to) = (slot * SLOT, (slot + 1) * SLOT);
        let delete = "DELETE FROM events WHERE id IN \
            (SELECT id FROM events WHERE t >= ?1 AND t < ?2 ORDER BY t LIMIT ?3)";
        let mut delete = deleting.prepare(delete)?;
        if delete.execute(params![from, to, AT_A_TIME])? < AT_A_TIME as usize {
            deleting.execute("DELETE FROM tally WHERE slot = ?", [slot])?;
            deleting.execute("DELETE FROM slots WHERE slot = ?", [slot])?;
            self.going.pop();
        }
        drop(delete);
        deleting.commit()?;
        history.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES})"))
    }
}

/// Slots that have to go, the oldest last.
fn surplus(history: &Connection, limits: &Retention, used: u64, now: Now) -> Result<Vec<i64>> {
    let whole = "SELECT total(bytes) FROM tally";
    let whole: f64 = history.query_row(whole, [], |row| row.get(0))?;
    // An event takes more room than its JSON, by indices and free space in pages.
    let factor = used as f64 / whole.max(1.0);
    let mut query = history.prepare("SELECT slot, sum(bytes) FROM tally GROUP BY slot")?;
    let slots = query.query_map([], |row| {
        let (slot, bytes): (i64, f64) = (row.get(0)?, row.get::<_, i64>(1)? as f64);
        // The last of them may be as young as this.
        let at = Timestamp::from_millisecond((slot + 1) * SLOT).unwrap_or(Timestamp::MAX);
        Ok(Kept {
            name: slot.to_string(),
            at,
            bytes: (bytes * factor) as u64,
        })
    })?;
    let slots: Vec<Kept> = slots.collect::<Result<_>>()?;
    let going = limits.surplus(slots, now);
    let mut going: Vec<i64> = going.iter().filter_map(|it| it.name.parse().ok()).collect();
    going.reverse();
    Ok(going)
}

/// Bytes of pages that hold something.
fn used(history: &Connection) -> Result<u64> {
    let number = |name: &str| history.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages * number("page_size")?).max(0) as u64)
}

/// Bytes that are free on the disk; where that cannot be told, the disk itself says when it is full.
fn free(path: &Path) -> u64 {
    let disk = rustix::fs::statvfs(path);
    disk.map_or(NO_LIMIT, |it| it.f_bavail.saturating_mul(it.f_frsize))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::nodes::sinks::sqlite::row::follow;
    use crate::nodes::sinks::sqlite::schema;

    const MEGABYTE: u64 = 1 << 20;

    /// A history of so many events at each of these ages in days, each of a kilobyte.
    fn history(ages: &[f64], each: u32) -> Connection {
        let mut history = Connection::open_in_memory().expect("memory");
        schema::migrate(&mut history).expect("it is new");
        let adding = history.transaction().expect("it is ours");
        let insert = "INSERT INTO events (t, start, \"end\", kind, source, node, text, private, says, json) \
            VALUES (?1, ?1, ?1, 'gap', 'mic', 'n', 'lost words', 0, '', ?2)";
        for age in ages {
            let t = (now() - days(*age)).as_millisecond();
            for _ in 0..each {
                adding
                    .execute(insert, params![t, " ".repeat(1000)])
                    .expect("room");
            }
        }
        follow(&adding, 1).expect("room");
        adding.commit().expect("room");
        history
    }

    fn now() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().expect("a time")
    }

    fn days(count: f64) -> SignedDuration {
        SignedDuration::from_secs_f64(count * 86_400.0)
    }

    /// What is left when nothing more has to go: events, and why no more may be written.
    fn left(
        history: &Connection,
        keep_days: Option<u32>,
        keep_mb: u64,
        ahead: f64,
    ) -> (i64, Option<String>) {
        let mut keep = Keep::new(Retention {
            keep_days,
            keep_mb,
            min_free_mb: 0,
        });
        let mut refused = None;
        for _ in 0..100 {
            let tended = keep.tend_at(history, NO_LIMIT, now() + days(ahead));
            refused = tended.expect("it is ours");
        }
        let number = |what: &str| history.query_row(what, [], |row| row.get::<_, i64>(0));
        let events = number("SELECT count(*) FROM events").expect("it is ours");
        let tallied = number("SELECT coalesce(sum(events), 0) FROM tally").expect("it is ours");
        assert_eq!(tallied, events);
        let check = "INSERT INTO words(words) VALUES ('integrity-check')";
        history
            .execute(check, [])
            .expect("words are those of the events");
        let found = "SELECT count(*) FROM words WHERE words MATCH 'lost'";
        assert_eq!(number(found).expect("it is ours"), events);
        (events, refused)
    }

    #[test]
    fn the_old_goes_and_neither_the_new_nor_all_by_a_jump_of_the_clock() {
        let ages = [0.001, 0.5, 1.5, 3.0, 4.5, 6.5, 7.5, 9.0];
        let week = |ahead: f64| left(&history(&ages, 10), Some(7), 100, ahead);
        assert_eq!(week(0.0), (60, None));
        assert_eq!(week(-3650.0), (80, None));
        assert_eq!(week(3650.0).0, 40);
    }

    #[test]
    fn what_is_too_much_goes_and_its_room_is_used_again() {
        let full = history(&[0.5, 1.0, 2.0, 3.0], 1000);
        let before = used(&full).expect("it is ours");
        assert!(before > 4 * MEGABYTE);
        let (events, refused) = left(&full, None, 3, 0.0);
        assert!(
            (1000..3000).contains(&events) && refused.is_none(),
            "{events} {refused:?}"
        );
        assert!(used(&full).expect("it is ours") <= 3 * MEGABYTE);
        let new = history(&[0.001; 4], 1000);
        let (events, refused) = left(&new, None, 3, 0.0);
        assert_eq!(events, 4000);
        assert!(refused.is_some_and(|it| it.contains("`keep_mb`")));
    }
}
