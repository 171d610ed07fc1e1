//! The packets of a stream or film as they are coded, with capture times.

use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::address::takes_options;
use super::nut::{self, Nut, Unit};
use super::origin::Origin;
use super::timeout::TimeoutReader;
use crate::media::clock::Time;
use crate::media::coded::{Coded, Medium, Stream};

/// Seconds that are added to timestamps on the way: sound begins before a film does, and NUT has no time before zero.
const AHEAD: f64 = 1000.0;
/// Codecs as NUT and FFmpeg name them.
const CODECS: [(&[u8], &str); 18] = [
    (b"H264", "h264"),
    (b"avc1", "h264"),
    (b"HEVC", "hevc"),
    (b"hvc1", "hevc"),
    (b"hev1", "hevc"),
    (b"MJPG", "mjpeg"),
    (b"mp4v", "mpeg4"),
    (b"VP80", "vp8"),
    (b"VP90", "vp9"),
    (b"AV01", "av1"),
    (b"mp4a", "aac"),
    (b"Opus", "opus"),
    (b"alaw", "pcm_alaw"),
    (b"ulaw", "pcm_mulaw"),
    (b"fLaC", "flac"),
    (b"mp3 ", "mp3"),
    (b"PSD\x10", "pcm_s16le"),
    (b"\x10DSP", "pcm_s16be"),
];
/// The same where NUT has the numbers of WAV files.
const NUMBERED: [(&[u8], &str); 4] = [
    (&[0xff, 0, 0, 0], "aac"),
    (&[6, 0, 0, 0], "pcm_alaw"),
    (&[7, 0, 0, 0], "pcm_mulaw"),
    (&[0x55, 0, 0, 0], "mp3"),
];

/// Asks FFmpeg for the first pictures of its first input, and its first sound if there is any.
pub fn ask(command: &mut Command, output: &str) {
    command.args(["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"]);
    // Of a camera that codes pictures out of order the first has no time, which NUT refuses: it begins with the next key picture.
    if takes_options() {
        command.args(["-bsf:v", "noise=drop=eq(pts\\,nopts)"]);
    }
    command.args(["-avoid_negative_ts", "disabled", "-flush_packets", "1"]);
    command.args(["-output_ts_offset", &AHEAD.to_string()]);
    command.args(["-f", "nut", output]);
}

/// Packets that are read from a child.
pub struct Packets<R> {
    source: Arc<str>,
    nut: Nut<BufReader<TimeoutReader<R>>>,
    origin: Origin,
    /// What is known of each stream.
    streams: Vec<Option<Known>>,
}

struct Known {
    stream: Arc<Stream>,
    latest: f64,
    /// How far the latest ones were apart.
    apart: [f64; 4],
}

impl Known {
    /// Pictures that are coded out of order are as far apart as the nearest of them.
    fn step(&self) -> f64 {
        let apart = self.apart.iter().copied().filter(|it| *it > 0.0);
        apart.reduce(f64::min).unwrap_or(0.0)
    }
}

impl<R: Read + AsFd> Packets<R> {
    /// Nothing is read yet.
    pub fn new(reader: TimeoutReader<R>, origin: Origin, source: Arc<str>) -> Packets<R> {
        Packets {
            source,
            nut: Nut::new(BufReader::new(reader)),
            origin,
            streams: Vec::new(),
        }
    }

    /// Where it is read from.
    pub fn reader(&mut self) -> &mut TimeoutReader<R> {
        self.nut.input().get_mut()
    }

    /// Waits for the next one; none at the end.
    ///
    /// # Errors
    /// That of reading, or that this is no such stream.
    pub fn next(&mut self) -> io::Result<Option<Arc<Coded>>> {
        let mut data = Vec::new();
        let Some(unit) = self.nut.next(&mut data)? else {
            return Ok(None);
        };
        let stamp = unit.stamp - AHEAD;
        let known = self.known(unit);
        let (stream, duration) = (Arc::clone(&known.stream), known.step());
        let (at, live) = match &self.origin {
            // A picture is complete when it is captured; its sound a little later.
            Origin::Live(clock) => (clock.place(stamp, stamp).0, true),
            Origin::File(film) => (Time::from_secs_f64(stamp - film.zero), false),
        };
        Ok(Some(Arc::new(Coded {
            source: Arc::clone(&self.source),
            live,
            stream,
            at,
            duration: Duration::from_secs_f64(duration),
            key: unit.key,
            data,
        })))
    }

    /// What is known of its stream now.
    fn known(&mut self, unit: Unit) -> &Known {
        if self.streams.len() <= unit.stream {
            self.streams.resize_with(unit.stream + 1, || None);
        }
        let about = self.nut.stream(unit.stream);
        let known = &mut self.streams[unit.stream];
        let known = known.get_or_insert_with(|| Known {
            stream: Arc::new(stream(unit.stream, about)),
            latest: unit.stamp,
            apart: [0.0; 4],
        });
        known.apart.rotate_left(1);
        known.apart[3] = (unit.stamp - known.latest).abs();
        known.latest = unit.stamp;
        known
    }
}

fn stream(index: usize, about: Option<&nut::Stream>) -> Stream {
    let about = about.cloned().unwrap_or_default();
    let of = |list: &[(&[u8], &'static str)]| {
        let found = list.iter().find(|it| it.0 == about.fourcc);
        found.map(|it| it.1)
    };
    let codec = of(&CODECS).or_else(|| of(&NUMBERED));
    let (first, second) = about.shape;
    let number = |it: u64| u32::try_from(it).unwrap_or(u32::MAX);
    Stream {
        index: index as u32,
        medium: match about.is_sound {
            true => Medium::Sound {
                rate: number(first),
                channels: u16::try_from(second).unwrap_or(u16::MAX),
            },
            false => Medium::Picture {
                width: number(first),
                height: number(second),
            },
        },
        codec: codec.map_or_else(
            || String::from_utf8_lossy(&about.fourcc).into_owned(),
            str::to_owned,
        ),
        parameters: about.parameters,
    }
}
