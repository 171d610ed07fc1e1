//! `text`: events as lines for people, or as subtitles.

mod format;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;

use self::format::{Format, is_told_again};
use crate::media::clock::Time;
use crate::media::events::Event;
use crate::media::packet::Nothing;
use crate::nodes::parts::disk;
use crate::nodes::parts::log::{Log, Rotation};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// Options of `text`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// The file. It and its folder are made if need be, for the owner and the group (`0640`, `0750`). A file that is something
    /// else is refused and left alone.
    pub path: PathBuf,
    /// `txt`: a line an event, with local time and source. `srt` and `vtt`: subtitles, from the start of each event to its end;
    /// their time begins with the run, so that those of a film fit the film, and in later files with the first of them. Each run begins a new file.
    #[serde(default)]
    pub format: Format,
    /// When it is closed, and what becomes of it.
    #[serde(flatten)]
    pub rotation: Rotation,
}

/// How far the file has come that is being written.
#[derive(Clone, Copy, Default)]
struct Course {
    /// Cues in it; none before the first.
    cues: u64,
    /// Where its time begins.
    origin: Time,
    /// Whether this run has begun it.
    begun: bool,
}

/// A text and what goes into it.
pub struct Text {
    log: Log,
    path: PathBuf,
    format: Format,
    /// What the next instance goes on with.
    kept: Arc<Mutex<Course>>,
}

impl Node for Text {
    const NAME: &'static str = "text";
    const ALSO: &'static [&'static str] = &[
        "txt",
        "srt",
        "vtt",
        "webvtt",
        "subtitles",
        "subtitle",
        "captions",
        "transcript_file",
        "lines",
    ];
    const ABOUT: &'static str = "Writes events as lines for people: a transcript with times, one line a visit, a sound or a zone; or as \
        subtitles, SRT or WebVTT. What has only begun is told when it is over.";
    const EXAMPLE: &'static str = "path = \"transcript.txt\"";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.path).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Text> {
        let path = context.resolve(&config.path);
        let rules = config.rotation.rules();
        let log = Log::open(&path, config.format.form(), rules);
        let mut this = Text {
            log: log.map_err(|error| trouble(&path, &error))?,
            path,
            format: config.format,
            kept: context.kept::<Mutex<Course>>(),
        };
        let course = this.course();
        if !course.begun {
            // Subtitles of another run have another time.
            if this.format != Format::Txt && !this.log.is_empty() {
                this.turn()?;
            }
            this.keep(Course {
                begun: true,
                ..Course::default()
            });
        }
        Ok(this)
    }
}

impl Sink for Text {
    type In = Arc<Event>;
    type Out = Nothing;

    fn write(&mut self, event: Arc<Event>, _: &mut Emit<Nothing>) -> Result<()> {
        if is_told_again(&event) {
            return Ok(());
        }
        let mut course = self.course();
        let mut entry = self.entry(&event, course);
        if self.log.would_turn(entry.len()) {
            self.turn()?;
            course = Course {
                cues: 0,
                origin: event.head.at,
                begun: true,
            };
            entry = self.entry(&event, course);
        }
        let appended = self.log.append(entry.as_bytes());
        appended.map_err(|error| trouble(&self.path, &error))?;
        course.cues += 1;
        self.keep(course);
        Ok(())
    }

    fn pass(&mut self, _: Time, _: &mut Emit<Nothing>) -> Result<()> {
        self.log.tend().map_err(|error| trouble(&self.path, &error))
    }

    fn finish(&mut self, _: &mut Emit<Nothing>) -> Result<()> {
        self.log
            .settle()
            .map_err(|error| trouble(&self.path, &error))
    }
}

impl Text {
    fn entry(&self, event: &Event, course: Course) -> String {
        self.format.entry(event, course.cues, course.origin)
    }

    fn turn(&mut self) -> Result<()> {
        self.log.turn().map_err(|error| trouble(&self.path, &error))
    }

    fn course(&self) -> Course {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, course: Course) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = course;
    }
}

fn trouble(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidData => Error::fatal(format!(
            "cannot write {}: it is no text of this format, and what is in it is left alone; choose another `path`",
            path.display()
        )),
        _ => disk::trouble(path, "path", error),
    }
}
