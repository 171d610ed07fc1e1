//! Whether all of a film is there, and how long it lasts, going by the boxes of its file.

use std::fs::File;
use std::io::{Read, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use mp4_atom::{Moof, Moov};

use super::repair::{MOST, body, end};

/// Fragments may end so much earlier than the film, in seconds: sound and pictures do not end together.
const ROUNDED: f64 = 1.0;

/// A film as its file tells of it.
#[derive(Debug, Default, PartialEq)]
pub struct Film {
    /// How long it lasts from its first picture on, if that is told.
    pub lasts: Option<Duration>,
    /// So much sound comes before its first picture.
    pub lead: Duration,
    /// Whether it is made of fragments, and nobody has written how long it lasts: those of `record` are complete then.
    pub is_open: bool,
    /// What of it is not there, in words.
    pub missing: Option<String>,
}

/// What the file of a film tells; none of what is no MP4 file.
///
/// # Errors
/// What the system says.
pub fn look(path: &Path) -> Result<Option<Film>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut first = [0; 8];
    let is_film = length >= 8 && file.read_exact(&mut first).is_ok() && first[4..] == *b"ftyp";
    if !is_film {
        return Ok(None);
    }
    let (mut film, mut head) = (Film::default(), None);
    let (mut lasts, mut first) = (0.0, None);
    let mut at = 0;
    while at < length {
        let Some((kind, size)) = next(&file, at, length)? else {
            film.missing = Some("it ends in the middle of a box".to_owned());
            break;
        };
        if at + size > length {
            film.missing = Some(format!("its last {} bytes are missing", at + size - length));
            break;
        }
        match &kind {
            b"moov" if size <= MOST => head = body::<Moov>(&mut file, at, size).ok(),
            b"moof" => {
                let moof = body::<Moof>(&mut file, at, size).ok();
                if let Some((moof, moov)) = moof.zip(head.as_ref()) {
                    lasts = f64::max(lasts, end(&moof, moov));
                    first.get_or_insert_with(|| begins(&moof, moov));
                }
            }
            _ => {}
        }
        at += size;
    }
    if let Some(moov) = head {
        film.tell(&moov, first, lasts);
    }
    Ok(Some(film))
}

impl Film {
    /// What its head tells, and its fragments if it has some: when the first of it and the first picture come, and until when it
    /// lasts.
    fn tell(&mut self, moov: &Moov, fragments: Option<(f64, f64)>, lasts: f64) {
        let seconds = moov.mvhd.duration as f64 / f64::from(moov.mvhd.timescale.max(1));
        self.is_open = fragments.is_some() && moov.mvhd.duration == 0;
        let (first, picture) = fragments.unwrap_or_default();
        self.lead = Duration::try_from_secs_f64(picture - first).unwrap_or_default();
        if seconds > 0.0 {
            self.lasts = Duration::try_from_secs_f64(seconds - picture).ok();
        }
        if self.missing.is_none() && fragments.is_some() && lasts + ROUNDED < seconds {
            self.missing = Some(format!("it holds {lasts:.1} of {seconds:.1} s"));
        }
    }
}

/// When the first of a fragment comes, and its first picture, in seconds.
fn begins(moof: &Moof, moov: &Moov) -> (f64, f64) {
    let (mut first, mut picture) = (f64::INFINITY, None);
    for traf in &moof.traf {
        let trak = moov
            .trak
            .iter()
            .find(|it| it.tkhd.track_id == traf.tfhd.track_id);
        let (Some(trak), Some(tfdt)) = (trak, &traf.tfdt) else {
            continue;
        };
        let sample = traf.trun.iter().flat_map(|it| it.samples.iter()).next();
        let late = sample.and_then(|it| it.cts).unwrap_or(0);
        let ticks = tfdt.base_media_decode_time as f64 + late as f64;
        let at = ticks / f64::from(trak.mdia.mdhd.timescale.max(1));
        first = f64::min(first, at);
        if trak.mdia.minf.vmhd.is_some() {
            picture = Some(at);
        }
    }
    match first.is_finite() {
        true => (first, picture.unwrap_or(first)),
        false => (0.0, 0.0),
    }
}

/// The kind and the size of the box there; none if not even these are there.
fn next(file: &File, at: u64, length: u64) -> Result<Option<([u8; 4], u64)>> {
    let mut head = [0; 16];
    let there = length.saturating_sub(at).min(16) as usize;
    file.read_exact_at(&mut head[..there], at)?;
    let [size, kind] =
        [&head[..4], &head[4..8]].map(|it| <[u8; 4]>::try_from(it).expect("four bytes"));
    let large = <[u8; 8]>::try_from(&head[8..]).expect("eight bytes");
    let size = match u32::from_be_bytes(size) {
        // It goes on to the end.
        0 => length - at,
        1 if there == 16 => u64::from_be_bytes(large),
        size => u64::from(size),
    };
    let is_box = there >= 8 && size >= 8 && at.checked_add(size).is_some();
    Ok(is_box.then_some((kind, size)))
}
