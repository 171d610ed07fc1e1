//! Access units as they came from a camera, put into MP4 files that play while they are written: a head, and a fragment
//! about every second (ISO/IEC 14496-12, 8.8).

mod adts;
mod bits;
mod boxes;
mod entry;
mod length;
mod nal;
mod parameters;
mod pcm;
mod repair;
mod track;

use std::time::Duration;

use mp4_atom::{FragmentInfo, Ftyp, Mehd, Mfhd, Mfra, Mfro, Moof, Moov, Mvex, Mvhd, Tfra};

use self::boxes::{encoded, lasting, trak, trex};
pub use self::entry::Unfit;
pub use self::length::look;
pub use self::repair::Left;
use self::track::{Run, Track};
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium};

/// What waits is written when it lasts so long.
const FRAGMENT: Duration = Duration::from_secs(1);
/// Of pictures that are not shown in their order, a whole group waits, but no more than so many bytes.
const MOST_WAITING: usize = 32 << 20;
/// Ticks of the whole movie a second.
const TIMESCALE: u32 = 1000;

/// One file in the making. It holds what is not in a fragment yet.
pub struct Movie {
    tracks: Vec<Track>,
    /// Nanoseconds on the capture clock that are time zero of the file, once its head is made.
    origin: Option<i64>,
    fragments: u32,
    /// Where fragments begin that begin with a key picture, and when that is shown.
    keys: Vec<FragmentInfo>,
    /// Bytes that were made so far.
    length: u64,
    /// Why a stream is left out.
    left_out: Option<Unfit>,
    /// Whether sound that would fit has come too late to be told in its head.
    late: bool,
}

impl Movie {
    /// Begins with a key picture; `sound` is a packet of the sound that will come with it, if that is known.
    ///
    /// # Errors
    /// What keeps it out of the file.
    pub fn begin(picture: &Coded, sound: Option<&Coded>) -> Result<Movie, Unfit> {
        let mut movie = Movie {
            tracks: vec![Track::of(1, picture)?],
            origin: None,
            fragments: 0,
            keys: Vec::new(),
            length: 0,
            left_out: None,
            late: false,
        };
        movie.tracks[0].push(picture);
        movie
            .tracks
            .extend(sound.and_then(|it| Track::of(2, it).ok()));
        Ok(movie)
    }

    /// Whether a unit can be shown with what is known from the head of the file.
    pub fn fits(&self, unit: &Coded) -> bool {
        let Some(track) = self.track(unit) else {
            return true;
        };
        let same = track.stream == unit.stream;
        // Parameter sets may change from one key picture to the next.
        same && (!unit.key || !track.is_picture() || {
            entry::of(unit).is_ok_and(|it| it == track.entry)
        })
    }

    /// Takes a unit; gives the bytes that are to be written before. A stream that is heard of later than the first
    /// fragment is left out, and so is sound that does not fit.
    pub fn push(&mut self, unit: &Coded) -> Vec<u8> {
        let is_first = self.track(unit).is_none();
        if is_first && (self.origin.is_some() || is_picture(unit)) {
            self.late |= !is_picture(unit) && entry::of(unit).is_ok();
            return Vec::new();
        }
        let mut made = Vec::new();
        if self.is_due(unit) {
            // A group of pictures ends where the next begins.
            let is_key = is_picture(unit) && unit.key;
            made = self.fragment(|it| (is_key && it.is_picture()).then_some(unit.at));
        }
        if is_first {
            match Track::of(self.tracks.len() as u32 + 1, unit) {
                Ok(track) => self.tracks.push(track),
                Err(unfit) => self.left_out = Some(unfit),
            }
        }
        // Pictures before the first key picture need others that are not here.
        let early = is_picture(unit)
            && self.origin.is_none()
            && self.tracks[0].first().is_some_and(|it| unit.at < it);
        if let Some(track) = self
            .tracks
            .iter_mut()
            .find(|it| it.stream.index == unit.stream.index)
            && !early
        {
            track.push(unit);
        }
        made
    }

    /// Why a stream is left out, if one is.
    pub fn left_out(&self) -> Option<&Unfit> {
        self.left_out.as_ref()
    }

    /// Whether another film would have sound that this one lacks.
    pub fn lacks_sound(&self) -> bool {
        self.late
    }

    /// Leaves out the last picture, of which a camera that was lost may have sent half; gives when that was to be shown.
    pub fn cut_off(&mut self) -> Option<Time> {
        self.tracks[0].cut_off()
    }

