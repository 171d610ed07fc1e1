//! A bundle that is not complete: it waits for what belongs to it in a folder of its own, which a kill leaves behind.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::options::Times;
use super::window::{self, Window};
use crate::inference::store::sum;
use crate::media::clock::Time;
use crate::media::events::{Body, Event, Kept, Line, Saved};
use crate::nodes::parts::evidence::manifest::{Content, Entry, Missing};
use crate::nodes::parts::folder::{FOLDER_MODE, name, write_whole};

/// How the folder of a draft ends in its name; it begins with a point.
pub const PART: &str = ".part";
/// What tells of it until it is complete.
pub const DRAFT: &str = "draft.json";
/// So many events are kept in a bundle, and so many files.
const MOST_EVENTS: usize = 2_000;
const MOST_FILES: usize = 64;
/// So long after its clip other files of the same moment may be told.
const GRACE: Duration = Duration::from_secs(5);
/// Live, a producer that tells nothing is waited for so much longer.
const SILENCE: Duration = Duration::from_secs(30);

/// Name, length and sum of a file that was taken, or why it is not to be had.
type Linked = std::result::Result<(String, u64, String), String>;

/// What belongs together so far.
pub struct Draft {
    /// Its folder.
    pub part: PathBuf,
    /// What asked for it.
    pub event: Arc<Event>,
    /// From when on what comes in belongs to it.
    pub from: Time,
    to: Time,
    wait: Duration,
    events: Vec<Arc<Event>>,
    /// When a clip of it was told.
    shown: Option<Time>,
    content: Content,
}

impl Draft {
    /// Begins a bundle with what is known. When this is done, no kill undoes it.
    ///
    /// # Errors
    /// What the system says; then nothing of it is there.
    pub fn begin(
        folder: &Path,
        (event, at): (&Arc<Event>, Timestamp),
        times: Times,
        window: &Window,
    ) -> Result<Draft> {
        let prefix = format!(".{}_", name::stem(at, &[&event.head.source]));
        let part = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(PART)
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir_in(folder)?;
        let start = match &event.body {
            Body::Alert(it) => Time::from_secs_f64(it.start).min(event.head.at),
            _ => event.head.at,
        };
        let (from, to) = (start.before(times.pre), event.end().after(times.post));
        let mut draft = Draft {
            part: part.path().to_owned(),
            event: Arc::clone(event),
            from,
            to,
            wait: times.wait,
            events: Vec::new(),
            shown: None,
            content: Content {
                says: event.sentence().to_string(),
                event: value(event),
                start: from.as_secs_f64(),
                end: to.as_secs_f64(),
                truncated: window.has_forgotten(from),
                ..Content::default()
            },
        };
        for before in window.between(from, to) {
            draft.put(before, before.head.at)?;
        }
        draft.save()?;
        File::open(folder)?.sync_all()?;
        let _ = part.keep();
        Ok(draft)
    }

    /// Takes an event that belongs to it, and the file that it tells of.
    ///
    /// # Errors
    /// What the system says; the same event can be given again.
    pub fn add(&mut self, event: &Arc<Event>, now: Time) -> Result<()> {
        if !window::touches(event, self.from, self.to) || Arc::ptr_eq(event, &self.event) {
            return Ok(());
        }
        match self.put(event, now)? {
            true => self.save(),
            false => Ok(()),
        }
    }

    /// Whether all that belongs to it has come, where nothing earlier than `to` is still to come.
    pub fn is_due(&self, to: Time) -> bool {
        let shown = self.shown.is_some_and(|it| to >= it.after(GRACE));
        to >= self.to.after(self.wait) || (shown && to >= self.to)
    }

    /// The same by the clock, live.
    pub fn is_overdue(&self, now: Time) -> bool {
        now >= self.to.after(self.wait + SILENCE)
    }

    /// What the bundle holds.
    pub fn content(&self) -> Content {
        Content {
            events: self.events.iter().map(|it| value(it)).collect(),
            ..self.content.clone()
        }
    }

