//! Which files of a folder go, so that it grows neither too old nor too large.
//!
//! A clock that jumps must not empty a folder. How old a file is, is therefore added up from file to file: between two of
//! them no more than half of `keep_days` is believed, and since the latest one no more than that or than this run has lasted.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MEGABYTE: u64 = 1 << 20;
/// What is newer than this stays, whatever the limits.
pub const FLOOR: Duration = Duration::from_secs(10 * 60);

/// How much is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Retention {
    /// Files that are older are deleted; a little later than that where nothing was written for long. Default: none is.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u32>,
    /// So much is kept; then the oldest files are deleted, but none of the last ten minutes.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub keep_mb: u64,
    /// So much is left free on the disk: the oldest files are deleted for it, and where that is not enough nothing is written.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub min_free_mb: u64,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            keep_days: None,
            keep_mb: 1_000,
            min_free_mb: 200,
        }
    }
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// When it was begun, by its name.
    pub at: Timestamp,
    /// Its size.
    pub bytes: u64,
}

/// What is known when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// What the clock says.
    pub at: Timestamp,
    /// For how long this run has watched the clock.
    pub watched: Duration,
    /// Bytes that are about to be written.
    pub coming: u64,
    /// Bytes that are free on the disk.
    pub free: u64,
}

impl Retention {
    /// Bytes that the folder may hold.
    pub fn most(&self) -> u64 {
        self.keep_mb.saturating_mul(MEGABYTE)
    }

    /// Bytes that must be free.
    pub fn least_free(&self) -> u64 {
        self.min_free_mb.saturating_mul(MEGABYTE)
    }

    /// That what is coming finds room beside so many bytes that stay, with so many free.
    ///
    /// # Errors
    /// Which limit is in its way.
    pub fn room(&self, kept: u64, free: u64, coming: u64) -> Result<()> {
        let minutes = FLOOR.as_secs() / 60;
        let full = |what: String| {
            let why = format!("{what}, and what is newer than {minutes} minutes is not deleted");
            Err(Error::new(ErrorKind::StorageFull, why))
        };
        let Retention {
            keep_mb,
            min_free_mb,
            ..
        } = self;
        if kept + coming > self.most() {
            return full(format!("it holds the {keep_mb} MB of `keep_mb`"));
        }
        // Where nothing is to be left free, the disk itself says when it is full.
        if *min_free_mb > 0 && free < self.least_free() + coming {
            return full(format!(
                "less than the {min_free_mb} MB of `min_free_mb` are free"
            ));
        }
        Ok(())
    }

    /// Those of these files that go.
    pub fn surplus(&self, mut files: Vec<Kept>, now: Now) -> Vec<Kept> {
        files.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        // A film that is read fast is ahead of the clock, but not for so long.
        let is_ahead = |it: &Kept| gap(it.at.duration_since(now.at)) > DAY;
        let (ahead, past): (Vec<_>, Vec<_>) = files.into_iter().partition(is_ahead);
        let (mut going, past) = self.too_old(past, now);
        let size = |files: &[Kept]| files.iter().map(|it| it.bytes).sum::<u64>();
        let (mut kept, mut free) = (size(&ahead) + size(&past), now.free + size(&going));
        let needed = self.least_free() + now.coming;
        let is_full = kept + now.coming > self.most();
        // It is not looked for each new file what has to go for it.
        let goal = if is_full {
            self.most() / 16 * 15
        } else {
            self.most()
        };
        // What claims to be of tomorrow was written while the clock was wrong.
        let new_from = now.at.saturating_sub(FLOOR).unwrap_or(Timestamp::MIN);
        for file in ahead.into_iter().chain(past) {
            let is_enough = kept + now.coming <= goal && free >= needed;
            let is_new = file.at > new_from && !is_ahead(&file);
            if !is_enough && !is_new {
                kept -= file.bytes;
                free += file.bytes;
                going.push(file);
            }
        }
        going
    }

    /// Parts files in their order into those that are too old and the rest.
    fn too_old(&self, files: Vec<Kept>, now: Now) -> (Vec<Kept>, Vec<Kept>) {
        let Some(days) = self.keep_days else {
            return (Vec::new(), files);
        };
        let keep = DAY * days;
        let believed = keep / 2;
        let (mut after, mut age) = (now.at, Duration::ZERO);
        let mut most = believed.max(now.watched);
        let mut first = files.len();
        for (at, file) in files.iter().enumerate().rev() {
            age += gap(after.duration_since(file.at)).min(most);
            (after, most) = (file.at, believed);
            if age <= keep {
                first = at;
            }
        }
        let mut old = files;
        let rest = old.split_off(first);
        (old, rest)
    }
}

