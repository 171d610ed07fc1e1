//! NUT, the container in which FFmpeg hands on media with their timestamps, packet by packet and without delay.
//!
//! The names are those of the format's description, `nut.txt`, by Balatoni, Felker and Niedermayer.

mod codes;
mod numbers;

use std::io::{self, Read};

use self::codes::{
    CHECKSUM, CODED, CODED_PTS, Code, HEADER_IDX, INVALID, KEY, MATCH_TIME, RESERVED, SIDE_DATA,
    SIZE_MSB, STREAM_ID, codes,
};
use self::numbers::{damaged, read_into, small, v, vb};

/// The first bytes of a stream.
const MARK: &[u8] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4e4d_7a56_1f5f_04ad;
const STREAM: u64 = 0x4e53_1140_5bf2_f9db;
const SYNCPOINT: u64 = 0x4e4b_e4ad_eeca_4569;
/// Packets of a header that is longer have a checksum more.
const SHORT: u64 = 4096;

/// The class of streams of sound.
const SOUND: u64 = 1;

/// What is known of a stream before its first packet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    /// Its codec, as NUT names it.
    pub fourcc: Vec<u8>,
    /// What its decoder must know.
    pub parameters: Vec<u8>,
    /// Width and height in pixels, or samples a second and channels.
    pub shape: (u64, u64),
    /// Whether it is sound.
    pub is_sound: bool,
    time_base: usize,
    pts_shift: u32,
    last_pts: i64,
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Which stream it belongs to.
    pub stream: usize,
    /// Its timestamp in seconds.
    pub stamp: f64,
    /// Whether decoding can begin here.
    pub key: bool,
}

/// Reads a stream from its beginning.
pub struct Nut<R> {
    input: R,
    begun: bool,
    codes: Vec<Code>,
    /// Seconds of one tick, as fractions.
    time_bases: Vec<(u64, u64)>,
    /// What packets begin with that is left out of them.
    elisions: Vec<Vec<u8>>,
    streams: Vec<Stream>,
}

impl<R: Read> Nut<R> {
    /// Nothing is read yet.
    pub fn new(input: R) -> Nut<R> {
        Nut {
            input,
            begun: false,
            codes: Vec::new(),
            time_bases: Vec::new(),
            elisions: Vec::new(),
            streams: Vec::new(),
        }
    }

    /// Where it reads.
    pub fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// One of the streams.
    pub fn stream(&self, index: usize) -> Option<&Stream> {
        self.streams.get(index)
    }

    /// Reads on to the next packet and puts its bytes into `data`; none at the end.
    ///
    /// # Errors
    /// That of reading, or that this is no such stream, or that it ends in the middle.
    pub fn next(&mut self, data: &mut Vec<u8>) -> io::Result<Option<Unit>> {
        loop {
            let mut first = [0];
            if self.input.read(&mut first)? == 0 {
                return Ok(None);
            }
            if !self.begun {
                self.begin(first[0])?;
            } else if first[0] == b'N' {
                self.header()?;
            } else {
                return self.unit(first[0], data).map(Some);
            }
        }
    }

    fn begin(&mut self, first: u8) -> io::Result<()> {
        let mut mark = [first; MARK.len()];
        self.input.read_exact(&mut mark[1..])?;
        self.begun = mark == MARK;
        self.begun.then_some(()).ok_or_else(damaged)
    }

    /// A header of any kind, whose first byte has been read.
    fn header(&mut self) -> io::Result<()> {
        let mut code = [b'N'; 8];
        self.input.read_exact(&mut code[1..])?;
        let length = v(&mut self.input)?;
        if length > SHORT {
            self.input.read_exact(&mut [0; 4])?;
        }
        let mut bytes = Vec::new();
        read_into(&mut self.input, length, &mut bytes)?;
        let bytes = &mut bytes.as_slice();
        match u64::from_be_bytes(code) {
            MAIN => self.main(bytes),
            STREAM => self.add(bytes),
            SYNCPOINT => self.sync(bytes),
            _ => Ok(()),
        }
    }

