//! Frames from a child process, `ffmpeg` or `gst-launch-1.0`: needs no OpenCV, and what kills a decoder kills the child.

mod ffmpeg;
mod gstreamer;
mod pictures;
mod recipe;

use std::io::{self, PipeReader};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crossbeam_channel::{Sender, bounded};

use self::pictures::Pictures;
use super::config::Config;
use super::kept::Kept;
use super::medium::Medium;
use super::rate::RateLimit;
use super::room::Room;
use super::shot::Shot;
use super::timeline::Timeline;

use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::Gap;
use crate::media::frame::PixelFormat;
use crate::nodes::parts::stream::address;
use crate::nodes::parts::stream::clock::StreamClock;
use crate::nodes::parts::stream::origin::{Film, Origin};
use crate::nodes::parts::stream::pipe::Pipe;
use crate::nodes::parts::stream::sound::{Piece, Sound};
use crate::nodes::parts::stream::timeout::TimeoutReader;
use crate::nodes::parts::stream::unseen::{self, ANY_PAUSE};
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Finds out what takes time to find out, before a stream is there.
pub fn prepare() {
    address::takes_options();
}

/// What is read of one child, each by a thread of its own.
pub struct Readers {
    /// Pictures.
    pub shots: Blocking<Shot>,
    /// Sound.
    pub sound: Option<Blocking<Piece>>,
    /// Packets.
    pub packets: Option<Blocking<Arc<Coded>>>,
}

/// Starts to read pictures, and by the same connection and on the same clock, sound and packets if they are wanted. The
/// child is started on the pictures' thread.
///
/// # Errors
/// `Retry` if the system has no pipe left.
pub fn start(
    medium: Medium,
    (with_sound, with_packets): (bool, bool),
    config: &Config,
    context: &Context,
) -> Result<Readers> {
    let pipe = || Pipe::new().map_err(|error| Error::retry(error.to_string()));
    let sound = with_sound.then(pipe).transpose()?;
    let packets = with_packets.then(pipe).transpose()?;
    let (sound, sound_pipe) = sound.unzip();
    let (packets, packets_pipe) = packets.unzip();
    let clock = Arc::new(StreamClock::new(context.clock.clone()));
    // One for each who waits for it.
    let (zero, zeroed) = bounded(2);
    let is_timed = medium.is_live() && (with_sound || with_packets);
    let camera = medium.is_live().then(|| Arc::clone(&clock));
    let (begins_at, is_list) = (config.begins_at_s, medium.is_list());
    let origin = move || match camera {
        Some(clock) => Origin::Live(clock),
        // Without a picture, which its reader tells, nothing is to be placed.
        None => {
            let first = zeroed.recv().unwrap_or(0.0);
            Origin::File(Film::new(first, begins_at, is_list))
        }
    };
    let reader = Reader {
        limit: RateLimit::new(config.fps),
        room: Room::new(config),
        timeline: Timeline::new(begins_at, is_list),
        clock: is_timed.then_some(clock),
        zero: Some(zero),
        latest: Time::ZERO,
        next: None,
        kept: context.kept(),
        context: context.clone(),
    };
    let packets_origin = origin.clone();
    Ok(Readers {
        shots: pictures(medium, reader, config, (sound_pipe, packets_pipe)),
        sound: sound.map(|it| hear(it, config, context, origin)),
        packets: packets.map(|it| unseen::packets_beside(it, context, packets_origin)),
    })
}

fn pictures(
    medium: Medium,
    mut reader: Reader,
    config: &Config,
    pipes: (Option<Pipe>, Option<Pipe>),
) -> Blocking<Shot> {
    let name = format!("{}-read", reader.context.id);
    let (config, context) = (config.clone(), reader.context.clone());
    let open = move || {
        let recipe = match &medium {
            Medium::GStreamer(uri) => gstreamer::recipe(uri, &config)?,
            _ => {
                let pipes = (pipes.0.as_ref(), pipes.1.as_ref());
                ffmpeg::recipe(&medium, &config, &context, pipes)?
            }
        };
        Pictures::open(recipe, &config, &context)
    };
    Blocking::start(&name, open, move |pictures| reader.read(pictures))
}

fn hear(
    output: PipeReader,
    config: &Config,
    context: &Context,
    origin: impl FnOnce() -> Origin + Send + 'static,
) -> Blocking<Piece> {
    let name = format!("{}-hear", context.id);
    let (channel, context) = (config.channel, context.clone());
    let open = move || {
        let reader = TimeoutReader {
            output,
            // Cameras send none while their microphone is off.
            patience: ANY_PAUSE,
            stop: context.stop.clone(),
        };
        let kept = context.kept::<Kept>();
        let (source, heard_to) = (Arc::clone(&context.id), Arc::clone(&kept.heard_to));
        Ok(Sound::new(reader, channel, origin(), source, heard_to))
    };
    let read = |sound: &mut Sound<_>| {
        let next = sound.next();
        next.map_err(|error| Error::retry(format!("its sound: {error}")))
    };
    Blocking::start(&name, open, read)
}

/// Turns what a child writes into frames.
struct Reader {
    limit: RateLimit,
    room: Room,
    timeline: Timeline,
    /// That of a camera of which more than pictures is read.
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
            let frame = self.room.share(|frame| {
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
                    // Those who do not wait for it do not hear it.
                    let _ = zero.try_send(stamp);
                    let _ = zero.try_send(stamp);
                }
                self.timeline.place(stamp, || None)
            }
        };
        self.latest = at;
        (at, gap)
    }
}
