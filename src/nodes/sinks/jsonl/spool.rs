//! A log on a disk that may hang or be full, and a file on another disk that takes its lines for that time.

use std::fs;
use std::io::Result as IoResult;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::place::{Ask, Place};
use super::{FORM, trouble};
use crate::nodes::parts::log::{Log, Rules};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::count::metrics::{NodeStats, State};

/// A disk that takes longer for one line hangs.
const PATIENCE: Duration = Duration::from_secs(1);
/// So long the log is waited for at the end.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked for then.
const LOOK: Duration = Duration::from_millis(50);
/// How often a log that could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The thread that writes the log, for the next instance: its disk may not have answered yet.
type Kept = Mutex<Option<(Paths, Place)>>;

/// Which log is written, and by way of which spool.
#[derive(Clone, PartialEq)]
pub struct Paths {
    /// The log.
    pub log: PathBuf,
    /// When it is closed; the spool never is, and grows as far as the log.
    pub rules: Rules,
    /// The spool.
    pub spool: PathBuf,
}

/// Lines on their way to a log. The order stays and nothing is lost; lines that were being poured back when
/// the process was killed can be there twice.
pub struct Spooled {
    paths: Paths,
    /// Always there, but while this is dropped.
    place: Option<Place>,
    kept: Arc<Kept>,
    /// The spool, while lines go there.
    open: Option<Log>,
    /// Whether lines wait in the spool, or in what is being poured back.
    waits: bool,
    /// It was told that the log cannot be written.
    told: bool,
    /// When the log may be tried again.
    again: Instant,
    stats: Arc<NodeStats>,
}

impl Spooled {
    /// Begins with what an earlier run has left in the spool, if it has.
    ///
    /// # Errors
    /// `Fatal` if the log can never be written.
    pub fn open(paths: Paths, context: &Context) -> Result<Spooled> {
        let kept = context.kept::<Kept>();
        let before = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = match before.filter(|(of, _)| *of == paths) {
            Some((_, place)) => place,
            None => Place::start(&paths.log, &paths.rules)?,
        };
        let mut this = Spooled {
            waits: waiting(&paths.spool) > 0,
            paths,
            place: Some(place),
            kept,
            open: None,
            told: false,
            again: Instant::now(),
            stats: Arc::clone(&context.stats),
        };
        if !this.place().is_busy() {
            let opened = this.place().ask(Ask::Open, PATIENCE);
            this.learn(opened)?;
        }
        Ok(this)
    }

    /// Appends a line to the log, or to the spool while the log does not take it or lines wait there.
    ///
    /// # Errors
    /// `Fatal` if the log can never be written; `Retry` if the spool is full or cannot be written either.
    pub fn append(&mut self, line: &[u8]) -> Result<()> {
        self.go_on()?;
        if self.waits || self.place().is_busy() || Instant::now() < self.again {
            return self.spool(line);
        }
        match self.place().ask(Ask::Append(line.to_owned()), PATIENCE) {
            Some(Ok(())) => Ok(()),
            failed => {
                let is_owed = failed.is_none();
                self.learn(failed)?;
                self.spool(line)?;
                self.place().owed = if is_owed { line.len() as u64 } else { 0 };
                Ok(())
            }
        }
    }

    /// Takes an answer that has come meanwhile, and has what waits poured back.
    ///
    /// # Errors
    /// `Fatal` if the log can never be written.
    pub fn go_on(&mut self) -> Result<()> {
        if self.place().is_busy() {
            match self.place().answer(Duration::ZERO) {
                None => return Ok(()),
                answer => self.learn(answer)?,
            }
        }
        match self.waits && Instant::now() >= self.again {
            true => self.pour(),
            false => Ok(()),
        }
    }

    /// Makes sure of what was written, as far as the log answers soon.
    ///
    /// # Errors
    /// `Retry` if lines have to stay in the spool.
    pub fn finish(&mut self) -> Result<()> {
        let end = Instant::now() + LAST_PATIENCE;
        self.again = Instant::now();
        self.go_on()?;
        while (self.waits || self.place().is_busy()) && Instant::now() < end {
            std::thread::sleep(LOOK);
            self.go_on()?;
        }
        if self.waits || self.place().is_busy() {
            let (log, spool) = (self.paths.log.display(), self.paths.spool.display());
            return Err(Error::retry(format!(
                "cannot write {log}: {spool} holds what belongs there, and the next run pours it back"
            )));
        }
        let settled = self.place().ask(Ask::Settle, LAST_PATIENCE);
        self.learn(settled)
    }