    fn main(&mut self, from: &mut &[u8]) -> io::Result<()> {
        let version = v(from)?;
        if version > 3 {
            v(from)?;
        }
        let (_streams, _distance, bases) = (v(from)?, v(from)?, v(from)?);
        self.time_bases.clear();
        for _ in 0..small(bases, 256)? {
            self.time_bases.push((v(from)?, v(from)?.max(1)));
        }
        self.codes = codes(from)?;
        self.elisions = vec![Vec::new()];
        for _ in 0..small(v(from)?, 256)? {
            self.elisions.push(vb(from)?);
        }
        Ok(())
    }

    fn add(&mut self, from: &mut &[u8]) -> io::Result<()> {
        let index = small(v(from)?, 64)?;
        let class = v(from)?;
        let fourcc = vb(from)?;
        let time_base = small(v(from)?, self.time_bases.len())?;
        let pts_shift = small(v(from)?, 32)? as u32;
        let (_distance, _delay, _flags) = (v(from)?, v(from)?, v(from)?);
        let parameters = vb(from)?;
        let (first, second) = (v(from)?, v(from)?);
        // Of sound the rate is a fraction.
        let shape = match class {
            SOUND => (first / second.max(1), v(from)?),
            _ => (first, second),
        };
        if self.streams.len() <= index {
            self.streams.resize(index + 1, Stream::default());
        }
        let last_pts = self.streams[index].last_pts;
        self.streams[index] = Stream {
            fourcc,
            parameters,
            shape,
            is_sound: class == SOUND,
            time_base,
            pts_shift,
            last_pts,
        };
        Ok(())
    }

    /// From here on timestamps count from this one.
    fn sync(&mut self, from: &mut &[u8]) -> io::Result<()> {
        let value = v(from)?;
        let count = self.time_bases.len().max(1) as u64;
        let (id, ticks) = ((value % count) as usize, i128::from(value / count));
        let Some(&(num, denom)) = self.time_bases.get(id) else {
            return Err(damaged());
        };
        for stream in &mut self.streams {
            let (own_num, own_denom) = self.time_bases[stream.time_base];
            let scaled = ticks * i128::from(num) * i128::from(own_denom);
            let by = i128::from(denom) * i128::from(own_num.max(1));
            stream.last_pts = i64::try_from(scaled.div_euclid(by)).map_err(|_| damaged())?;
        }
        Ok(())
    }

    fn unit(&mut self, code: u8, data: &mut Vec<u8>) -> io::Result<Unit> {
        let input = &mut self.input;
        let Some(&code) = self.codes.get(usize::from(code)) else {
            return Err(damaged());
        };
        let mut flags = code.flags;
        if flags & CODED != 0 {
            flags ^= v(input)?;
        }
        if flags & (INVALID | SIDE_DATA) != 0 {
            return Err(damaged());
        }
        let index = match flags & STREAM_ID {
            0 => code.stream,
            _ => v(input)?,
        };
        let index = small(index, self.streams.len())?;
        let stream = &mut self.streams[index];
        stream.last_pts = match flags & CODED_PTS {
            0 => stream.last_pts.wrapping_add(code.pts_delta),
            _ => full_pts(v(input)?, stream)?,
        };
        let mut size = code.size_lsb;
        if flags & SIZE_MSB != 0 {
            let more = v(input)?.checked_mul(code.size_mul);
            size = more
                .and_then(|it| it.checked_add(size))
                .ok_or_else(damaged)?;
        }
        if flags & MATCH_TIME != 0 {
            v(input)?;
        }
        let header = match flags & HEADER_IDX {
            0 => code.header,
            _ => v(input)?,
        };
        let reserved = match flags & RESERVED {
            0 => code.reserved,
            _ => v(input)?,
        };
        for _ in 0..small(reserved, 256)? {
            v(input)?;
        }
        if flags & CHECKSUM != 0 {
            input.read_exact(&mut [0; 4])?;
        }
        // Large packets are whole.
        let header = if size > SHORT { 0 } else { header };
        let elided = &self.elisions[small(header, self.elisions.len())?];
        data.clear();
        data.extend_from_slice(elided);
        let rest = size.checked_sub(elided.len() as u64).ok_or_else(damaged)?;
        read_into(input, rest, data)?;
        let (num, denom) = self.time_bases[stream.time_base];
        Ok(Unit {
            stream: index,
            stamp: stream.last_pts as f64 * num as f64 / denom as f64,
            key: flags & KEY != 0,
        })
    }
}

