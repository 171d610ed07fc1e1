//! What waits to be sent to another machine: in order, bounded, and on the disk as soon as the pipeline counts it as
//! delivered.
//!
//! A record waits in memory until its batch is settled, and may be sent meanwhile: where the receiver is there, nothing
//! is written to a disk at all. What has not been sent by then goes into files, which are deleted as a whole when all in
//! them has been sent, or, the oldest first, when there is no room for new ones.

mod mark;
pub mod post;
pub mod record;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::Result;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::mark::Mark;
pub use self::segment::Numbered;
use self::segment::{Segment, Writer};

/// What is seen and heard at home is for the owner and the group.
const FOLDER_MODE: u32 = 0o750;
/// The outbox is so many files when it is full: so much of it is lost at a time.
const FILES: u64 = 16;
/// No file grows larger.
const LARGEST: u64 = 4 << 20;

/// An outbox that is open. One thread puts records in and settles them, another one sends them.
pub struct Outbox {
    folder: PathBuf,
    most: u64,
    writer: Mutex<Option<Writer>>,
    state: Mutex<State>,
}

struct State {
    mark: Mark,
    /// Number of the next record.
    next: u64,
    /// On the disk, oldest first.
    segments: VecDeque<Segment>,
    /// In memory only: everything since the last settling.
    staged: VecDeque<Numbered>,
    /// Whether the folder is another's by now.
    is_closed: bool,
}

/// How far a sender has come.
#[derive(Default)]
pub struct Reading {
    /// Number of the next record that it wants.
    after: u64,
    /// The file that it reads, and where.
    at: Option<(u64, File, u64)>,
}

/// How much waits, and how much has been lost since the folder was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that wait.
    pub queued: u64,
    /// Records that were deleted for want of room, or could not be read any more.
    pub lost: u64,
}