    /// Has the thread append what waits: first what it has not come to the end of.
    fn pour(&mut self) -> Result<()> {
        let (spool, rest) = (&self.paths.spool, being_poured(&self.paths.spool));
        let is_here = |path: &Path| path.exists();
        let moved = match &self.open {
            _ if is_here(&rest) => Ok(()),
            _ if !is_here(spool) => Ok(()),
            Some(_) => fs::rename(spool, &rest),
            // Another process may be writing it.
            None => opened(spool).and_then(|_| fs::rename(spool, &rest)),
        };
        moved.map_err(|error| trouble(spool, &error))?;
        self.open = self.open.take().filter(|_| is_here(&self.paths.spool));
        let start = std::mem::take(&mut self.place().owed);
        let answer = self.place().ask(Ask::Pour(rest, start), PATIENCE);
        self.learn(answer)
    }

    /// Learns from an answer of the thread whether the log can be written, or from there being none.
    fn learn(&mut self, answer: Option<IoResult<()>>) -> Result<()> {
        let why = match answer {
            Some(Ok(())) => {
                self.worked();
                return Ok(());
            }
            Some(Err(error)) => {
                self.again = Instant::now() + AGAIN;
                // A line that was owed is not in the log, and must be poured with the rest.
                self.place().owed = 0;
                trouble(&self.paths.log, &error)
            }
            None => self.no_answer(),
        };
        if !why.may_pass() {
            return Err(why);
        }
        self.tell(&why);
        Ok(())
    }

    fn no_answer(&self) -> Error {
        let log = self.paths.log.display();
        Error::retry(format!("{log} does not answer; does its disk hang?"))
    }

    /// The thread has done what it was asked for.
    fn worked(&mut self) {
        self.again = Instant::now();
        let (owed, waiting) = (self.place().owed, waiting(&self.paths.spool));
        self.waits = waiting > owed;
        if self.waits {
            return;
        }
        if waiting > 0 {
            // The only line of the spool has reached the log after all.
            let _ = fs::remove_file(&self.paths.spool);
        }
        (self.open, self.place().owed) = (None, 0);
        if std::mem::take(&mut self.told) {
            tracing::info!("{} can be written again", self.paths.log.display());
            self.stats.set_state(State::Running);
        }
    }

    fn tell(&mut self, why: &Error) {
        if !std::mem::replace(&mut self.told, true) {
            let why = format!(
                "{why}; meanwhile lines go to {}",
                self.paths.spool.display()
            );
            tracing::warn!("{why}");
            self.stats.fail(State::Degraded, why);
        }
    }

    fn spool(&mut self, line: &[u8]) -> Result<()> {
        let (at, most) = (&self.paths.spool, self.paths.rules.most);
        if waiting(at) + line.len() as u64 > most {
            let (log, spool) = (self.paths.log.display(), at.display());
            return Err(Error::retry(format!(
                "cannot write {log}, and {spool} has reached {} MB",
                most >> 20
            )));
        }
        let spooled = match &mut self.open {
            Some(log) => log.append(line),
            None => opened(at).and_then(|log| self.open.insert(log).append(line)),
        };
        spooled.map_err(|error| trouble(at, &error))?;
        self.waits = true;
        // An instance that takes over from one whose disk has not answered has not been told yet.
        if !self.told {
            self.tell(&self.no_answer());
        }
        self.stats.set_state(State::Degraded);
        Ok(())
    }

    fn place(&mut self) -> &mut Place {
        self.place
            .as_mut()
            .expect("it is there until this is dropped")
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        let place = self.place.take().map(|it| (self.paths.clone(), it));
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

fn opened(spool: &Path) -> IoResult<Log> {
    Log::open(spool, FORM, Rules::none())
}

/// The file of what is being poured back from this spool.
pub fn being_poured(spool: &Path) -> PathBuf {
    let mut path = spool.to_owned().into_os_string();
    path.push(".old");
    path.into()
}

/// Bytes that wait to be poured back.
fn waiting(spool: &Path) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |it| it.len());
    size(spool) + size(&being_poured(spool))
}