/// The timestamp whose lowest bits, or all of it, a packet gives.
fn full_pts(coded: u64, stream: &Stream) -> io::Result<i64> {
    let coded = i64::try_from(coded).map_err(|_| damaged())?;
    let span = 1i64 << stream.pts_shift;
    if coded >= span {
        return Ok(coded - span);
    }
    let mask = span - 1;
    let from = stream.last_pts.wrapping_sub(mask / 2);
    Ok((coded.wrapping_sub(from) & mask).wrapping_add(from))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What FFmpeg writes of one tone and of the test picture, as `arguments` ask for it.
    fn written(arguments: &str) -> Option<Vec<u8>> {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error"]).args(arguments.split(' '));
        let output = command.args(["-f", "nut", "pipe:1"]).output();
        match output {
            Ok(output) => Some(output.stdout),
            Err(_) => {
                eprintln!("skipped: there is no ffmpeg");
                None
            }
        }
    }

    fn units(bytes: &[u8]) -> Vec<(Unit, usize)> {
        let (mut nut, mut data) = (Nut::new(bytes), Vec::new());
        let mut next = || Some((nut.next(&mut data).expect("it is whole")?, data.len()));
        std::iter::from_fn(&mut next).collect()
    }

    #[test]
    fn packets_have_their_times_and_bytes() {
        let sound = "-f lavfi -i sine=r=8000:d=1 -c:a pcm_f32le -af asetpts=PTS+20000";
        let Some(bytes) = written(sound) else { return };
        let all = units(&bytes);
        assert_eq!(all.iter().map(|it| it.1).sum::<usize>(), 4 * 8000);
        assert!((all[0].0.stamp - 2.5).abs() < 1e-6, "{:?}", all[0]);
        let mut samples = 0;
        for (unit, bytes) in &all {
            let expected = 2.5 + samples as f64 / 8000.0;
            assert!((unit.stamp - expected).abs() < 1e-6, "{unit:?}");
            samples += bytes / 4;
        }
        let mut nut = Nut::new(bytes.as_slice());
        nut.next(&mut Vec::new()).expect("it is whole");
        assert_eq!(nut.stream(0).map(|it| it.shape), Some((8000, 1)));
    }

    #[test]
    fn pictures_that_are_coded_out_of_order_are_told_apart_from_sound() {
        let film = "-f lavfi -i testsrc2=s=64x48:r=10:d=3 -f lavfi -i sine=r=16000:d=3 -c:v mpeg4 -bf 2 -g 10 -c:a flac";
        let Some(bytes) = written(film) else { return };
        let all = units(&bytes);
        let mut stamps: Vec<f64> = all
            .iter()
            .filter(|it| it.0.stream == 0)
            .map(|it| it.0.stamp)
            .collect();
        let keys = all.iter().filter(|it| it.0.stream == 0 && it.0.key).count();
        assert_eq!((stamps.len(), keys), (30, 4));
        assert!(!stamps.is_sorted(), "{stamps:?}");
        stamps.sort_by(f64::total_cmp);
        let apart: Vec<f64> = stamps.windows(2).map(|it| it[1] - it[0]).collect();
        assert!(apart.iter().all(|it| (it - 0.1).abs() < 1e-6), "{apart:?}");
        let sound = all
            .iter()
            .filter(|it| it.0.stream == 1)
            .map(|it| it.0.stamp);
        assert!(sound.is_sorted());
    }

    #[test]
    fn what_is_cut_or_changed_is_an_error_or_an_end_and_never_a_panic() {
        let Some(bytes) = written("-f lavfi -i sine=r=8000:d=0.5 -c:a pcm_s16le") else {
            return;
        };
        let read = |bytes: &[u8]| {
            let (mut nut, mut data) = (Nut::new(bytes), Vec::new());
            while let Ok(Some(_)) = nut.next(&mut data) {}
        };
        for cut in 0..bytes.len().min(600) {
            read(&bytes[..cut]);
            let mut other = bytes.clone();
            other[cut] ^= 0xff;
            read(&other);
        }
        assert!(
            Nut::new(&b"RIFF and so on, long enough"[..])
                .next(&mut Vec::new())
                .is_err()
        );
    }
}
