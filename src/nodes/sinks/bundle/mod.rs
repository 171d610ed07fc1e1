//! `bundle`: all that an alert rests on, in one folder whose sums, order and author can be checked later.

mod draft;
mod losses;
mod options;
mod shelf;
#[cfg(test)]
mod tests;
mod window;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::draft::Draft;
use self::losses::Losses;
pub use self::options::Config;
use self::options::Times;
use self::shelf::{Closed, Shelf};
use self::window::Window;
use crate::media::clock::Time;
use crate::media::events::{Event, Kept, Line, Of, Saved};
use crate::nodes::parts::course::About;
use crate::nodes::parts::disk;
use crate::nodes::parts::evidence::key::SigningKey;
use crate::nodes::parts::evidence::manifest::{Content, Model};
use crate::nodes::parts::expression::Expression;
use crate::nodes::parts::folder::Folder;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Sink};

/// So many bundles wait for what belongs to them.
const MOST_DRAFTS: usize = 32;
/// What is told of a model.
const FACTS: [&str; 3] = ["model", "provider", "providers"];

/// A folder of bundles, and those that are not complete.
pub struct Bundle {
    shelf: Shelf,
    when: Expression,
    times: Times,
    context: Context,
    memory: Arc<Mutex<Memory>>,
}

/// What survives a failure and a reload.
#[derive(Default)]
struct Memory {
    folder: PathBuf,
    window: Window,
    drafts: Vec<Draft>,
    losses: Losses,
    /// What is written and not told yet.
    untold: Vec<(Arc<str>, Saved)>,
    now: Time,
}

impl Node for Bundle {
    const NAME: &'static str = "bundle";
    const ALSO: &'static [&'static str] = &[
        "bundles",
        "evidence",
        "evidence_bundle",
        "proof",
        "incident",
        "case",
        "forensic",
    ];
    const ABOUT: &'static str = "Keeps what an `alert` rests on in a folder of its own that can be checked later: the alert, the events of all inputs around \
        it (words, tracks, gaps), the clips, pictures and sounds of sinks that are its inputs, which models ran where, what was dropped \
        meanwhile, and the sum of the pipeline file. `evidence.json` tells all of it with the sum of every file, and continues the bundle before it by the sum of \
        that one's. With a `key` it is signed. `otus verify FOLDER` names what was changed, left out or put in another's place. An \
        alert is on the disk at once, and its bundle is complete when the clip is that shows it, or `wait_s` are over; what a kill leaves is completed at \
        the next start, and tells so (`interrupted`). Files are second names of those that the sinks have written, and copies only on another \
        disk. The oldest bundles are deleted for room, and the chain then begins later.";
    const EXAMPLE: &'static str = "folder = \"evidence\"\nkey = \"/etc/otus/evidence.key\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let mistake = Expression::parse(&config.when).err();
        mistake.map(|it| it.of("when")).into_iter().collect()
    }

    fn claims(config: &Config, base: &Path) -> Vec<Claim> {
        Claim::file(base, &config.folder).into_iter().collect()
    }

    fn awaits(config: &Config) -> Option<(&'static str, &'static str)> {
        config.waits_for_alerts().then_some(("when", "alert"))
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let folder = Folder::at_hand(base, &config.folder, "folder");
        let key = config
            .key
            .as_ref()
            .and_then(|it| SigningKey::read(&base.join(it)).err());
        let key = key.map(|it| Misuse::new("key", it.why, it.help));
        folder.into_iter().chain(key).collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Bundle> {
        let key = config
            .key
            .as_ref()
            .map(|it| SigningKey::read(&context.resolve(it)));
        let key = key.transpose().map_err(Error::fatal)?;
        if let Some(key) = &key {
            context.describe("key", key.public().fingerprint());
        }
        let path = context.resolve(&config.folder);
        let shelf = Shelf::open(&path, config.retention.clone(), key);
        let shelf = shelf.map_err(|error| disk::trouble(&path, "folder", &error))?;
        let memory = context.kept::<Mutex<Memory>>();
        let watched = Arc::clone(&memory);
        context.describe_live("waiting", move || {
            let count = lock(&watched).drafts.len();
            (count > 0).then(|| format!("{count} bundles"))
        });
        let mut bundle = Bundle {
            shelf,
            when: Expression::parse(&config.when).map_err(|it| Error::fatal(it.message))?,
            times: config.times(),
            context: context.clone(),
            memory,
        };
        bundle.recover()?;
        Ok(bundle)
    }
}

impl Sink for Bundle {
    type In = Arc<Event>;
    type Out = Of<Saved>;

    fn write(&mut self, event: Arc<Event>, out: &mut Emit<Of<Saved>>) -> Result<()> {
        // What disks do takes long, and nobody waits for what is locked meanwhile.
        let mut drafts = std::mem::take(&mut lock(&self.memory).drafts);
        let taken = self.take(&event, &mut drafts);
        lock(&self.memory).drafts = drafts;
        taken.map_err(|error| self.trouble(&error))?;
        lock(&self.memory).window.push(&event);
        self.close_surplus()?;
        self.tell(out);
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Of<Saved>>) -> Result<()> {
        if to < Time::END {
            let mut memory = lock(&self.memory);
            memory.now = memory.now.max(to);
            let around = &self.context.around;
            memory.losses.look(to, || around.report().dropped);
        }
        let closed = self.close_all(|it| it.is_due(to));
        self.tell(out);
        closed?;
        let swept = self.shelf.sweep();
        swept.map_err(|error| self.trouble(&error))
    }

