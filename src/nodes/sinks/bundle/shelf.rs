//! The folder of bundles: gives each its place in the chain, deletes the oldest for room, and sets right what a kill has left.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};

use super::draft::{self, DRAFT, PART};
use crate::inference::store::sum;
use crate::nodes::parts::evidence::chain::{CHAIN, Chain};
use crate::nodes::parts::evidence::key::SigningKey;
use crate::nodes::parts::evidence::manifest::{Content, FORMAT, Manifest, Previous};
use crate::nodes::parts::evidence::{self, MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS};
use crate::nodes::parts::folder::retention::{FLOOR, Kept, Now, Retention};
use crate::nodes::parts::folder::{FOLDER_MODE, free, write_whole};

/// How often it is looked for what has become too old.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// What claims to be so far ahead was written while the clock was wrong.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// An open folder, which no other process uses.
pub struct Shelf {
    path: PathBuf,
    /// Held as long as this is open.
    _lock: File,
    retention: Retention,
    key: Option<SigningKey>,
    /// Oldest first.
    bundles: VecDeque<Standing>,
    chain: Chain,
    opened: Instant,
    swept: Instant,
}

/// A bundle that has its place.
struct Standing {
    name: String,
    number: u64,
    at: Timestamp,
    bytes: u64,
}

/// A bundle that was written just now.
pub struct Closed {
    /// Where it is.
    pub path: PathBuf,
    /// All of its files together.
    pub bytes: u64,
    /// SHA-256 of its manifest.
    pub sha256: String,
    /// What it is about.
    pub content: Content,
}

impl Shelf {
    /// Opens a folder, which is made if need be.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if another process uses it.
    pub fn open(path: &Path, retention: Retention, key: Option<SigningKey>) -> Result<Shelf> {
        let path = std::path::absolute(path)?;
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(FOLDER_MODE).create(&path)?;
        let lock = File::open(&path)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::new(ErrorKind::WouldBlock, "another process uses it"))?;
        let bundles = standing(&path)?;
        // What cannot be read is made anew of what is there.
        let chain = Chain::read(&path).ok().flatten();
        let mut shelf = Shelf {
            chain: chain.clone().unwrap_or_default(),
            path,
            _lock: lock,
            retention,
            key,
            bundles: bundles.into(),
            opened: Instant::now(),
            swept: Instant::now(),
        };
        shelf.catch_up()?;
        if chain.as_ref() != Some(&shelf.chain) && shelf.chain.last > 0 {
            shelf.note()?;
        }
        shelf.make_room(0)?;
        Ok(shelf)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Completes what a kill has left, the oldest first, but for these drafts that still wait.
    ///
    /// # Errors
    /// As `close`.
    pub fn recover(&mut self, waiting: &[PathBuf]) -> Result<Vec<Closed>> {
        let entries = fs::read_dir(&self.path)?.collect::<Result<Vec<_>>>()?;
        let names = entries
            .iter()
            .filter_map(|it| it.file_name().into_string().ok());
        let is_draft = |it: &String| it.starts_with('.') && it.ends_with(PART);
        let mut names: Vec<String> = names.filter(is_draft).collect();
        names.sort();
        let mut closed = Vec::new();
        for name in names {
            let part = self.path.join(name);
            if waiting.contains(&part) || !part.is_dir() {
                continue;
            }
            match (draft::left(&part)?, self.complete(&part)) {
                (Some(content), _) => closed.push(self.close(content, &part)?),
                (None, Some(manifest)) => closed.push(self.place(manifest, &part)?),
                (None, None) => fs::remove_dir_all(part)?,
            }
        }
        Ok(closed)
    }