    /// Takes an event; says whether there is a file more.
    fn put(&mut self, event: &Arc<Event>, now: Time) -> Result<bool> {
        match &event.body {
            Body::Saved(saved) if saved.what != Kept::Bundle => {
                self.take(event, saved)?;
                let (at, id) = (self.event.head.at.as_secs_f64(), self.event.head.id);
                let shows = saved.start <= at && at <= saved.end;
                if saved.what == Kept::Clip && (shows || saved.events.contains(&id)) {
                    self.shown = self.shown.or(Some(now));
                }
                return Ok(true);
            }
            // It is given again after a failure.
            _ if self.events.last().is_some_and(|it| Arc::ptr_eq(it, event)) => {}
            _ if self.events.len() < MOST_EVENTS => self.events.push(Arc::clone(event)),
            _ => self.content.truncated = true,
        }
        Ok(false)
    }

    /// Takes a file, in place of what was at its path before.
    fn take(&mut self, event: &Event, saved: &Saved) -> Result<()> {
        let told = value(event);
        let is_it = |it: &Value| it["path"] == saved.path;
        if let Some(at) = self.content.files.iter().position(|it| is_it(&it.told)) {
            let old = self.content.files.remove(at);
            let _ = fs::remove_file(self.part.join(old.name));
        }
        self.content.missing.retain(|it| !is_it(&it.told));
        if self.content.files.len() + self.content.missing.len() >= MOST_FILES {
            self.content.truncated = true;
            return Ok(());
        }
        match self.link(Path::new(&saved.path))? {
            Ok((name, bytes, sha256)) => self.content.files.push(Entry {
                name,
                bytes,
                sha256,
                told,
            }),
            Err(why) => self.content.missing.push(Missing { why, told }),
        }
        Ok(())
    }

    /// Gives a file a second name here, or copies it where that cannot be; says why if it is not to be had.
    fn link(&self, path: &Path) -> Result<Linked> {
        let about = fs::symlink_metadata(path);
        match about {
            Ok(it) if it.is_file() => {}
            Ok(_) => return Ok(Err("it is no file".to_owned())),
            Err(error) => return Ok(Err(error.to_string())),
        }
        let Some(name) = path.file_name().and_then(|it| it.to_str()) else {
            return Ok(Err("its name is no text".to_owned()));
        };
        let name = self.unused(name);
        let here = self.part.join(&name);
        // A kill may have left one that nothing tells of.
        let _ = fs::remove_file(&here);
        match fs::hard_link(path, &here) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Err(error.to_string()));
            }
            Err(_) => {
                fs::copy(path, &here)?;
                File::open(&here)?.sync_all()?;
            }
            Ok(()) => {}
        }
        let (bytes, sha256) = sum::of_all(File::open(&here)?)?;
        Ok(Ok((name, bytes, sha256)))
    }

    /// A name that no other file here has.
    fn unused(&self, name: &str) -> String {
        let is_used = |name: &str| self.content.files.iter().any(|it| it.name == name);
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let numbered = (2..).map(|number| format!("{stem}_{number}.{ending}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names
            .find(|it| !is_used(it))
            .expect("there are more numbers than files")
    }

    /// Makes sure that what is known survives a kill.
    fn save(&self) -> Result<()> {
        let bytes = serde_json::to_vec(&self.content())?;
        let whole = self.part.join(DRAFT);
        let part = whole.with_extension("part");
        write_whole(&part, &bytes)?;
        fs::rename(part, whole)?;
        File::open(&self.part)?.sync_all()
    }
}

/// What a kill has left of a draft; none if it was complete, or had not begun.
///
/// # Errors
/// What the system says.
pub fn left(part: &Path) -> Result<Option<Content>> {
    let bytes = match fs::read(part.join(DRAFT)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    let Ok(content) = serde_json::from_slice::<Content>(&bytes) else {
        return Ok(None);
    };
    for entry in fs::read_dir(part)? {
        let name = entry?.file_name();
        let is_known = name == DRAFT || content.files.iter().any(|it| name == it.name[..]);
        if !is_known {
            fs::remove_file(part.join(name))?;
        }
    }
    let interrupted = true;
    Ok(Some(Content {
        interrupted,
        ..content
    }))
}

/// An event as it stands in a manifest.
fn value(event: &Event) -> Value {
    serde_json::to_value(Line::from(event)).unwrap_or_default()
}