    fn idle(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        let now = self.context.clock.now();
        let closed = self.close_all(|it| it.is_overdue(now));
        self.tell(out);
        closed
    }

    fn finish(&mut self, out: &mut Emit<Of<Saved>>) -> Result<()> {
        self.tell(out);
        Ok(())
    }
}

impl Bundle {
    /// Completes what a kill has left.
    fn recover(&mut self) -> Result<()> {
        let waiting: Vec<PathBuf> = {
            let mut memory = lock(&self.memory);
            if memory.folder != self.shelf.path() {
                // They are completed when somebody opens their folder again.
                memory.drafts.clear();
                memory.folder = self.shelf.path().to_owned();
            }
            memory.drafts.iter().map(|it| it.part.clone()).collect()
        };
        let recovered = self.shelf.recover(&waiting);
        for closed in recovered.map_err(|error| self.trouble(&error))? {
            let source = Arc::from(closed.content.event["source"].as_str().unwrap_or_default());
            let saved = told(&closed, None, Time::ZERO);
            lock(&self.memory).untold.push((source, saved));
        }
        Ok(())
    }

    /// Puts an event where it belongs, and begins a bundle if it asks for one.
    fn take(&self, event: &Arc<Event>, drafts: &mut Vec<Draft>) -> io::Result<()> {
        let now = {
            let mut memory = lock(&self.memory);
            memory.now = memory.now.max(event.head.at);
            memory.now
        };
        for draft in drafts.iter_mut() {
            draft.add(event, now)?;
        }
        let asks = self.when.holds(&Line::from(&**event));
        // After a failure it is given again.
        if asks && !drafts.iter().any(|it| Arc::ptr_eq(&it.event, event)) {
            let at = self.context.clock.wall(event.head.at);
            let window = lock(&self.memory).window.clone();
            let draft = Draft::begin(self.shelf.path(), (event, at), self.times, &window)?;
            drafts.push(draft);
        }
        Ok(())
    }

    /// Completes those that wait for the longest, if they are too many.
    fn close_surplus(&mut self) -> Result<()> {
        while lock(&self.memory).drafts.len() > MOST_DRAFTS {
            let first = lock(&self.memory).drafts.remove(0);
            self.close(first)?;
        }
        Ok(())
    }

    /// Completes those of which this holds.
    fn close_all(&mut self, is_due: impl Fn(&Draft) -> bool) -> Result<()> {
        loop {
            let due = {
                let drafts = &mut lock(&self.memory).drafts;
                let at = drafts.iter().position(&is_due);
                at.map(|it| drafts.remove(it))
            };
            let Some(draft) = due else { return Ok(()) };
            self.close(draft)?;
        }
    }

    /// Completes a bundle. One that cannot be written stays due.
    fn close(&mut self, draft: Draft) -> Result<()> {
        let report = self.context.around.report();
        let models = report.models.iter().map(|(node, facts)| Model {
            node: node.to_string(),
            facts: facts
                .iter()
                .filter(|it| FACTS.contains(it.0))
                .map(|(what, value)| ((*what).to_owned(), value.clone()))
                .collect(),
        });
        let content = Content {
            pipeline: self.context.around.file().sha256.to_string(),
            models: models.collect(),
            dropped: lock(&self.memory).losses.since(draft.from, &report.dropped),
            ..draft.content()
        };
        match self.shelf.close(content, &draft.part) {
            Ok(closed) => {
                let source = Arc::clone(&draft.event.head.source);
                let saved = told(&closed, Some(&draft.event), draft.event.head.at);
                lock(&self.memory).untold.push((source, saved));
                Ok(())
            }
            // Somebody has taken away what waited.
            Err(error) if error.kind() == ErrorKind::NotFound && !draft.part.exists() => {
                Err(Error::retry(format!("{} is gone", draft.part.display())))
            }
            Err(error) => {
                lock(&self.memory).drafts.insert(0, draft);
                Err(self.trouble(&error))
            }
        }
    }

    fn tell(&self, out: &mut Emit<Of<Saved>>) {
        let (untold, now) = {
            let mut memory = lock(&self.memory);
            (std::mem::take(&mut memory.untold), memory.now)
        };
        for (source, saved) in untold {
            out.event(&source, now, None, saved);
        }
    }

    fn trouble(&self, error: &io::Error) -> Error {
        disk::trouble(self.shelf.path(), "folder", error)
    }
}

/// What others hear of a bundle; of one that an earlier run has left, no times.
fn told(closed: &Closed, event: Option<&Arc<Event>>, at: Time) -> Saved {
    let about = event.and_then(|it| About::of(it));
    let times = event.map(|_| (closed.content.start, closed.content.end));
    let (start, end) = times.unwrap_or((at.as_secs_f64(), at.as_secs_f64()));
    Saved {
        what: Kept::Bundle,
        path: closed.path.display().to_string(),
        bytes: closed.bytes,
        sha256: closed.sha256.clone(),
        start,
        end,
        why: Some(closed.content.says.clone()),
        events: event.iter().map(|it| it.head.id).collect(),
        label: about.as_ref().and_then(|it| it.label.clone()),
        track: about.as_ref().and_then(|it| it.track),
        subject: event.map(|_| at.as_secs_f64()),
        interrupted: closed.content.interrupted,
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
