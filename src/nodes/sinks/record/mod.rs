//! `record`: all that cameras send, as films, without decoding it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium};
use crate::media::events::{Kept, Of, Saved};
use crate::media::kind::Lane;
use crate::nodes::parts::beside::Sounds;
use crate::nodes::parts::disk;
use crate::nodes::parts::folder::{Folder, name};
use crate::nodes::parts::take::{EXTENSION, Films, LeftFilms, Take};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};
use crate::ports;

/// A camera that sends nothing for so long is away, and its film ends.
const AWAY: Duration = Duration::from_secs(5);

/// Options of `record`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// Where the films go; it is made if need be. Files in it that this has not written are left alone.
    pub folder: PathBuf,
    /// Each film lasts so long, by the clock: with 300, one begins at the first key picture after every full five minutes.
    #[serde(default = "default_segment_s")]
    #[schemars(range(min = 2, max = 86_400))]
    pub segment_s: u32,
    /// Whether sound is recorded with the pictures.
    #[serde(default = "default_sound")]
    pub sound: bool,
    /// How much is kept.
    #[serde(flatten)]
    pub films: Films,
}

fn default_segment_s() -> u32 {
    300
}

fn default_sound() -> bool {
    true
}

ports! {
    /// What is recorded.
    pub enum Sent {
        Coded(Arc<Coded>),
        Audio(Arc<Audio>),
    }
}

/// A folder and the films that are being written into it.
pub struct Record {
    folder: Folder,
    config: Config,
    context: Context,
    films: BTreeMap<Arc<str>, Film>,
    sounds: Sounds,
    /// Of earlier runs.
    left: LeftFilms,
    /// What is written and not told yet.
    untold: Arc<Mutex<Vec<Told>>>,
    left_out: Arc<Mutex<BTreeMap<Arc<str>, String>>>,
    now: Time,
}

/// A source, and a film of it.
type Told = (Arc<str>, Saved);

/// What is written of one source, and to which stretch of the clock it belongs.
struct Film {
    take: Take,
    slot: i64,
}

impl Node for Record {
    const NAME: &'static str = "record";
    const ALSO: &'static [&'static str] = &[
        "recorder",
        "recording",
        "recordings",
        "nvr",
        "dvr",
        "filesink",
        "splitmuxsink",
        "segment_writer",
        "mp4",
        "continuous",
    ];
    const ABOUT: &'static str = "Records what cameras send, pictures and sound, as it is: nothing is decoded, nothing is coded again. Films are MP4 \
        files of H.264, H.265 or MJPEG that play while they are written, cut by the clock at key pictures, and named by when they begin: \
        `2026-11-29T16-40-00.480Z_porch.mp4`. Sound in AAC, Opus or MP3 stays as it is; G.711 and PCM are packed as FLAC, without loss. Of \
        cameras that send no sound a film has that of a microphone which is an input too. A camera that is \
        away, or changes how it codes, ends its film; the last picture before it was away, which may be half, is left out. What a kill or a power cut has left is completed at the next start, and told as `interrupted`. Devices that \
        give raw pictures (USB, CSI) need an `encode` before.";
    const EXAMPLE: &'static str = "folder = \"recordings\"\nkeep_days = 7";
    type Config = Config;

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let misuse = Folder::at_hand(base, &config.folder, "folder");
        misuse.into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Record> {
        let path = context.resolve(&config.folder);
        let folder = Folder::open(path.clone(), EXTENSION, config.films.clone().into());
        let folder = folder.map_err(|error| disk::trouble(&path, "folder", &error))?;
        let left_out = Arc::new(Mutex::new(BTreeMap::new()));
        let told = Arc::clone(&left_out);
        context.describe_live("left out", move || {
            let told: Vec<String> = lock(&told).values().cloned().collect();
            (!told.is_empty()).then(|| told.join("; "))
        });
        Ok(Record {
            left: LeftFilms::of(&folder),
            folder,
            config: config.clone(),
            context: context.clone(),
            films: BTreeMap::new(),
            sounds: Sounds::default(),
            untold: context.kept(),
            left_out,
            now: Time::ZERO,
        })
    }
}

impl Sink for Record {
    type In = Sent;
    type Out = Of<Saved>;
    const NEEDS: &'static [Lane] = &[Lane::Coded];

