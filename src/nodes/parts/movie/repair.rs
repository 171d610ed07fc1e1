//! A film that was not completed, by a kill or a power cut, is cut behind its last whole fragment and told how long it lasts.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mp4_atom::{Atom, Moof, Moov};

use super::boxes::{encoded, lasting};
use crate::inference::store::sum;

/// A head is no longer than this, nor is what tells of a fragment.
pub const MOST: u64 = 1 << 20;

/// A film that nobody has completed, of which all that is whole is there. It plays, and does not tell how long it lasts.
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// Its length, and SHA-256 of its bytes, when it is complete.
    pub bytes: u64,
    pub sha256: String,
    /// How long it lasts.
    pub lasts: Duration,
    /// Where its head is, and the one that tells how long it lasts.
    at: u64,
    moov: Vec<u8>,
}

impl Left {
    /// Looks at a file, and cuts it behind its last whole fragment if it was not completed; none of one that was.
    ///
    /// # Errors
    /// What the system says, or that this is no such file.
    pub fn look(path: &Path) -> Result<Option<Left>> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let Some((at, mut moov, whole, lasts)) = fragments(&mut file)? else {
            return Ok(None);
        };
        let before = encoded(&moov).len();
        let duration = (lasts * f64::from(moov.mvhd.timescale)) as u64;
        lasting(&mut moov, duration);
        let moov = encoded(&moov);
        if moov.len() != before || duration == 0 {
            return Err(foreign());
        }
        file.set_len(whole)?;
        file.sync_data()?;
        file.rewind()?;
        let behind = File::open(path)?;
        (&behind).seek(SeekFrom::Start(at + moov.len() as u64))?;
        let (bytes, sha256) = sum::of_all(file.take(at).chain(&moov[..]).chain(behind))?;
        Ok(Some(Left {
            path: path.to_owned(),
            bytes,
            sha256,
            lasts: Duration::try_from_secs_f64(lasts).unwrap_or_default(),
            at,
            moov,
        }))
    }

    /// Completes it: it tells how long it lasts. That is on the disk some time later, so that it can be told at once; after a power
    /// cut it may be told a second time.
    ///
    /// # Errors
    /// What the system says, or that somebody has gone on with it.
    pub fn complete(&self) -> Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        if file.metadata()?.len() != self.bytes {
            return Err(foreign());
        }
        file.write_all_at(&self.moov, self.at)
    }
}

/// Where the head of a film is, what it says, where its last whole fragment ends in the file, and when in seconds; none
/// of a film that tells how long it lasts.
fn fragments(file: &mut File) -> Result<Option<(u64, Moov, u64, f64)>> {
    let length = file.metadata()?.len();
    let (mut at, mut whole) = (0, 0);
    let mut head: Option<(u64, Moov)> = None;
    // Seconds until the end of the whole fragments, and of the one that was begun.
    let (mut lasts, mut pending) = (0.0, 0.0);
    while let Some((kind, size)) = next(file, at, length)? {
        match &kind {
            b"moov" => {
                let moov = body::<Moov>(file, at, size)?;
                if moov.mvhd.duration > 0 {
                    return Ok(None);
                }
                head = Some((at, moov));
            }
            b"moof" => {
                let Some((_, moov)) = &head else {
                    return Err(foreign());
                };
                pending = end(&body::<Moof>(file, at, size)?, moov);
            }
            b"mdat" => {
                lasts = f64::max(lasts, pending);
                whole = at + size;
            }
            kind if *kind == *b"ftyp" && at == 0 => {}
            // Where key pictures are is written last.
            _ => break,
        }
        at += size;
    }
    let (at, moov) = head.filter(|_| whole > 0).ok_or_else(foreign)?;
    Ok(Some((at, moov, whole, lasts)))
}

fn foreign() -> Error {
    Error::new(ErrorKind::InvalidData, "it is no MP4 file of fragments")
}

/// The box there, if all of it is: its kind and its size.
fn next(file: &mut File, at: u64, length: u64) -> Result<Option<([u8; 4], u64)>> {
    if at + 8 > length {
        return Ok(None);
    }
    let mut head = [0; 8];
    file.read_exact_at(&mut head, at)?;
    let [size, kind] =
        [&head[..4], &head[4..]].map(|it| <[u8; 4]>::try_from(it).expect("four bytes"));
    let size = u64::from(u32::from_be_bytes(size));
    Ok((size >= 8 && at + size <= length).then_some((kind, size)))
}

/// What is in a box.
///
/// # Errors
/// What the system says, or that it is no such box.
pub fn body<A: Atom>(file: &mut File, at: u64, size: u64) -> Result<A> {
    if size > MOST {
        return Err(foreign());
    }
    let mut bytes = vec![0; size as usize - 8];
    file.seek(SeekFrom::Start(at + 8))?;
    file.read_exact(&mut bytes)?;
    A::decode_body(&mut &bytes[..]).map_err(|_| foreign())
}

/// When a fragment is over, in seconds.
pub fn end(moof: &Moof, moov: &Moov) -> f64 {
    let ends = moof.traf.iter().filter_map(|traf| {
        let of_it = |it: &&mp4_atom::Trak| it.tkhd.track_id == traf.tfhd.track_id;
        let timescale = moov.trak.iter().find(of_it)?.mdia.mdhd.timescale;
        let first = traf.tfdt.as_ref()?.base_media_decode_time;
        let samples = traf.trun.iter().flat_map(|it| it.samples.iter());
        let lasts: u64 = samples.filter_map(|it| it.duration).map(u64::from).sum();
        Some((first + lasts) as f64 / f64::from(timescale.max(1)))
    });
    ends.fold(0.0, f64::max)
}
