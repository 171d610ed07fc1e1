//! A file that was not completed, by a kill or a power cut, is cut behind its last whole fragment and told how long it lasts.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use mp4_atom::{Atom, Moof, Moov};

use super::boxes::{encoded, lasting};

/// A head is no longer than this, nor is what tells of a fragment.
pub const MOST: u64 = 1 << 20;

/// Repairs a file if it needs that, and says so. One without a whole fragment is left for its owner to delete.
///
/// # Errors
/// What the system says, or that this is no such file.
pub fn repair(path: &Path) -> Result<bool> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let (mut at, mut whole) = (0, 0);
    let mut head: Option<(u64, Moov)> = None;
    // Seconds until the end of the whole fragments, and of the one that was begun.
    let (mut lasts, mut pending) = (0.0, 0.0);
    while let Some((kind, size)) = next(&mut file, at, length)? {
        match &kind {
            b"moov" => head = Some((at, body::<Moov>(&mut file, at, size)?)),
            b"moof" => {
                let Some((_, moov)) = &head else {
                    return Err(foreign());
                };
                pending = end(&body::<Moof>(&mut file, at, size)?, moov);
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
    let Some((at, mut moov)) = head else {
        return Err(foreign());
    };
    if moov.mvhd.duration > 0 {
        return Ok(false);
    }
    if whole == 0 {
        return Err(Error::new(
            ErrorKind::UnexpectedEof,
            "nothing whole is in it",
        ));
    }
    let before = encoded(&moov).len();
    let duration = (lasts * f64::from(moov.mvhd.timescale)) as u64;
    lasting(&mut moov, duration);
    let moov = encoded(&moov);
    file.set_len(whole)?;
    if moov.len() == before {
        file.write_all_at(&moov, at)?;
    }
    file.sync_data()?;
    Ok(true)
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
