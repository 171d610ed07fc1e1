//! Frames through OpenCV: devices, streams and files.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::config::Config;
use super::elements;
use super::kept::Kept;
use super::medium::{Medium, RIBBON};
use super::opencv::{self, Backend, Capture, Property, Wish};
use super::rate::{RateLimit, silent, small_enough};
use super::room::Room;
use super::shot::Shot;
use super::timeline::Timeline;
use super::trial::Trial;
use crate::media::clock::Time;
use crate::media::events::Gap;
use crate::media::frame::Frame;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Starts to read; connecting happens on the reader's thread too.
pub fn start(medium: Medium, config: &Config, context: &Context) -> Blocking<Shot> {
    let name = format!("{}-read", context.id);
    let mut reader = Reader {
        live: medium.is_live(),
        stall_timeout: Duration::from_millis(config.stall_timeout_ms),
        limit: RateLimit::new(config.fps),
        room: Room::new(config),
        shape: (0, 0),
        timeline: Timeline::new(config.begins_at_s, medium.is_list()),
        next: None,
        kept: context.kept(),
        context: context.clone(),
    };
    let (config, context) = (config.clone(), context.clone());
    Blocking::start(
        &name,
        move || connect(&medium, &config, &context),
        move |capture| reader.read(capture),
    )
}

/// Loads what OpenCV needs for it. What is wrong is told when it is opened.
pub fn prepare(medium: &Medium) {
    let _ = opencv::prepare(backend(medium));
}

fn connect(medium: &Medium, config: &Config, context: &Context) -> Result<Capture> {
    let address = match medium {
        Medium::Device(path) => path.display().to_string(),
        Medium::Stream(uri) => uri.expose().to_owned(),
        Medium::GStreamer(uri) => {
            // OpenCV would wait for ever for a pipeline that lacks one.
            elements::check(uri.expose())?;
            uri.expose().to_owned()
        }
        Medium::Video(path) | Medium::Stills(path) => context.resolve(path).display().to_string(),
    };
    let mut wish = Wish {
        size: (config.width, config.height),
        ..Wish::of(&address, backend(medium))
    };
    if let Medium::Stream(_) = medium {
        wish.limits_ms = (config.connect_timeout_ms, config.stall_timeout_ms);
        let address = wish.address.to_owned();
        let limits_ms = wish.limits_ms;
        wish.expected = Trial { address, limits_ms }.run(&context.id, &context.stop)?;
    }
    let opened = Capture::open(&wish)?;
    let mut capture = opened.ok_or_else(|| unopened(medium, config))?;
    let [width, height] = [Property::Width, Property::Height].map(|it| capture.get(it) as u64);
    small_enough(width, height, config)?;
    Ok(capture)
}

fn backend(medium: &Medium) -> Backend {
    match medium {
        Medium::Device(_) => Backend::V4l2,
        Medium::Stream(_) | Medium::Video(_) | Medium::Stills(_) => Backend::Ffmpeg,
        Medium::GStreamer(_) => Backend::Gstreamer,
    }
}

/// OpenCV does not say why it cannot open something; this is what it can be.
fn unopened(medium: &Medium, config: &Config) -> Error {
    match medium {
        Medium::Device(_) => Error::retry(format!(
            "cannot be opened as a camera; does another program use it? {RIBBON}"
        )),
        Medium::Stream(_) => {
            Error::retry("cannot connect; is it on, and are address and password right?")
        }
        Medium::GStreamer(_) => Error::retry(
            "GStreamer does not start it; `gst-launch-1.0` with the same words says why",
        ),
        Medium::Video(_) | Medium::Stills(_) => {
            Error::fatal(format!("{} is no video that FFmpeg can read", config.uri))
        }
    }
}

/// Turns what OpenCV decodes into frames.
struct Reader {
    live: bool,
    stall_timeout: Duration,
    limit: RateLimit,
    room: Room,
    /// Width and height of the latest picture.
    shape: (u32, u32),
    timeline: Timeline,
    /// What comes after a jump in the times.
    next: Option<Shot>,
    kept: Arc<Kept>,
    context: Context,
}

impl Reader {
    fn read(&mut self, capture: &mut Capture) -> Result<Option<Shot>> {
        if let Some(shot) = self.next.take() {
            return Ok(Some(shot));
        }
        loop {
            let asked = Instant::now();
            let grabbed = capture.grab()?;
            // After a time-out FFmpeg's decoder gives what it had held back, as if it were new.
            if self.live && asked.elapsed() >= self.stall_timeout {
                return Err(silent(self.stall_timeout));
            }
            if !grabbed {
                return Ok(None);
            }
            let (at, gap) = self.capture_time(capture);
            let seq = self.kept.captured.fetch_add(1, Relaxed);
            if self.limit.passes(at) {
                let frame = Shot::Frame(self.retrieve(capture, at, seq)?);
                return Ok(Some(match gap {
                    Some(gap) => {
                        self.next = Some(frame);
                        Shot::Lost(at, gap)
                    }
                    None => frame,
                }));
            }
            if let Some(gap) = gap {
                return Ok(Some(Shot::Lost(at, gap)));
            }
        }
    }

    /// Now for a device; for a file its own times, which go on where they jump.
    fn capture_time(&mut self, capture: &mut Capture) -> (Time, Option<Gap>) {
        if self.live {
            return (self.context.clock.now(), None);
        }
        let stamped = capture.get(Property::PositionMs) / 1000.0;
        self.timeline.place(stamped, || {
            let rate = Some(capture.get(Property::Fps)).filter(|it| *it > 0.0);
            rate.map(f64::recip)
        })
    }

    fn retrieve(&mut self, capture: &mut Capture, at: Time, seq: u64) -> Result<Arc<Frame>> {
        let shape = &mut self.shape;
        let source = &self.context.id;
        self.room.share(|frame| {
            frame.source = Arc::clone(source);
            (frame.at, frame.seq) = (at, seq);
            capture.retrieve(frame, shape)
        })
    }
}