impl Outbox {
    /// Opens the outbox in a folder, which is made if need be and belongs to it alone.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if another process uses it.
    pub fn open(folder: PathBuf, most: u64) -> Result<Outbox> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&folder)?;
        let mark = Mark::open(&folder)?;
        let mut firsts: Vec<u64> = fs::read_dir(&folder)?
            .flatten()
            .filter_map(|it| segment::first_of(it.file_name().to_str()?))
            .collect();
        firsts.sort_unstable();
        let mut state = State {
            next: mark.sent(),
            mark,
            segments: VecDeque::new(),
            staged: VecDeque::new(),
            is_closed: false,
        };
        for first in firsts {
            match segment::look_through(&folder, first, state.mark.sent())? {
                Some(segment) if segment.left > 0 => {
                    state.next = state.next.max(segment.last + 1);
                    state.segments.push_back(segment);
                }
                _ => fs::remove_file(segment::path(&folder, first))?,
            }
        }
        Ok(Outbox {
            folder,
            most,
            writer: Mutex::new(None),
            state: Mutex::new(state),
        })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a record in. It may be sent at once, and is on the disk or sent when it was settled.
    pub fn push(&self, record: Vec<u8>) {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.staged.push_back((number, Arc::from(record)));
    }

    /// Makes sure of everything that was put in: writes down what has not been sent.
    ///
    /// # Errors
    /// What the system says; then it can be tried again.
    pub fn settle(&self) -> Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent: Vec<Numbered> = {
            let mut state = self.state();
            if state.forget_sent(&self.folder)? {
                *writer = None;
            }
            state.staged.iter().cloned().collect()
        };
        let Some((first, _)) = unsent.first() else {
            return Ok(());
        };
        let largest = (self.most / FILES).min(LARGEST);
        let writer = match &mut *writer {
            Some(writer) if writer.bytes() < largest => writer,
            slot => slot.insert(Writer::begin(&self.folder, *first)?),
        };
        // Meanwhile the sender goes on, with what is in memory.
        let bytes = writer.append(&unsent)?;
        self.state()
            .wrote(writer.first, bytes, &unsent, &self.folder, self.most)
    }

    /// Whether everything has been sent that was put in since the last settling.
    pub fn is_sent(&self) -> bool {
        self.state().staged.is_empty()
    }

    /// The next record for a sender that has come so far; none if there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn take(&self, reading: &mut Reading) -> Result<Option<Numbered>> {
        let mut state = self.state();
        if state.is_closed {
            return Ok(None);
        }
        reading.after = reading.after.max(state.mark.sent());
        while let Some(first) = reading.segment(&state.segments) {
            let (_, file, at) = match &mut reading.at {
                Some(open) if open.0 == first => open,
                slot => slot.insert((first, File::open(segment::path(&self.folder, first))?, 0)),
            };
            match segment::read(file, *at)? {
                None => reading.after = state.give_up(first, reading.after)?,
                Some((record, next)) => {
                    *at = next;
                    if record.0 >= reading.after {
                        reading.after = record.0 + 1;
                        return Ok(Some(record));
                    }
                }
            }
        }
        let waits = state
            .staged
            .iter()
            .find(|(number, _)| *number >= reading.after);
        reading.after = waits.map_or(reading.after, |(number, _)| number + 1);
        Ok(waits.cloned())
    }

    /// A record has been sent, and all before it: each is told of, in order.
    ///
    /// # Errors
    /// What the system says; then what was sent may be sent again after a crash.
    pub fn delivered(&self, number: u64) -> Result<()> {
        self.state().delivered(number, &self.folder)
    }

    /// Lets another have the folder, whoever still sends: that is not noted any more.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.mark.release();
    }

    /// How much waits, and how much was lost.
    pub fn counts(&self) -> Counts {
        let state = self.state();
        let on_disk: u64 = state.segments.iter().map(|it| it.left).sum();
        Counts {
            queued: on_disk + state.staged.len() as u64,
            lost: state.mark.lost(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn delivered(&mut self, number: u64, folder: &Path) -> Result<()> {
        if number < self.mark.sent() || self.is_closed {
            return Ok(());
        }
        if self.staged.front().is_some_and(|it| it.0 == number) {
            self.staged.pop_front();
        }
        let of = |it: &&mut Segment| (it.first..=it.last).contains(&number);
        if let Some(segment) = self.segments.iter_mut().find(of) {
            segment.left = segment.left.saturating_sub(1);
        }
        // The last one may be being written.
        while self.segments.len() > 1 && self.segments[0].left == 0 {
            self.drop_first(folder)?;
        }
        let is_on_disk = !self.segments.is_empty();
        self.mark.has_sent(number + 1, is_on_disk)
    }

    /// Deletes the file that was written last if all in it has been sent; says whether.
    fn forget_sent(&mut self, folder: &Path) -> Result<bool> {
        let is_over = self.segments.len() == 1 && self.segments[0].left == 0;
        if is_over {
            self.drop_first(folder)?;
        }
        Ok(is_over)
    }

    /// The rest of a file cannot be read, from this number on; gives the number after it.
    fn give_up(&mut self, first: u64, after: u64) -> Result<u64> {
        let Some(segment) = self.segments.iter_mut().find(|it| it.first == first) else {
            return Ok(after);
        };
        let lost = segment.left.min(segment.last + 1 - after);
        segment.left -= lost;
        let next = segment.last + 1;
        self.mark.has_lost(lost, 0)?;
        Ok(next)
    }

    fn drop_first(&mut self, folder: &Path) -> Result<()> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(());
        };
        fs::remove_file(segment::path(folder, segment.first))
    }

    /// Records are on the disk, and need not be in memory any more. The oldest go where that is too much.
    fn wrote(
        &mut self,
        first: u64,
        bytes: u64,
        records: &[Numbered],
        folder: &Path,
        most: u64,
    ) -> Result<()> {
        let sent = self.mark.sent();
        let left = records.iter().filter(|it| it.0 >= sent).count() as u64;
        let last = records.last().map_or(first, |it| it.0);
        self.staged.retain(|it| it.0 > last);
        match self.segments.back_mut().filter(|it| it.first == first) {
            Some(segment) => {
                (segment.last, segment.bytes) = (last, bytes);
                segment.left += left;
            }
            None => self.segments.push_back(Segment {
                first,
                last,
                bytes,
                left,
            }),
        }
        // What was sent from memory only was not written to the mark.
        self.mark.has_sent(sent, true)?;
        let mut all: u64 = self.segments.iter().map(|it| it.bytes).sum();
        while all > most && self.segments.len() > 1 {
            let oldest = &self.segments[0];
            all -= oldest.bytes;
            self.mark.has_lost(oldest.left, oldest.last + 1)?;
            self.drop_first(folder)?;
        }
        Ok(())
    }
}

impl Reading {
    /// The first file that has what the sender wants.
    fn segment(&self, segments: &VecDeque<Segment>) -> Option<u64> {
        let wanted = segments.iter().find(|it| it.last >= self.after);
        wanted.map(|it| it.first)
    }
}
