//! `snapshot`: pictures of what was found, as files.

mod disagreed;
mod picture;
#[cfg(test)]
mod tests;
mod visits;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use self::picture::{Style, View};
use self::visits::{Rules, Shot, Visits};
use crate::media::clock::Time;
use crate::media::events::{Disagreement, Kept, Of, Saved, Step, Track};
use crate::media::objects::Objects;
use crate::nodes::parts::disk;
use crate::nodes::parts::folder::retention::Retention;
use crate::nodes::parts::folder::{Folder, Written, name};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink, numbered};
use crate::ports;

/// How pictures end in their names.
const EXTENSION: &str = "jpg";

/// Options of `snapshot`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Where the pictures go; it is made if need be. Files in it that this has not written are left alone.
    pub folder: PathBuf,
    /// What is worth a picture. Default: everything that comes in.
    #[serde(default)]
    pub labels: Vec<String>,
    /// From this score on.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub score: f32,
    /// Behind `track`: when something has been there for so long, its best picture so far is written. A better one takes its
    /// place when it has left.
    #[serde(default = "default_after_ms")]
    #[schemars(range(min = 0, max = 86_400_000))]
    pub after_ms: u64,
    /// Without `track`: after a picture of a source there is none for so long.
    #[serde(default = "default_every_ms")]
    #[schemars(range(min = 0, max = 86_400_000))]
    pub every_ms: u64,
    /// What a picture shows.
    #[serde(flatten)]
    pub style: Style,
    /// How much is kept.
    #[serde(flatten)]
    pub retention: Retention,
}

fn default_after_ms() -> u64 {
    3_000
}

fn default_every_ms() -> u64 {
    10_000
}

ports! {
    /// What is looked at.
    pub enum Seen {
        Objects(Arc<Objects>),
        Track(Of<Track>),
        Disagreement(Of<Disagreement>),
    }
}

/// A folder and what belongs into it.
pub struct Snapshot {
    folder: Folder,
    rules: Rules,
    style: Style,
    context: Context,
    visits: Arc<Mutex<Visits>>,
}

impl Node for Snapshot {
    const NAME: &'static str = "snapshot";
    const ALSO: &'static [&'static str] = &[
        "snapshots",
        "picture",
        "pictures",
        "image",
        "images",
        "photo",
        "photos",
        "jpeg",
        "jpg",
        "still",
        "stills",
        "best_shot",
        "save_image",
        "imagesink",
        "gallery",
    ];
    const ABOUT: &'static str = "Writes pictures of what was found, as JPEG files whose names sort by time: \
        `2026-11-29T16-42-07.123Z_porch_person_17.jpg`. Behind `track` it writes one of each thing that comes, where it is largest and \
        surest, named after when it came and its number; for that up to 64 MB of frames are held, and what finds no room there \
        is counted as `left out` in `/status`. Straight behind `detect` it writes what is found, and then nothing for `every_ms`, and of each `disagreement` with a shadow what \
        either model alone has found. Where \
        it cannot write it tries again, and what it has not looked at meanwhile is dropped and counted.";
    const EXAMPLE: &'static str = "folder = \"pictures\"\nlabels = [\"person\"]\nkeep_days = 14";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let misuse = Folder::at_hand(base, &config.folder, "folder");
        misuse.into_iter().collect()
    }

    fn labels(config: &Config) -> Vec<(String, String)> {
        numbered("labels", &config.labels)
    }

    fn open(config: &Config, context: &Context) -> Result<Snapshot> {
        let path = context.resolve(&config.folder);
        let folder = Folder::open(path.clone(), EXTENSION, config.retention.clone());
        let visits = context.kept::<Mutex<Visits>>();
        let left_out = lock(&visits).left_out();
        context.describe_live("left out", move || left_out.told());
        Ok(Snapshot {
            folder: folder.map_err(|error| trouble(&path, &error))?,
            rules: Rules {
                labels: config.labels.clone(),
                score: config.score,
                after: Duration::from_millis(config.after_ms),
                every: Duration::from_millis(config.every_ms),
            },
            style: config.style.clone(),
            context: context.clone(),
            visits,
        })
    }
}

