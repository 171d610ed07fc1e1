//! A log that is written by a thread of its own, as its disk may not answer for hours.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Result, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::FORM;
use crate::nodes::parts::log::{Log, Rules};
use crate::pipeline::contract::error::no_thread;

/// How often the log is tended while nothing is asked for.
const TEND: Duration = Duration::from_millis(200);

/// What the thread can be asked to do.
pub enum Ask {
    /// Open the log.
    Open,
    /// Append this line.
    Append(Vec<u8>),
    /// Append the lines of this file from this byte on, and remove it.
    Pour(PathBuf, u64),
    /// Make sure that all is on the disk.
    Settle,
}

/// The way to the thread. It ends when this is dropped, or when its disk answers after that.
pub struct Place {
    /// The line that the thread has not answered for is the first of the spool too, and so long.
    pub owed: u64,
    asks: Sender<Ask>,
    answers: Receiver<Result<()>>,
    busy: bool,
}

impl Place {
    /// Starts the thread for a log at this path, which is closed by these rules.
    ///
    /// # Errors
    /// `Retry` if there is no room for a thread.
    pub fn start(path: &Path, rules: &Rules) -> crate::pipeline::contract::error::Result<Place> {
        let ((asks, asked), (answer, answers)) = (bounded::<Ask>(1), bounded(1));
        let (to, rules) = (path.to_owned(), rules.clone());
        let work = move || {
            let mut log = None;
            while let Some(ask) = next(&asked, &mut log) {
                let done = obey(&mut log, &to, &rules, ask);
                if done.is_err() {
                    log = None;
                }
                if answer.send(done).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("jsonl-disk".to_owned());
        thread.spawn(work).map_err(|error| no_thread(&error))?;
        Ok(Place {
            owed: 0,
            asks,
            answers,
            busy: false,
        })
    }

    /// Whether an answer is owed.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Asks for something, while no answer is owed; none if there is no answer within `patience`.
    pub fn ask(&mut self, ask: Ask, patience: Duration) -> Option<Result<()>> {
        self.busy = self.asks.send(ask).is_ok();
        self.answer(patience)
    }

    /// The answer that is owed, if it comes within `patience`.
    pub fn answer(&mut self, patience: Duration) -> Option<Result<()>> {
        let answer = self.answers.recv_timeout(patience).ok()?;
        self.busy = false;
        Some(answer)
    }
}

/// What is asked for next; meanwhile the log is tended.
fn next(asked: &Receiver<Ask>, log: &mut Option<Log>) -> Option<Ask> {
    loop {
        match asked.recv_timeout(TEND) {
            Ok(ask) => return Some(ask),
            Err(RecvTimeoutError::Disconnected) => return None,
            // The next ask tells of a disk that fails.
            Err(RecvTimeoutError::Timeout) => drop(log.take_if(|it| it.tend().is_err())),
        }
    }
}

fn obey(log: &mut Option<Log>, path: &Path, rules: &Rules, ask: Ask) -> Result<()> {
    let log = match log {
        Some(log) => log,
        None => log.insert(Log::open(path, FORM, rules.clone())?),
    };
    match ask {
        Ask::Open => Ok(()),
        Ask::Append(line) => log.append(&line),
        Ask::Pour(from, start) => pour(log, &from, start),
        Ask::Settle => log.settle(),
    }
}

/// Appends the lines of a file and removes it. What could not be appended stays in the file.
fn pour(log: &mut Log, path: &Path, start: u64) -> Result<()> {
    let mut from = BufReader::new(match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    });
    from.seek(SeekFrom::Start(start))?;
    let (mut line, mut poured) = (Vec::new(), start);
    while from.read_until(b'\n', &mut line)? > 0 {
        if let Err(error) = log.append(&line) {
            from.seek(SeekFrom::Start(poured))?;
            keep_rest(&mut from, path)?;
            return Err(error);
        }
        poured += line.len() as u64;
        line.clear();
    }
    log.settle()?;
    fs::remove_file(path)
}

/// Makes what can still be read the whole file.
fn keep_rest(from: &mut impl io::Read, path: &Path) -> Result<()> {
    let mut new = path.to_owned().into_os_string();
    new.push(".new");
    io::copy(from, &mut File::create(&new)?)?;
    fs::rename(&new, path)
}
