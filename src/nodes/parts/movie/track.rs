//! One stream of a movie: its units as they wait to be written, and their times.

use std::sync::Arc;
use std::time::Duration;

use mp4_atom::{Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::entry::{self, Entry, Unfit, Written};
use super::pcm;
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium, Stream};

/// Flags of a sample that depends on no other, and of one that does.
pub const ALONE: u32 = 0x0200_0000;
const DEPENDS: u32 = 0x0101_0000;

/// A stream that is being written.
pub struct Track {
    /// Its number in the file.
    pub id: u32,
    /// What it is.
    pub stream: Arc<Stream>,
    /// How it is described.
    pub entry: Entry,
    samples: Vec<Sample>,
    data: Vec<u8>,
    /// Samples of sound that were packed anew.
    packed: u64,
    /// Whether units come in another order than they are shown.
    pub reorders: bool,
    /// How long before they are shown they must be decoded for that.
    pub delay: Duration,
    /// Ticks that are written.
    pub duration: i64,
}

struct Sample {
    at: Time,
    bytes: usize,
    key: bool,
}

/// What goes into a fragment.
pub struct Run {
    pub traf: Traf,
    pub data: Vec<u8>,
}

impl Track {
    /// Of the stream of this unit.
    ///
    /// # Errors
    /// As `entry::of`.
    pub fn of(id: u32, unit: &Coded) -> Result<Track, Unfit> {
        Ok(Track {
            id,
            stream: Arc::clone(&unit.stream),
            entry: entry::of(unit)?,
            samples: Vec::new(),
            data: Vec::new(),
            packed: 0,
            reorders: false,
            delay: Duration::ZERO,
            duration: 0,
        })
    }

    /// Whether it holds pictures.
    pub fn is_picture(&self) -> bool {
        matches!(self.stream.medium, Medium::Picture { .. })
    }

    /// When the first that waits is shown.
    pub fn first(&self) -> Option<Time> {
        self.samples.iter().map(|it| it.at).min()
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Finds out, by what waits, how long before they are shown units must be decoded.
    pub fn find_delay(&mut self) {
        let shown = self.samples.iter().map(|it| it.at);
        let mut sorted: Vec<Time> = shown.clone().collect();
        sorted.sort_unstable();
        let late = sorted.iter().zip(shown).map(|(nth, it)| nth.since(it));
        self.delay = late.max().unwrap_or_default();
    }

    /// Takes a unit.
    pub fn push(&mut self, unit: &Coded) {
        self.drop_early(unit.at);
        let before = self.data.len();
        match self.entry.form {
            Written::Flac(law) => return self.pack(unit, law),
            _ => entry::written(
                &self.stream.codec,
                &self.entry.form,
                &unit.data,
                &mut self.data,
            ),
        }
        let bytes = self.data.len() - before;
        if bytes == 0 {
            return;
        }
        self.reorders |= self.samples.last().is_some_and(|it| unit.at < it.at);
        self.samples.push(Sample {
            at: unit.at,
            bytes,
            key: unit.key || !self.is_picture(),
        });
    }

    /// Lets go of the last picture, unless it is the only one; gives when it was to be shown.
    pub fn cut_off(&mut self) -> Option<Time> {
        if !self.is_picture() || (self.samples.len() < 2 && self.duration == 0) {
            return None;
        }
        let last = self.samples.pop()?;
        self.data.truncate(self.data.len() - last.bytes);
        Some(last.at)
    }

    /// Sound from before the beginning of a film has the time of its beginning, as has what comes next.
    fn drop_early(&mut self, at: Time) {
        let is_early = |it: &mut Sample| it.at == at;
        if !self.is_picture()
            && let Some(early) = self.samples.pop_if(is_early)
        {
            self.data.truncate(self.data.len() - early.bytes);
        }
    }

    /// Packs sound, no more at a time than a frame of FLAC may hold.
    fn pack(&mut self, unit: &Coded, law: pcm::Law) {
        let Medium::Sound { rate, channels } = self.stream.medium else {
            return;
        };
        let channels = usize::from(channels.clamp(1, 8));
        let mut at = unit.at;
        for part in law.samples(&unit.data).chunks(pcm::BLOCK * channels) {
            let before = self.data.len();
            let count = (part.len() / channels) as u64;
            if count == 0 {
                continue;
            }
            pcm::pack(part, channels, self.packed, &mut self.data);
            self.packed += count;
            let bytes = self.data.len() - before;
            self.samples.push(Sample {
                at,
                bytes,
                key: true,
            });
            at = at.after(Duration::from_secs_f64(
                count as f64 / f64::from(rate.max(1)),
            ));
        }
    }

    /// All that waits; but not the last, unless it is known to end at `end`. Times count from the
    /// nanosecond `origin`.
    pub fn take(&mut self, origin: i64, end: Option<Time>) -> Option<Run> {
        let count = self.samples.len() - usize::from(end.is_none() && !self.samples.is_empty());
        if count == 0 {
            return None;
        }
        let ticks = |it: &Sample| self.ticks(it.at, origin);
        let shown: Vec<i64> = self.samples.iter().map(ticks).collect();
        let end = end.map(|it| self.ticks(it, origin));
        let next = shown.get(count).copied().or(end);
        let times = self.decoded(&shown[..count], next.unwrap_or_default());
        let is_picture = self.is_picture();
        let samples = self.samples.drain(..count).zip(&shown);
        let (mut bytes, mut entries) = (0, Vec::with_capacity(count));
        for ((sample, shown), time) in samples.zip(times.windows(2)) {
            bytes += sample.bytes;
            entries.push(TrunEntry {
                duration: u32::try_from(time[1] - time[0]).ok(),
                size: u32::try_from(sample.bytes).ok(),
                flags: Some(if sample.key { ALONE } else { DEPENDS }),
                cts: is_picture.then_some(shown - time[0]),
            });
        }
        self.duration = times[count];
        let rest = self.data.split_off(bytes);
        Some(Run {
            traf: traf(self.id, times[0], entries),
            data: std::mem::replace(&mut self.data, rest),
        })
    }

    /// When units are decoded that are shown at these times, and when the last of them is over: as many have been decoded
    /// as shown, one after the other, and all of them after what is written.
    fn decoded(&self, shown: &[i64], end: i64) -> Vec<i64> {
        let mut times = shown.to_vec();
        times.sort_unstable();
        times.push(end);
        let delay = self.delay.as_nanos() * u128::from(self.entry.timescale) / 1_000_000_000;
        times.iter_mut().for_each(|it| *it -= delay as i64);
        let mut earliest = self.duration;
        for time in &mut times {
            *time = (*time).max(earliest);
            earliest = *time + 1;
        }
        times
    }

    fn ticks(&self, at: Time, origin: i64) -> i64 {
        let nanos = i128::from(at.as_nanos()) - i128::from(origin);
        let scale = i128::from(self.entry.timescale);
        i64::try_from((nanos * scale + 500_000_000).div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }
}

fn traf(track_id: u32, first: i64, samples: Vec<TrunEntry>) -> Traf {
    Traf {
        tfhd: Tfhd {
            track_id,
            default_base_is_moof: true,
            ..Tfhd::default()
        },
        tfdt: Some(Tfdt {
            base_media_decode_time: u64::try_from(first).unwrap_or(0),
        }),
        trun: vec![Trun {
            data_offset: Some(0),
            samples: TrunSamples::Explicit(samples),
        }],
        ..Traf::default()
    }
}