impl Sink for Snapshot {
    type In = Seen;
    type Out = Of<Saved>;

    fn write(&mut self, seen: Seen, out: &mut Emit<Of<Saved>>) -> Result<()> {
        match seen {
            Seen::Objects(objects) if objects.frame.is_none() => {
                return Err(Error::fatal(
                    "the objects came without their picture; take them from `detect` or `track`",
                ));
            }
            Seen::Objects(objects) => lock(&self.visits).see(&objects, &self.rules),
            Seen::Track(track) if track.body().phase == Step::End => {
                lock(&self.visits).leave(&track.head().source, track.body().id);
            }
            Seen::Track(_) => {}
            Seen::Disagreement(told) => self.save_disagreement(&told, out)?,
        }
        self.save(out)
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Saved>>) -> Result<()> {
        lock(&self.visits).pass(to);
        self.save(out)?;
        let swept = self.folder.sweep();
        swept.map_err(|error| trouble(self.folder.path(), &error))
    }
}

impl Snapshot {
    /// Writes what is due. What cannot be written stays due.
    fn save(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        loop {
            let due = lock(&self.visits).due(&self.rules);
            let Some(shot) = due else { return Ok(()) };
            let at = shot
                .wall
                .unwrap_or_else(|| self.context.clock.wall(shot.since));
            self.write_shot(&shot, at, out)?;
            lock(&self.visits).wrote(&shot, at);
        }
    }

    /// Where what was disagreed about is still at hand: what each model alone has found, in one picture.
    fn save_disagreement(
        &mut self,
        told: &Of<Disagreement>,
        out: &mut Emit<Of<Saved>>,
    ) -> Result<()> {
        let Some(objects) = disagreed::objects(told.head(), told.body()) else {
            return Ok(());
        };
        let at = self.context.clock.wall(objects.at);
        let name = name::of(at, &[&*objects.source, "disagreement"], EXTENSION);
        let picture = self.style.picture(&objects, 0, View::Whole, |_| true)?;
        let written = self.put(&name, &picture)?;
        let saved = saved(&objects, 0, None, written);
        out.event(&objects.source, told.head().at, Some(objects.seq), saved);
        Ok(())
    }

    fn put(&mut self, name: &str, picture: &[u8]) -> Result<Written> {
        let written = self.folder.write(name, picture);
        written.map_err(|error| trouble(&self.folder.path().join(name), &error))
    }

    fn write_shot(&mut self, shot: &Shot, at: Timestamp, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let objects = &*shot.sight.objects;
        let object = &objects.found[shot.sight.which];
        let id = shot.id.map(|it| it.to_string());
        for view in self.style.views() {
            let words = [&*objects.source, &*object.label];
            let more = [id.as_deref(), view.suffix()];
            let words: Vec<&str> = words
                .into_iter()
                .chain(more.into_iter().flatten())
                .collect();
            let name = name::of(at, &words, EXTENSION);
            let is_wanted = |it: usize| self.rules.wants(&objects.found[it]);
            let picture = self
                .style
                .picture(objects, shot.sight.which, *view, is_wanted)?;
            let written = self.put(&name, &picture)?;
            let now = lock(&self.visits).now();
            let saved = saved(objects, shot.sight.which, shot.id, written);
            out.event(&objects.source, now, Some(objects.seq), saved);
        }
        Ok(())
    }
}

/// What others hear of a picture.
fn saved(objects: &Objects, which: usize, id: Option<u64>, written: Written) -> Saved {
    let at = objects.at.as_secs_f64();
    Saved {
        what: Kept::Picture,
        path: written.path.display().to_string(),
        bytes: written.bytes,
        sha256: written.sha256,
        start: at,
        end: at,
        why: None,
        events: Vec::new(),
        label: Some(Arc::clone(&objects.found[which].label)),
        track: id,
        subject: None,
        interrupted: false,
    }
}

fn lock(visits: &Mutex<Visits>) -> MutexGuard<'_, Visits> {
    visits.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trouble(path: &Path, error: &io::Error) -> Error {
    disk::trouble(path, "folder", error)
}
