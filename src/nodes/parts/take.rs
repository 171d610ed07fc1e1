//! A film in a folder that grows with what a camera sends.

use std::io;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{Kept, Saved};
use crate::nodes::parts::beside::is_beside;
use crate::nodes::parts::folder::retention::Retention;
use crate::nodes::parts::folder::{Folder, Growing, name};
use crate::nodes::parts::movie::{Left, Movie, Unfit};
use crate::pipeline::contract::context::Context;

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

/// Films that a kill or a power cut has left, until they are told.
#[derive(Default)]
pub struct LeftFilms(Vec<Left>);

impl LeftFilms {
    /// Those of a folder; all that is whole of them is there.
    pub fn of(folder: &Folder) -> LeftFilms {
        let films = folder.newest(MOST_OPEN).unwrap_or_default();
        // What cannot be completed is no worse than it was.
        let left = films.iter().filter_map(|it| Left::look(it).ok()?);
        LeftFilms(left.collect())
    }

    /// Completes them; gives their sources and what is told of them. A kill before that leaves them to the next start.
    pub fn complete(&mut self, what: Kept, context: &Context) -> Vec<(Arc<str>, Saved)> {
        let left = std::mem::take(&mut self.0).into_iter();
        let completed = left.filter(|it| it.complete().is_ok());
        completed
            .filter_map(|it| told_left(&it, what, context))
            .collect()
    }
}

/// What others hear of a film that an earlier run has left.
fn told_left(film: &Left, what: Kept, context: &Context) -> Option<(Arc<str>, Saved)> {
    let name = film.path.file_name()?.to_str()?;
    let begins = name::time(name, EXTENSION)?;
    let word = name.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let word = word.split('_').nth(1)?;
    let start = begins.duration_since(context.clock.wall(Time::ZERO));
    let start = start.as_secs_f64();
    let known = &context.around.file().sources;
    let source = known.iter().find(|it| name::plain_word(it) == word);
    let saved = Saved {
        what,
        path: film.path.display().to_string(),
        bytes: film.bytes,
        sha256: film.sha256.clone(),
        start,
        end: start + film.lasts.as_secs_f64(),
        why: None,
        events: Vec::new(),
        label: None,
        track: None,
        subject: None,
        interrupted: true,
    };
    Some((source.cloned().unwrap_or_else(|| word.into()), saved))
}

/// A film in the making, of one source.
pub struct Take {
    movie: Movie,
    name: String,
    /// Made with the first that is written: a kill leaves no file without a picture.
    growing: Option<Growing>,
    live: bool,
    /// When its first picture was captured, and when what it holds is over.
    pub start: Time,
    pub end: Time,
}

impl Take {
    /// Begins a film of this name with a key picture, and with a packet of the sound that goes with it if that is known.
    ///
    /// # Errors
    /// What keeps it out of a file.
    pub fn begin(name: String, picture: &Coded, sound: Option<&Coded>) -> Result<Take, Unfit> {
        Ok(Take {
            movie: Movie::begin(picture, sound)?,
            name,
            growing: None,
            live: picture.live,
            start: picture.at,
            end: picture.at.after(picture.duration),
        })
    }

    /// Whether a unit can be shown with what was told at its beginning.
    pub fn fits(&self, unit: &Coded) -> bool {
        self.movie.fits(unit)
    }

    /// Whether another film would have sound that this one lacks.
    pub fn lacks_sound(&self) -> bool {
        self.movie.lacks_sound()
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
        // What a microphone tells late belongs to the film before.
        if is_beside(unit) && unit.at < self.start {
            return Ok(());
        }
        let made = self.movie.push(unit);
        self.end = self.end.max(unit.at.after(unit.duration));
        match made.is_empty() {
            true => Ok(()),
            false => self.write(folder, &made),
        }
    }

    /// Nothing more has come. A camera may have been lost in the middle of its last picture, which is left out then.
    pub fn cut_off(&mut self) {
        let cut_off = self.live.then(|| self.movie.cut_off());
        self.end = cut_off.flatten().unwrap_or(self.end);
    }

    fn write(&mut self, folder: &mut Folder, made: &[u8]) -> io::Result<()> {
        match &mut self.growing {
            Some(growing) => folder.append(growing, made),
            None => {
                self.growing = Some(folder.create(&self.name, made)?);
                Ok(())
            }
        }
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
            interrupted: false,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::media::coded::{Medium, Stream};

    fn picture(number: u32, live: bool) -> Coded {
        let stream = Stream {
            index: 0,
            medium: Medium::Picture {
                width: 64,
                height: 48,
            },
            codec: "mjpeg".to_owned(),
            parameters: Vec::new(),
        };
        Coded {
            source: "cam".into(),
            live,
            stream: Arc::new(stream),
            at: Time::from_secs_f64(f64::from(number) * 0.25),
            duration: Duration::from_millis(250),
            key: true,
            data: vec![0; 100],
        }
    }

    /// When a film of three pictures is over whose source gives no more.
    fn end(live: bool) -> f64 {
        let place = tempfile::tempdir().expect("a folder");
        let films = Films {
            min_free_mb: 0,
            ..Films::default()
        };
        let mut folder =
            Folder::open(place.path().to_owned(), EXTENSION, films.into()).expect("it is writable");
        let name = "2026-11-29T16-40-00.480Z_cam.mp4".to_owned();
        let mut take = Take::begin(name, &picture(0, live), None).expect("MP4 holds it");
        for number in 1..3 {
            let pushed = take.push(&mut folder, &picture(number, live));
            pushed.expect("it is writable");
        }
        take.cut_off();
        let saved = take.finish(&mut folder, Kept::Recording);
        saved.expect("it is writable").expect("it was written").end
    }

    #[test]
    fn the_last_picture_of_a_camera_that_was_lost_is_left_out_and_of_a_file_none() {
        assert_eq!(end(true), 0.5);
        assert_eq!(end(false), 0.75);
    }
}
