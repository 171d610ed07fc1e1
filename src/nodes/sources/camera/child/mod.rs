//! Frames from a child process, `ffmpeg` or `gst-launch-1.0`: needs no OpenCV, and what kills a decoder kills the child.

mod ffmpeg;
mod gstreamer;
mod pictures;
mod recipe;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use self::pictures::Pictures;
use super::config::Config;
use super::medium::Medium;
use super::rate::RateLimit;
use super::shot::Shot;
use super::timeline::Timeline;

use crate::media::frame::{Frame, PixelFormat};
use crate::media::recycle::Recycle;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// Finds out what takes time to find out, before a stream is there.
pub fn prepare() {
    ffmpeg::takes_options();
}

/// Starts to read; the child is started on the reader's thread.
pub fn start(medium: Medium, config: &Config, context: &Context) -> Blocking<Shot> {
    let name = format!("{}-read", context.id);
    let mut reader = Reader {
        limit: RateLimit::new(config.fps),
        pool: Recycle::new(Frame::empty),
        timeline: Timeline::default(),
        next: None,
        captured: context.kept(),
        context: context.clone(),
    };
    let (config, context) = (config.clone(), context.clone());
    let open = move || {
        let recipe = match &medium {
            Medium::GStreamer(uri) => gstreamer::recipe(uri, &config)?,
            _ => ffmpeg::recipe(&medium, &config, &context)?,
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
    /// What comes after a jump in the times.
    next: Option<Shot>,
    /// Frames of all instances so far.
    captured: Arc<AtomicU64>,
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
            let (at, gap) = match pictures.stamp() {
                // Now for a device; for a file, what it says.
                None => (self.context.clock.now(), None),
                Some(stamp) => self.timeline.place(stamp, || None),
            };
            let seq = self.captured.fetch_add(1, Relaxed);
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
}
