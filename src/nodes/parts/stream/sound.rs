//! The sound of a stream or film, as a child process decodes it: 16 kHz mono, with capture times, and what is missing.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::nut::{Nut, Unit};
use super::origin::{Film, Origin};
use super::timeout::TimeoutReader;
use crate::media::audio::{Audio, SAMPLE_RATE, duration_of};
use crate::media::clock::Time;
use crate::media::events::Gap;
use crate::media::mono::Channel;
use crate::media::resample::ToMono16k;

/// Seconds that timestamps and samples may part by before sound is missing: containers round.
const TOLERANCE: f64 = 0.04;

/// Asks FFmpeg for the first sound of its first input.
pub fn ask(command: &mut Command, output: &str) {
    command.args(["-map", "0:a:0", "-c:a", "pcm_f32le", "-flush_packets", "1"]);
    command.args(["-f", "nut", output]);
}

/// What is read of it.
#[derive(Debug)]
pub enum Piece {
    /// Samples.
    Sound(Arc<Audio>),
    /// None, from this time on.
    Lost(Time, Gap),
}

impl Piece {
    /// When it is over, and can be heard.
    pub fn at(&self) -> Time {
        match self {
            Piece::Sound(audio) => audio.end(),
            Piece::Lost(at, _) => *at,
        }
    }
}

/// Sound that is read from a child.
pub struct Sound<R> {
    source: Arc<str>,
    nut: Nut<BufReader<TimeoutReader<R>>>,
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
    channel: Channel,
    origin: Origin,
    run: Option<Run>,
    /// Until when there was sound, in nanoseconds.
    heard_to: Arc<AtomicU64>,
    /// To be given out, in this order.
    ready: VecDeque<Piece>,
}

/// Sound without a gap.
struct Run {
    convert: ToMono16k,
    rate: f64,
    /// Timestamp of its first sample.
    from: f64,
    /// What went into the converter, in samples of each channel.
    taken: u64,
    /// What came out.
    given: u64,
    first_sample: u64,
    start: Time,
    /// Capture time of the first sample that came out last.
    latest: Time,
}

impl<R: Read + AsFd> Sound<R> {
    /// Nothing is read yet. `heard_to` is until when `source` has given sound before, in nanoseconds.
    pub fn new(
        reader: TimeoutReader<R>,
        channel: Channel,
        origin: Origin,
        source: Arc<str>,
        heard_to: Arc<AtomicU64>,
    ) -> Sound<R> {
        Sound {
            source,
            nut: Nut::new(BufReader::new(reader)),
            bytes: Vec::new(),
            interleaved: Vec::new(),
            channel,
            origin,
            run: None,
            heard_to,
            ready: VecDeque::new(),
        }
    }

    /// Where it is read from.
    pub fn reader(&mut self) -> &mut TimeoutReader<R> {
        self.nut.input().get_mut()
    }

