//! A folder into which a sink puts files of its own: whole ones only, and no more than it may keep.

mod growing;
pub mod name;
pub mod retention;

use std::fs::{self, DirBuilder};
use std::io::Result;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use self::growing::{Growing, Written, write_whole};
use self::retention::{Kept, Now, Retention};
use crate::inference::store::sum;
use crate::pipeline::contract::error::Misuse;

/// As files are, for the owner and the group.
pub const FOLDER_MODE: u32 = 0o750;
/// What a file is called until it is whole.
const PART: &str = ".part";
/// How often it is looked for what has become too old.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// An open folder. Only files whose names tell that they were written by this are ever deleted.
pub struct Folder {
    path: PathBuf,
    extension: &'static str,
    retention: Retention,
    opened: Instant,
    swept: Instant,
    /// Bytes of its files.
    bytes: u64,
    /// Names of files that are not complete; these stay.
    growing: Vec<String>,
}

impl Folder {
    /// What can be known of a folder without writing: that it is none. `option` is what names it.
    pub fn at_hand(base: &Path, path: &Path, option: &'static str) -> Option<Misuse> {
        let path = base.join(path);
        let there = path.ancestors().find(|it| it.exists())?;
        let is_none = || {
            Misuse::new(
                option,
                format!("{} is no folder", there.display()),
                "name a folder; one that is not there is made",
            )
        };
        (!there.is_dir()).then(is_none)
    }

    /// Opens a folder, which is made if need be, and sees that it can be written to. What a kill has left half written
    /// is removed, and so is what is too much.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: PathBuf, extension: &'static str, retention: Retention) -> Result<Folder> {
        // Others who hear of its files may stand elsewhere.
        let path = std::path::absolute(path)?;
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&path)?;
        let mut folder = Folder {
            path,
            extension,
            retention,
            opened: Instant::now(),
            swept: Instant::now(),
            bytes: 0,
            growing: Vec::new(),
        };
        folder.clear()?;
        tempfile::Builder::new()
            .prefix(".")
            .suffix(PART)
            .tempfile_in(&folder.path)?;
        folder.make_room(0, Timestamp::now())?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, in place of one of the same name.
    ///
    /// # Errors
    /// What the system says, or that there is no room; then nothing of it is there, and an older one still is.
    pub fn write(&mut self, name: &str, content: &[u8]) -> Result<Written> {
        let size = content.len() as u64;
        self.reserve(size)?;
        let (part, whole) = (self.part(name), self.path.join(name));
        let replaced = fs::metadata(&whole).map_or(0, |it| it.len());
        let written = write_whole(&part, content).and_then(|_| fs::rename(&part, &whole));
        if let Err(error) = written {
            let _ = fs::remove_file(&part);
            return Err(error);
        }
        self.bytes = (self.bytes + size).saturating_sub(replaced);
        Ok(Written {
            path: whole,
            bytes: size,
            sha256: sum::sum(content),
        })
    }

    /// Begins a file that grows: with this it has its name.
    ///
    /// # Errors
    /// What the system says, or that there is no room; then nothing of it is there.
    pub fn create(&mut self, name: &str, content: &[u8]) -> Result<Growing> {
        let size = content.len() as u64;
        self.reserve(size)?;
        let growing = Growing::create(&self.part(name), self.path.join(name), content)?;
        self.growing.push(name.to_owned());
        self.bytes += size;
        Ok(growing)
    }

    /// What a file is called until it is whole, or can be read.
    fn part(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}{PART}"))
    }

    /// Appends all of this to a file or nothing.
    ///
    /// # Errors
    /// What the system says, or that there is no room.
    pub fn append(&mut self, growing: &mut Growing, content: &[u8]) -> Result<()> {
        let size = content.len() as u64;
        self.reserve(size)?;
        growing.append(content)?;
        self.bytes += size;
        Ok(())
    }

    /// Completes a file: this takes the place of its beginning.
    ///
    /// # Errors
    /// What the system says.
    pub fn complete(&mut self, growing: Growing, head: &[u8]) -> Result<Written> {
        self.growing.retain(|name| !growing.is_called(name));
        growing.complete(head)
    }

    /// Its newest files, so many at most.
    ///
    /// # Errors
    /// What the system says.
    pub fn newest(&self, count: usize) -> Result<Vec<PathBuf>> {
        let mut files = self.files()?;
        files.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
        let newest = files.into_iter().take(count);
        Ok(newest.map(|it| self.path.join(it.name)).collect())
    }

    /// Sees that so many bytes find room.
    fn reserve(&mut self, size: u64) -> Result<()> {
        let is_due = self.swept.elapsed() >= SWEEP || self.bytes + size > self.retention.most();
        if is_due || self.free()? < self.retention.least_free() + size {
            self.make_room(size, Timestamp::now())?;
        }
        Ok(())
    }

    /// Deletes what has become too old, once an hour.
    ///
    /// # Errors
    /// What the system says.
    pub fn sweep(&mut self) -> Result<()> {
        match self.swept.elapsed() >= SWEEP {
            true => self.make_room(0, Timestamp::now()),
            false => Ok(()),
        }
    }

    /// Deletes what is too old or too much with what is coming.
    fn make_room(&mut self, coming: u64, at: Timestamp) -> Result<()> {
        self.swept = Instant::now();
        let mut files = self.files()?;
        self.bytes = files.iter().map(|it| it.bytes).sum();
        files.retain(|it| !self.growing.contains(&it.name));
        let now = Now {
            at,
            watched: self.opened.elapsed(),
            coming,
            free: self.free()?,
        };
        for file in self.retention.surplus(files, now) {
            fs::remove_file(self.path.join(&file.name))?;
            self.bytes -= file.bytes;
        }
        match coming {
            0 => Ok(()),
            _ => self.retention.room(self.bytes, self.free()?, coming),
        }
    }

    /// Its files by their names; others' are not looked at.
    fn files(&self) -> Result<Vec<Kept>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let Some(at) = name::time(&name, self.extension) else {
                continue;
            };
            // It may be gone since.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_file() {
                files.push(Kept {
                    name,
                    at,
                    bytes: about.len(),
                });
            }
        }
        Ok(files)
    }

    /// Removes what was not whole when this or an earlier process was killed.
    fn clear(&self) -> Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let whole = |it: &str| it.strip_prefix('.')?.strip_suffix(PART).map(str::to_owned);
            let is_ours = |it: String| name::time(&it, self.extension).is_some();
            if name.to_str().and_then(whole).is_some_and(is_ours) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn free(&self) -> Result<u64> {
        free(&self.path)
    }
}