fn gap(between: SignedDuration) -> Duration {
    between.try_into().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-29T12:00:00Z";

    fn days(count: f64) -> SignedDuration {
        SignedDuration::from_secs_f64(count * 86_400.0)
    }

    fn clock() -> Timestamp {
        NOW.parse().expect("a time")
    }

    /// Files of a megabyte each, so many days old.
    fn files(ages: &[f64]) -> Vec<Kept> {
        let file = |age: &f64| Kept {
            name: format!("{age}"),
            at: clock() - days(*age),
            bytes: MEGABYTE,
        };
        ages.iter().map(file).collect()
    }

    fn gone(limits: &Retention, files: Vec<Kept>, ahead: f64, free_mb: u64) -> Vec<String> {
        let now = Now {
            at: clock() + days(ahead),
            watched: DAY,
            coming: 0,
            free: free_mb * MEGABYTE,
        };
        let going = limits.surplus(files, now).into_iter();
        going.map(|it| it.name).collect()
    }

    fn limits(keep_days: Option<u32>, keep_mb: u64, min_free_mb: u64) -> Retention {
        Retention {
            keep_days,
            keep_mb,
            min_free_mb,
        }
    }

    #[test]
    fn what_is_older_goes_and_the_rest_stays() {
        let week = limits(Some(7), 100, 0);
        let ages = [0.5, 1.5, 3.0, 4.5, 6.5, 7.5, 9.0, 9.5];
        assert_eq!(gone(&week, files(&ages), 0.0, 0), ["9.5", "9", "7.5"]);
        assert_eq!(gone(&limits(None, 100, 0), files(&ages), 0.0, 0), [""; 0]);
    }

    #[test]
    fn no_jump_of_the_clock_empties_a_folder() {
        let week = limits(Some(7), 100, 0);
        let ages = [0.5, 1.5, 3.0, 4.5, 6.5];
        for years in [-56.0, -10.0, -0.0001, 0.0, 0.0001] {
            assert_eq!(gone(&week, files(&ages), years * 365.0, 0), [""; 0]);
        }
        // The clock is ten years ahead: half of the time is kept at least, also when the first file has that time.
        let ahead = 3650.0;
        assert_eq!(gone(&week, files(&ages), ahead, 0), ["6.5", "4.5"]);
        let mut more = files(&ages);
        more.push(Kept {
            name: "new".to_owned(),
            at: clock() + days(ahead - 1.0),
            bytes: MEGABYTE,
        });
        assert_eq!(gone(&week, more.clone(), ahead, 0), ["6.5", "4.5"]);
        // It is put right: what claims to be of the future stays while there is room, and goes first when there is none.
        assert_eq!(gone(&week, more.clone(), 0.0, 0), [""; 0]);
        assert_eq!(gone(&limits(None, 5, 0), more, 0.0, 0)[0], "new");
    }

    #[test]
    fn a_house_where_nobody_comes_still_forgets() {
        let week = limits(Some(7), 100, 0);
        let now = |watched: u32| Now {
            at: clock(),
            watched: DAY * watched,
            coming: 0,
            free: 0,
        };
        assert_eq!(week.surplus(files(&[8.0]), now(1)), []);
        assert_eq!(week.surplus(files(&[8.0]), now(8)).len(), 1);
    }

    #[test]
    fn the_oldest_make_room_and_the_newest_never_do() {
        let few = limits(None, 16, 0);
        let ages: Vec<f64> = (1..=17).map(f64::from).collect();
        assert_eq!(gone(&few, files(&ages), 0.0, 0), ["17", "16"]);
        assert_eq!(gone(&few, files(&ages[..16]), 0.0, 0), [""; 0]);
        // Three are missing on the disk.
        let free = limits(None, 100, 10);
        assert_eq!(gone(&free, files(&ages), 0.0, 7), ["17", "16", "15"]);
        // All are of the last minutes, or of a film that was read in less time than it lasts.
        assert_eq!(gone(&few, files(&[-0.5; 20]), 0.0, 0), [""; 0]);
        let new = [0.001; 20];
        assert_eq!(gone(&few, files(&new), 0.0, 0), [""; 0]);
        assert_eq!(gone(&free, files(&new), 0.0, 0), [""; 0]);
    }
}
