//! `clip`: films of what has happened, with some seconds before it, cut from what cameras send without decoding it.

mod options;
mod ring;
mod scene;
mod studio;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::options::Config;
use self::studio::{Set, Studio};
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{Event, Kept, Of, Saved};
use crate::media::kind::Lane;
use crate::nodes::parts::disk;
use crate::nodes::parts::folder::Folder;
use crate::nodes::parts::take::{EXTENSION, LeftFilms};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::ports;

ports! {
    /// What is shown, and why.
    pub enum Seen {
        Coded(Arc<Coded>),
        Audio(Arc<Audio>),
        Event(Arc<Event>),
    }
}

/// A folder, and what cameras have sent lately.
pub struct Clip {
    folder: Folder,
    /// Of earlier runs.
    left: LeftFilms,
    config: Config,
    context: Context,
    studio: Arc<Mutex<Studio>>,
}

impl Node for Clip {
    const NAME: &'static str = "clip";
    const ALSO: &'static [&'static str] = &[
        "clips",
        "event_clip",
        "event_recorder",
        "smart_record",
        "pre_roll",
        "preroll",
        "video_clip",
        "save_video",
        "videosink",
    ];
    const ABOUT: &'static str = "Writes a film of what has happened, with picture and sound from some seconds before it to some seconds after it. It takes \
        `coded` packets of cameras and events: each event begins a clip of its camera, or goes on with the one that is being written; an \
        event of a source without pictures, such as a microphone, makes one of every camera here. What lasts (`track`, `sound`, `motion`) is shown \
        until it is over. Nothing is decoded: a clip begins at the last key picture before `pre_s`, and is complete when `post_s` are over. Its \
        `saved` event tells where in it the subject comes. A camera that is away or changes how it codes ends a clip, and another \
        begins when it is back. Which events are worth one is for `labels`, or a `filter` before. Files are as those of `record`, \
        and so is the sound of a microphone beside a camera that sends none.";
    const EXAMPLE: &'static str = "folder = \"clips\"\nlabels = [\"person\"]\npre_s = 5.0";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let misuse = Folder::at_hand(base, &config.folder, "folder");
        misuse.into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Clip> {
        let path = context.resolve(&config.folder);
        let folder = Folder::open(path.clone(), EXTENSION, config.films.clone().into());
        let folder = folder.map_err(|error| disk::trouble(&path, "folder", &error))?;
        let studio = context.kept::<Mutex<Studio>>();
        let watched = Arc::clone(&studio);
        context.describe_live("short", move || lock(&watched).short());
        let watched = Arc::clone(&studio);
        context.describe_live("left out", move || lock(&watched).left_out());
        let watched = Arc::clone(&studio);
        context.describe_live("without pictures", move || lock(&watched).unseen());
        lock(&studio).abandon();
        Ok(Clip {
            left: LeftFilms::of(&folder),
            folder,
            config: config.clone(),
            context: context.clone(),
            studio,
        })
    }
}

impl Sink for Clip {
    type In = Seen;
    type Out = Of<Saved>;
    const NEEDS: &'static [Lane] = &[Lane::Coded, Lane::Event];

    fn write(&mut self, seen: Seen, out: &mut Emit<Of<Saved>>) -> Result<()> {
        self.act(out, |studio, set| match &seen {
            Seen::Coded(unit) => studio.see(unit, set),
            Seen::Audio(audio) => {
                studio.listen(audio);
                Ok(())
            }
            Seen::Event(event) => studio.hear(event, set),
        })
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Saved>>) -> Result<()> {
        self.act(out, |studio, set| studio.pass(to, set))?;
        let swept = self.folder.sweep();
        swept.map_err(|error| disk::trouble(self.folder.path(), "folder", &error))
    }

    fn idle(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let now = self.context.clock.now();
        self.act(out, |studio, set| studio.pass(now, set))
    }

    fn finish(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        self.act(out, Studio::finish)
    }
}

impl Clip {
    /// Does something, and tells what has been saved, also before it failed.
    fn act(
        &mut self,
        out: &mut Emit<Of<Saved>>,
        action: impl FnOnce(&mut Studio, &mut Set) -> std::io::Result<()>,
    ) -> Result<()> {
        let mut studio = lock(&self.studio);
        let mut set = Set {
            folder: &mut self.folder,
            config: &self.config,
            context: &self.context,
        };
        let done = action(&mut studio, &mut set);
        let now = studio.now();
        let left = self.left.complete(Kept::Clip, &self.context);
        for (source, saved) in left.into_iter().chain(studio.untold()) {
            out.event(&source, now, None, saved);
        }
        done.map_err(|error| disk::trouble(self.folder.path(), "folder", &error))
    }
}

fn lock(studio: &Mutex<Studio>) -> MutexGuard<'_, Studio> {
    studio.lock().unwrap_or_else(PoisonError::into_inner)
}