    fn write(&mut self, sent: Sent, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let units = match sent {
            Sent::Audio(audio) => {
                self.sounds.hear(&audio);
                return Ok(());
            }
            Sent::Coded(unit) => self.sounds.in_step(&unit),
        };
        let mut units = units.iter();
        let taken = units.try_for_each(|unit| {
            self.now = self.now.max(unit.at);
            self.take(unit)
        });
        self.tell(out);
        taken
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Saved>>) -> Result<()> {
        if to < Time::END {
            self.now = self.now.max(to);
        }
        self.end_away(to, out)?;
        let swept = self.folder.sweep();
        swept.map_err(|error| self.trouble(&error))
    }

    fn idle(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        self.end_away(self.context.clock.now(), out)
    }

    fn finish(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let sources: Vec<_> = self.films.keys().cloned().collect();
        let ended = sources.iter().try_for_each(|source| self.end(source));
        self.tell(out);
        ended
    }
}

impl Record {
    fn take(&mut self, unit: &Coded) -> Result<()> {
        let is_picture = matches!(unit.stream.medium, Medium::Picture { .. });
        if !is_picture && !self.config.sound {
            return Ok(());
        }
        let begins = is_picture && unit.key;
        let slot = self.slot(unit.at);
        if let Some(film) = self.films.get(&unit.source) {
            let was_away = unit.at.since(film.take.end) > AWAY;
            let is_over = begins && (film.slot != slot || film.take.lacks_sound());
            let fits = film.take.fits(unit);
            if was_away {
                self.lose(&unit.source)?;
            } else if is_over || !fits {
                self.end(&unit.source)?;
            }
        }
        match self.films.get_mut(&unit.source) {
            Some(film) => {
                let pushed = film.take.push(&mut self.folder, unit);
                if let Some(unfit) = film.take.left_out() {
                    lock(&self.left_out).insert(Arc::clone(&unit.source), unfit.to_string());
                }
                if let Err(error) = pushed {
                    // What is in the file is whole.
                    self.end(&unit.source)?;
                    return Err(self.trouble(&error));
                }
                Ok(())
            }
            None if begins => {
                self.begin(unit, slot);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Ends the films of cameras of which nothing has come for long at this time.
    fn end_away(&mut self, at: Time, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let is_away = |it: &Film| at.since(it.take.end) > AWAY;
        let away = self.films.iter().filter(|it| is_away(it.1));
        let away: Vec<_> = away.map(|it| Arc::clone(it.0)).collect();
        let ended = away.iter().try_for_each(|source| self.lose(source));
        self.tell(out);
        ended
    }

    fn begin(&mut self, picture: &Coded, slot: i64) {
        let name = name::of(
            self.context.clock.wall(picture.at),
            &[&picture.source],
            EXTENSION,
        );
        let source = Arc::clone(&picture.source);
        let sound = self.sounds.of(&source, picture.at);
        let sound = sound.filter(|_| self.config.sound);
        match Take::begin(name, picture, sound.map(|it| &**it)) {
            Ok(take) => {
                lock(&self.left_out).remove(&source);
                self.films.insert(source, Film { take, slot });
            }
            Err(unfit) => drop(lock(&self.left_out).insert(source, unfit.to_string())),
        }
    }

    /// Ends the film of a camera that has gone away.
    fn lose(&mut self, source: &Arc<str>) -> Result<()> {
        if let Some(film) = self.films.get_mut(source) {
            film.take.cut_off();
        }
        self.end(source)
    }

    fn end(&mut self, source: &Arc<str>) -> Result<()> {
        let Some(film) = self.films.remove(source) else {
            return Ok(());
        };
        let saved = film.take.finish(&mut self.folder, Kept::Recording);
        let saved = saved.map_err(|error| self.trouble(&error))?;
        lock(&self.untold).extend(saved.map(|it| (Arc::clone(source), it)));
        Ok(())
    }

    fn tell(&mut self, out: &mut Emit<Of<Saved>>) {
        let left = self.left.complete(Kept::Recording, &self.context);
        for (source, saved) in left.into_iter().chain(lock(&self.untold).drain(..)) {
            out.event(&source, self.now, None, saved);
        }
    }

    /// The stretch of the clock that a capture time belongs to.
    fn slot(&self, at: Time) -> i64 {
        let second = self.context.clock.wall(at).as_second();
        second.div_euclid(i64::from(self.config.segment_s))
    }

    fn trouble(&self, error: &std::io::Error) -> Error {
        disk::trouble(self.folder.path(), "folder", error)
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