    /// All that still waits, and where key pictures are; `end` is when the last of it is over.
    pub fn finish(&mut self, end: Time) -> Vec<u8> {
        let mut made = self.fragment(|_| Some(end));
        let mut mfra = Mfra {
            tfra: vec![Tfra {
                track_id: 1,
                entries: std::mem::take(&mut self.keys),
            }],
            mfro: Mfro { parent_size: 0 },
        };
        let size = encoded(&mfra).len();
        mfra.mfro.parent_size = size as u32;
        made.extend(encoded(&mfra));
        made
    }

    /// The head of the file, as long as the one that was made first, with how long it lasts.
    pub fn head(&self) -> Vec<u8> {
        let lasts = |it: &Track| {
            it.duration.max(0) as u64 * u64::from(TIMESCALE) / u64::from(it.entry.timescale)
        };
        let duration = self.tracks.iter().map(lasts).max().unwrap_or(0);
        let mut head = encoded(&Ftyp {
            major_brand: b"iso6".into(),
            minor_version: 0,
            compatible_brands: vec![b"iso6".into(), b"mp41".into()],
        });
        let mut moov = Moov {
            mvhd: Mvhd {
                timescale: TIMESCALE,
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: self.tracks.len() as u32 + 1,
                ..Mvhd::default()
            },
            mvex: Some(Mvex {
                mehd: Some(Mehd::default()),
                trex: self.tracks.iter().map(trex).collect(),
            }),
            trak: self.tracks.iter().map(trak).collect(),
            ..Moov::default()
        };
        lasting(&mut moov, duration);
        head.extend(encoded(&moov));
        head
    }

    fn track(&self, unit: &Coded) -> Option<&Track> {
        self.tracks
            .iter()
            .find(|it| it.stream.index == unit.stream.index)
    }

    /// Whether what waits is to be written before this unit comes.
    fn is_due(&self, unit: &Coded) -> bool {
        let pictures = &self.tracks[0];
        let is_key = is_picture(unit) && unit.key;
        let waits = self.tracks.iter().filter_map(Track::first).min();
        let long = waits.is_some_and(|it| unit.at.since(it) >= FRAGMENT);
        let bytes: usize = self.tracks.iter().map(Track::bytes).sum();
        is_key || bytes > MOST_WAITING || (long && !pictures.reorders)
    }

    /// What waits, as a fragment, behind the head if it is the first.
    fn fragment(&mut self, end: impl Fn(&Track) -> Option<Time>) -> Vec<u8> {
        let mut made = Vec::new();
        let origin = match self.origin {
            Some(origin) => origin,
            None => {
                let first = self.tracks.iter().filter_map(Track::first).min();
                self.tracks[0].find_delay();
                let first = first.unwrap_or(Time::ZERO).as_nanos() as i64;
                let origin = first - self.tracks[0].delay.as_nanos() as i64;
                self.origin = Some(origin);
                made = self.head();
                origin
            }
        };
        let tracks = self.tracks.iter_mut();
        let runs: Vec<Run> = tracks.filter_map(|it| it.take(origin, end(it))).collect();
        if !runs.is_empty() {
            self.fragments += 1;
            self.note_key(&runs, self.length + made.len() as u64);
            write_fragment(self.fragments, runs, &mut made);
        }
        self.length += made.len() as u64;
        made
    }

    fn note_key(&mut self, runs: &[Run], moof_offset: u64) {
        let traf = &runs[0].traf;
        let first = traf.trun[0].samples.iter().next();
        let is_key =
            traf.tfhd.track_id == 1 && first.is_some_and(|it| it.flags == Some(track::ALONE));
        if is_key {
            self.keys.push(FragmentInfo {
                time: traf.tfdt.as_ref().map_or(0, |it| it.base_media_decode_time),
                moof_offset,
                traf_number: 1,
                trun_number: 1,
                sample_delta: 1,
            });
        }
    }
}

fn is_picture(unit: &Coded) -> bool {
    matches!(unit.stream.medium, Medium::Picture { .. })
}

fn write_fragment(number: u32, runs: Vec<Run>, to: &mut Vec<u8>) {
    let (trafs, datas): (Vec<_>, Vec<_>) = runs.into_iter().map(|it| (it.traf, it.data)).unzip();
    let mut moof = Moof {
        mfhd: Mfhd {
            sequence_number: number,
        },
        traf: trafs,
    };
    // Data begins behind the box and the head of the next.
    let mut offset = encoded(&moof).len() + 8;
    for (traf, data) in moof.traf.iter_mut().zip(&datas) {
        traf.trun[0].data_offset = i32::try_from(offset).ok();
        offset += data.len();
    }
    to.extend(encoded(&moof));
    let length: usize = datas.iter().map(Vec::len).sum();
    to.extend_from_slice(&(length as u32 + 8).to_be_bytes());
    to.extend_from_slice(b"mdat");
    datas.iter().for_each(|it| to.extend_from_slice(it));
}