    /// Completes a bundle whose files are in this folder, and puts it into its place.
    ///
    /// # Errors
    /// What the system says, or that there is no room; then it can be tried again.
    pub fn close(&mut self, content: Content, part: &Path) -> Result<Closed> {
        self.make_room(content.files.iter().map(|it| it.bytes).sum::<u64>() + 1)?;
        let text = |name: &str| content.event[name].as_str().unwrap_or_default();
        let at = text("time").parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let number = self.chain.last + 1;
        let previous = || Previous {
            number: self.chain.last,
            sha256: self.chain.sha256.clone(),
        };
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            name: evidence::name_of(at, text("source"), number),
            number,
            previous: (self.chain.last > 0).then(previous),
            written: format!("{:.3}", Timestamp::now()),
            otus: env!("CARGO_PKG_VERSION").to_owned(),
            key: self.key.as_ref().map(|it| it.public().fingerprint()),
            content,
        };
        let bytes = manifest.to_bytes()?;
        write_whole(&part.join(MANIFEST), &bytes)?;
        write_whole(
            &part.join(SUMS),
            manifest.sums(&sum::sum(&bytes)).as_bytes(),
        )?;
        if let Some(key) = &self.key {
            write_whole(&part.join(SIGNATURE), &key.sign(&bytes))?;
            write_whole(&part.join(PUBLIC_KEY), key.public().to_pem().as_bytes())?;
        }
        File::open(part)?.sync_all()?;
        match fs::remove_file(part.join(DRAFT)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => self.place(manifest, part),
        }
    }

    /// Deletes what has become too old, once an hour.
    ///
    /// # Errors
    /// What the system says.
    pub fn sweep(&mut self) -> Result<()> {
        match self.swept.elapsed() >= SWEEP {
            true => self.make_room(0),
            false => Ok(()),
        }
    }

    /// Gives a bundle its name: from now on it is in the chain.
    fn place(&mut self, manifest: Manifest, part: &Path) -> Result<Closed> {
        let Manifest {
            name,
            number,
            content,
            ..
        } = manifest;
        let sha256 = sum::sum(&fs::read(part.join(MANIFEST))?);
        let bytes = size(part)?;
        let path = self.path.join(&name);
        fs::rename(part, &path)?;
        let (at, _) = evidence::parts_of(&name).unwrap_or((Timestamp::UNIX_EPOCH, number));
        self.bundles.push_back(Standing {
            name,
            number,
            at,
            bytes,
        });
        self.chain.first = self.chain.first.max(1);
        (self.chain.last, self.chain.sha256) = (number, sha256.clone());
        // The bundle is there, and must not be written again: the next one, or the next start, sees to it.
        let _ = self.note();
        Ok(Closed {
            path,
            bytes,
            sha256,
            content,
        })
    }

    /// A bundle that was complete when it was left, and continues the chain.
    fn complete(&self, part: &Path) -> Option<Manifest> {
        let bytes = fs::read(part.join(MANIFEST)).ok()?;
        let manifest = Manifest::of(&bytes).ok()?;
        let (number, sha256) = match &manifest.previous {
            Some(it) => (it.number, &it.sha256[..]),
            None => (0, ""),
        };
        let is_next = number == self.chain.last && *sha256 == self.chain.sha256;
        (is_next && manifest.number == number + 1).then_some(manifest)
    }

    /// Lets the chain end with the bundle that stands last, where that is not noted yet.
    fn catch_up(&mut self) -> Result<()> {
        let Some(last) = self.bundles.back() else {
            return Ok(());
        };
        if last.number > self.chain.last {
            let manifest = self.path.join(&last.name).join(MANIFEST);
            // Without it the chain is broken, and goes on.
            let sha256 = File::open(manifest).and_then(sum::of_all);
            self.chain.sha256 = sha256.map_or(String::new(), |it| it.1);
            self.chain.last = last.number;
        }
        if self.chain.first == 0 {
            self.chain.first = self.bundles.front().map_or(1, |it| it.number);
        }
        Ok(())
    }

    /// Writes down which bundles there are.
    fn note(&mut self) -> Result<()> {
        self.chain = self.chain.clone().signed(self.key.as_ref());
        let whole = self.path.join(CHAIN);
        let part = self.path.join(format!(".{CHAIN}.new"));
        write_whole(&part, &self.chain.to_bytes()?)?;
        fs::rename(part, whole)?;
        File::open(&self.path)?.sync_all()
    }

    /// Deletes what is too old or too much with what is coming: always from the beginning of the chain.
    fn make_room(&mut self, coming: u64) -> Result<()> {
        self.swept = Instant::now();
        let now = Now {
            at: Timestamp::now(),
            watched: self.opened.elapsed(),
            coming,
            free: free(&self.path)?,
        };
        let going = self.retention.surplus(self.in_order(now.at), now).len();
        if going > 0 {
            self.chain.first = self.bundles[going - 1].number + 1;
            // Who looks in between sees that they were meant to go.
            self.note()?;
        }
        for bundle in self.bundles.drain(..going) {
            let gone = self.path.join(format!(".{}{PART}", bundle.name));
            fs::rename(self.path.join(&bundle.name), &gone)?;
            fs::remove_dir_all(gone)?;
        }
        let kept = self.bundles.iter().map(|it| it.bytes).sum();
        match coming {
            0 => Ok(()),
            _ => self.retention.room(kept, free(&self.path)?, coming),
        }
    }

    /// The bundles with times in the order of their numbers, as a chain is not to lose one in its middle because the clock was wrong.
    fn in_order(&self, now: Timestamp) -> Vec<Kept> {
        let mut latest = Timestamp::MAX;
        let mut kept: Vec<Kept> = Vec::with_capacity(self.bundles.len());
        for bundle in self.bundles.iter().rev() {
            let is_ahead = bundle.at.duration_since(now).unsigned_abs() > AHEAD && bundle.at > now;
            let at = match is_ahead {
                true => now.saturating_sub(FLOOR).unwrap_or(now),
                false => bundle.at,
            };
            latest = latest.min(at);
            kept.push(Kept {
                name: format!("{:020}", bundle.number),
                at: latest,
                bytes: bundle.bytes,
            });
        }
        kept
    }
}

/// The bundles of a folder by their names, oldest first.
fn standing(path: &Path) -> Result<Vec<Standing>> {
    let mut bundles = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some((at, number)) = evidence::parts_of(&name) else {
            continue;
        };
        if entry.file_type()?.is_dir() {
            bundles.push(Standing {
                bytes: size(&entry.path())?,
                name,
                number,
                at,
            });
        }
    }
    bundles.sort_by_key(|it| it.number);
    Ok(bundles)
}

/// Bytes of all files of a bundle.
fn size(path: &Path) -> Result<u64> {
    let sizes = fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum()
}
