//! A film in a folder that grows with what a camera sends.

use std::io;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{Kept, Saved};
use crate::nodes::parts::folder::retention::Retention;
use crate::nodes::parts::folder::{Folder, Growing};
use crate::nodes::parts::movie::{Movie, Unfit, repair};

/// How films end in their names.
pub const EXTENSION: &str = "mp4";

/// How many films are kept, and for how long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Films {
    /// Films that are older are deleted; a little later than that where nothing was written for long. Default: none is.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u32>,
    /// So much is kept; then the oldest films are deleted, but none of the last ten minutes. A camera of 4 Mbit/s fills 43 GB a day.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub keep_mb: u64,
    /// So much is left free on the disk: the oldest films are deleted for it, and where that is not enough nothing is written.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub min_free_mb: u64,
}

impl Default for Films {
    fn default() -> Films {
        Films {
            keep_days: None,
            keep_mb: 50_000,
            min_free_mb: 1_000,
        }
    }
}

impl From<Films> for Retention {
    fn from(films: Films) -> Retention {
        Retention {
            keep_days: films.keep_days,
            keep_mb: films.keep_mb,
            min_free_mb: films.min_free_mb,
        }
    }
}

/// Films that were not completed when this was killed are among so many of the newest.
const MOST_OPEN: usize = 64;

/// Completes films that a kill or a power cut has left.
pub fn repair_newest(folder: &Folder) {
    for film in folder.newest(MOST_OPEN).unwrap_or_default() {
        // What cannot be repaired is no worse than it was.
        let _ = repair(&film);
    }
}

/// A film in the making, of one source.
pub struct Take {
    movie: Movie,
    name: String,
    /// Made with the first that is written: a kill leaves no file without a picture.
    growing: Option<Growing>,
    /// When its first picture was captured, and when what it holds is over.
    pub start: Time,
    pub end: Time,
}

impl Take {
    /// Begins a film of this name with a key picture.
    ///
    /// # Errors
    /// What keeps it out of a file.
    pub fn begin(name: String, picture: &Coded) -> Result<Take, Unfit> {
        Ok(Take {
            movie: Movie::begin(picture)?,
            name,
            growing: None,
            start: picture.at,
            end: picture.at.after(picture.duration),
        })
    }

    /// Whether a unit can be shown with what was told at its beginning.
    pub fn fits(&self, unit: &Coded) -> bool {
        self.movie.fits(unit)
    }

    /// Why a stream is left out, if one is.
    pub fn left_out(&self) -> Option<&Unfit> {
        self.movie.left_out()
    }

    /// Takes a unit, and writes what is due.
    ///
    /// # Errors
    /// What the system says; what is in the file is still whole.
    pub fn push(&mut self, folder: &mut Folder, unit: &Coded) -> io::Result<()> {
        let made = self.movie.push(unit);
        self.end = self.end.max(unit.at.after(unit.duration));
        match made.is_empty() {
            true => Ok(()),
            false => self.write(folder, &made),
        }
    }

    fn write(&mut self, folder: &mut Folder, made: &[u8]) -> io::Result<()> {
        let growing = match &mut self.growing {
            Some(growing) => growing,
            None => self.growing.insert(folder.create(&self.name)?),
        };
        folder.append(growing, made)
    }

    /// Completes the file and says what is in it; none if there is no room for anything of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(mut self, folder: &mut Folder, what: Kept) -> io::Result<Option<Saved>> {
        let made = self.movie.finish(self.end);
        // What is written is completed also where there is no room for the rest, which the next film will tell.
        let rest = self.write(folder, &made);
        let Some(growing) = self.growing else {
            return rest.map(|()| None);
        };
        let head = self.movie.head();
        let written = folder.complete(growing, &head)?;
        Ok(Some(Saved {
            what,
            path: written.path.display().to_string(),
            bytes: written.bytes,
            sha256: written.sha256,
            start: self.start.as_secs_f64(),
            end: self.end.as_secs_f64(),
            why: None,
            events: Vec::new(),
            label: None,
            track: None,
            subject: None,
        }))
    }
}
