//! Frames from a child process, `ffmpeg` or `gst-launch-1.0`: needs no OpenCV, and what kills a decoder kills the child.

mod ffmpeg;
mod gstreamer;
mod pictures;
mod recipe;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use self::pictures::Pictures;
use super::config::Config;
use super::kept::Kept;
use super::medium::Medium;
use super::rate::RateLimit;
use super::shot::Shot;
use super::timeline::Timeline;

use crate::media::clock::Time;
use crate::media::events::Gap;
use crate::media::frame::{Frame, PixelFormat};
use crate::media::recycle::Recycle;
use crate::nodes::parts::stream::address;
use crate::nodes::parts::stream::clock::StreamClock;
use crate::nodes::parts::stream::pipe::Pipe;
use crate::nodes::parts::stream::sound::{Origin, Piece, Sound};
use crate::nodes::parts::stream::timeout::TimeoutReader;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Sound may pause as long as pictures come: cameras send none while a microphone is off.
const ANY_PAUSE: Duration = Duration::from_secs(u32::MAX as u64);

/// Finds out what takes time to find out, before a stream is there.
pub fn prepare() {
    address::takes_options();
}

/// Starts to read pictures; the child is started on the reader's thread.
pub fn start(medium: Medium, config: &Config, context: &Context) -> Blocking<Shot> {
    start_with(medium, config, context, None)
}

/// Starts to read pictures and sound, by one connection and on one clock.
///
/// # Errors
/// `Retry` if the system has no pipe left.
pub fn start_both(
    medium: Medium,
    config: &Config,
    context: &Context,
) -> Result<(Blocking<Shot>, Blocking<Piece>)> {
    let (output, pipe) = Pipe::new().map_err(|error| Error::retry(error.to_string()))?;
    let clock = Arc::new(StreamClock::new(context.clock.clone()));
    let (zero, zeroed) = bounded(1);
    let live = medium.is_live();
    let beside = Beside {
        pipe,
        clock: live.then(|| Arc::clone(&clock)),
        zero,
    };
    let shots = start_with(medium, config, context, Some(beside));
    let name = format!("{}-hear", context.id);
    let (channel, context) = (config.channel, context.clone());
    let open = move || {
        let origin = match live {
            true => Origin::Live(clock),
            false => Origin::File(first(&zeroed)),
        };
        let reader = TimeoutReader {
            output,
            patience: ANY_PAUSE,
            stop: context.stop.clone(),
        };
        let kept = context.kept::<Kept>();
        let (source, heard_to) = (Arc::clone(&context.id), Arc::clone(&kept.heard_to));
        Ok(Sound::new(reader, channel, origin, source, heard_to))
    };
    let read = |sound: &mut Sound<_>| {
        let next = sound.next();
        next.map_err(|error| Error::retry(format!("its sound: {error}")))
    };
    Ok((shots, Blocking::start(&name, open, read)))
}

/// The timestamp of the first picture; zero if there is none, which its reader tells.
fn first(zeroed: &Receiver<f64>) -> f64 {
    zeroed.recv().unwrap_or(0.0)
}

/// What is beside the pictures.
struct Beside {
    pipe: Pipe,
    /// A camera's clock; none of a film.
    clock: Option<Arc<StreamClock>>,
    /// Where the timestamp of a film's first picture is told.
    zero: Sender<f64>,
}

fn start_with(
    medium: Medium,
    config: &Config,
    context: &Context,
    beside: Option<Beside>,
) -> Blocking<Shot> {
    let name = format!("{}-read", context.id);
    let (pipe, clock, zero) = match beside {
        Some(Beside { pipe, clock, zero }) => (Some(pipe), clock, Some(zero)),
        None => (None, None, None),
    };
    let mut reader = Reader {
        limit: RateLimit::new(config.fps),
        pool: Recycle::new(Frame::empty),
        timeline: Timeline::default(),
        clock,
        zero,
        latest: Time::ZERO,
        next: None,
        kept: context.kept(),
        context: context.clone(),
    };
    let (config, context) = (config.clone(), context.clone());
    let open = move || {
        let recipe = match &medium {
            Medium::GStreamer(uri) => gstreamer::recipe(uri, &config)?,
            _ => ffmpeg::recipe(&medium, &config, &context, pipe.as_ref())?,
        };
        Pictures::open(recipe, &config, &context)
    };
    Blocking::start(&name, open, move |pictures| reader.read(pictures))
}

/// Turns what a child writes into frames.
struct Reader {
    limit: RateLimit,
    pool: Recycle<Frame>,
    timeline: Timeline,
    /// That of a camera whose sound is read too.
    clock: Option<Arc<StreamClock>>,
    zero: Option<Sender<f64>>,
    /// Times never go back.
    latest: Time,
    /// What comes after a jump in the times.
    next: Option<Shot>,
    kept: Arc<Kept>,
    context: Context,
}

impl Reader {
    fn read(&mut self, pictures: &mut Pictures) -> Result<Option<Shot>> {
        if let Some(shot) = self.next.take() {
            return Ok(Some(shot));
        }
        match self.next(pictures) {
            Ok(Some(shot)) => Ok(Some(shot)),
            Ok(None) => pictures.ended(None).map(|()| None),
            Err(error) => pictures.ended(Some(error)).map(|()| None),
        }
    }

    fn next(&mut self, pictures: &mut Pictures) -> io::Result<Option<Shot>> {
        while let Some((width, height)) = pictures.next_size()? {
            let (at, gap) = self.place(pictures.stamp());
            let seq = self.kept.captured.fetch_add(1, Relaxed);
            if !self.limit.passes(at) {
                pictures.skip_rows((width, height))?;
                match gap {
                    Some(gap) => return Ok(Some(Shot::Lost(at, gap))),
                    None => continue,
                }
            }
            let source = &self.context.id;
            let frame = self.pool.share(|frame| {
                frame.source = Arc::clone(source);
                (frame.at, frame.seq) = (at, seq);
                pictures.read_rows(frame.reshape(width, height, PixelFormat::Bgr8), width)
            })?;
            return Ok(Some(match gap {
                Some(gap) => {
                    self.next = Some(Shot::Frame(frame));
                    Shot::Lost(at, gap)
                }
                None => Shot::Frame(frame),
            }));
        }
        Ok(None)
    }

    /// When a picture was captured: now where nothing is known of it, else as its medium says.
    fn place(&mut self, stamp: Option<f64>) -> (Time, Option<Gap>) {
        let (at, gap) = match (stamp, &self.clock) {
            (None, _) => (self.context.clock.now(), None),
            (Some(stamp), Some(clock)) => (clock.place(stamp, stamp).0.max(self.latest), None),
            (Some(stamp), None) => {
                if let Some(zero) = self.zero.take() {
                    // Without sound nobody asks.
                    let _ = zero.send(stamp);
                }
                self.timeline.place(stamp, || None)
            }
        };
        self.latest = at;
        (at, gap)
    }
}