/// Bytes that are free where a folder is.
///
/// # Errors
/// What the system says.
pub fn free(path: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    const MEGABYTE: usize = 1 << 20;

    fn open(path: &Path, keep_mb: u64, min_free_mb: u64) -> Folder {
        let retention = Retention {
            keep_days: Some(7),
            keep_mb,
            min_free_mb,
        };
        Folder::open(path.to_owned(), "jpg", retention).expect("it is writable")
    }

    fn name(day: u8) -> String {
        format!("2026-01-{day:02}T00-00-00.000Z_porch_person.jpg")
    }

    fn names(path: &Path) -> Vec<String> {
        let names = fs::read_dir(path).expect("it is there").flatten();
        let mut names: Vec<_> = names
            .map(|it| it.file_name().into_string().expect("plain"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn others_files_stay_and_half_ones_of_ours_go() {
        let scratch = tempfile::tempdir().expect("a directory");
        let path = scratch.path().join("a/b");
        drop(open(&path, 1, 0));
        let half = format!(".{}{PART}", name(3));
        for it in [&half, "holiday.jpg", ".holiday.jpg.part", "zz.part"] {
            fs::write(path.join(it), vec![0; 4 * MEGABYTE]).expect("room");
        }
        let mut folder = open(&path, 1, 0);
        assert_eq!(
            names(&path),
            [".holiday.jpg.part", "holiday.jpg", "zz.part"]
        );
        folder
            .write(&name(1), &vec![1; MEGABYTE / 4])
            .expect("room");
        folder
            .write(&name(1), &vec![2; MEGABYTE / 2])
            .expect("room");
        folder
            .write(&name(2), &vec![3; MEGABYTE / 4])
            .expect("room");
        assert_eq!(folder.bytes as usize, MEGABYTE / 4 * 3);
        folder
            .write(&name(3), &vec![4; MEGABYTE / 2])
            .expect("the oldest goes");
        let kept = names(&path);
        assert_eq!(kept[1..3], [name(2), name(3)]);
        assert_eq!(
            fs::read(path.join(name(3))).expect("it is whole"),
            vec![4; MEGABYTE / 2]
        );
    }

    #[test]
    fn where_only_new_files_could_go_nothing_is_written() {
        let scratch = tempfile::tempdir().expect("a directory");
        let mut folder = open(scratch.path(), 1, 0);
        let now = name::of(Timestamp::now(), &["porch"], "jpg");
        folder.write(&now, &vec![0; MEGABYTE]).expect("room");
        let more = name::of(Timestamp::now(), &["yard"], "jpg");
        let error = folder.write(&more, &[0; 1]).expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(error.to_string().contains("`keep_mb`"), "{error}");
        assert_eq!(names(scratch.path()), [now]);
        let mut folder = open(&scratch.path().join("other"), 1, 100_000_000);
        let error = folder
            .write(&more, &[0; 1])
            .expect_err("no disk is so large");
        assert!(error.to_string().contains("`min_free_mb`"), "{error}");
    }

    #[test]
    fn what_is_no_folder_is_told() {
        let scratch = tempfile::tempdir().expect("a directory");
        fs::write(scratch.path().join("file"), "").expect("room");
        let told = |path: &str| Folder::at_hand(scratch.path(), Path::new(path), "folder");
        assert!(told("file").is_some() && told("file/below").is_some());
        assert!(told(".").is_none() && told("new/below").is_none());
    }
}