    /// Waits for more; none at the end.
    ///
    /// # Errors
    /// That of reading, or that this is no sound.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            match self.nut.next(&mut self.bytes)? {
                Some(unit) => self.take(unit)?,
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self, unit: Unit) -> io::Result<()> {
        let Some(stream) = self.nut.stream(unit.stream) else {
            return Ok(());
        };
        let (rate, channels) = stream.shape;
        let (samples, _) = self.bytes.as_chunks::<4>();
        self.interleaved.clear();
        self.interleaved
            .extend(samples.iter().map(|it| f32::from_le_bytes(*it)));
        let mut frames = samples.len() / (channels as usize).max(1);
        let mut stamp = unit.stamp;
        if let Origin::File(Film { zero, .. }) = self.origin
            && stamp < zero
        {
            // Before the start of the run there is no time.
            let early = (((zero - stamp) * rate as f64).round() as usize).min(frames);
            self.interleaved.drain(..early * channels as usize);
            (stamp, frames) = (stamp + early as f64 / rate as f64, frames - early);
        }
        if frames == 0 {
            return Ok(());
        }
        let end = stamp + frames as f64 / rate as f64;
        let (at, was_set) = match &self.origin {
            Origin::Live(clock) => clock.place(stamp, end),
            Origin::File(film) => (Time::from_secs_f64(stamp - film.zero), false),
        };
        let goes_on = self.run.as_ref().is_some_and(|it| it.goes_on_with(stamp));
        if !goes_on || was_set {
            self.begin(stamp, at, (rate, channels), was_set)?;
        }
        self.give(frames as u64, at.as_secs_f64() - stamp, stamp);
        Ok(())
    }

    /// Sound begins, at first or after a gap.
    fn begin(&mut self, stamp: f64, at: Time, shape: (u64, u64), was_set: bool) -> io::Result<()> {
        let heard_to = Time::from_nanos(self.heard_to.load(Relaxed));
        let (mut start, mut least) = (at.max(heard_to), 0);
        if let Some(before) = self.run.take() {
            let apart = stamp - before.expected();
            let (is_file, longest_pause) = match self.origin {
                Origin::File(film) => (true, film.longest_pause),
                Origin::Live(_) => (false, f64::INFINITY),
            };
            let jumps = was_set || apart < 0.0 || apart > longest_pause;
            let reason = match jumps {
                true => format!("the times of the sound jump by {apart:.2} s"),
                false => "sound is missing in the stream".to_owned(),
            };
            if jumps && is_file {
                start = heard_to;
            }
            // One at least is left out, or what comes next would pass for what follows.
            least = before.first_sample + before.given + 1;
            let gap = Gap::new(heard_to, start, reason);
            self.ready.push_back(Piece::Lost(heard_to, gap));
        }
        let mut run = Run::new(stamp, start, shape, self.channel).map_err(io::Error::other)?;
        run.first_sample = run.first_sample.max(least);
        self.run = Some(run);
        Ok(())
    }

    /// Converts so much, which has this timestamp; capture times are `ahead` of timestamps.
    fn give(&mut self, frames: u64, ahead: f64, stamp: f64) {
        let run = self.run.as_mut().expect("it has begun");
        // Containers round; a camera's clock and that of its sound card part.
        let off = stamp - run.expected();
        let mut samples = Vec::new();
        run.taken += frames;
        run.convert.push(&self.interleaved, &mut samples);
        if let Some(warning) = run.convert.warning() {
            tracing::warn!(node = %self.source, "{warning}");
        }
        if samples.is_empty() {
            return;
        }
        let live = matches!(self.origin, Origin::Live(_));
        let given = run.given as f64 / f64::from(SAMPLE_RATE);
        let at = match live {
            true => Time::from_secs_f64(run.from + given + off + ahead).max(run.latest),
            false => run.start.after(duration_of(run.given)),
        };
        let first_sample = run.first_sample + run.given;
        run.given += samples.len() as u64;
        run.latest = at;
        let audio = Audio {
            source: Arc::clone(&self.source),
            live,
            first_sample,
            at,
            samples,
        };
        self.heard_to.store(audio.end().as_nanos(), Relaxed);
        self.ready.push_back(Piece::Sound(Arc::new(audio)));
    }
}

impl Run {
    fn new(from: f64, start: Time, shape: (u64, u64), channel: Channel) -> Result<Run, String> {
        let (rate, channels) = shape;
        let channels = usize::try_from(channels).unwrap_or(usize::MAX);
        let whole = u32::try_from(rate).unwrap_or(u32::MAX);
        let index = u128::from(start.as_nanos()) * u128::from(SAMPLE_RATE) / 1_000_000_000;
        Ok(Run {
            convert: ToMono16k::new(whole, channels, channel)?,
            rate: rate as f64,
            from,
            taken: 0,
            given: 0,
            // It follows capture time, so that what is missing shows as a jump.
            first_sample: index as u64,
            start,
            latest: start,
        })
    }

    /// The timestamp of what comes next, if nothing is missing.
    fn expected(&self) -> f64 {
        self.from + self.taken as f64 / self.rate
    }

    fn goes_on_with(&self, stamp: f64) -> bool {
        (stamp - self.expected()).abs() <= TOLERANCE
    }
}
