//! `camera`: frames from a device, a stream, a video file or still pictures.

mod capture;
mod child;
mod elements;
mod ffmpeg;
mod frozen;
mod gstreamer;
mod key_frames;
mod medium;
mod opencv;
mod pictures;
mod probe;
mod stills;

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use self::frozen::Frozen;
pub use self::key_frames::distance as key_frame_distance;
use self::medium::Medium;
pub use self::medium::devices as video_devices;
pub use self::opencv::version as opencv_version;
use super::condition::{Remedy, Watch};
use super::pace::{Metronome, Pace};
use crate::media::event::Condition;
use crate::media::frame::Frame;
use crate::media::packet::WithEvents;
use crate::pipeline::blocking::{Blocking, Next};
use crate::pipeline::context::Context;
use crate::pipeline::node::{Emit, Error, Flow, Misuse, Node, Result, Source};
use crate::pipeline::secret::Uri;

/// Longest wait for a frame before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// Options of `camera`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `0`, `/dev/video0`, `rtsp://…`, `http://…`, a GStreamer pipeline that ends in `appsink`, a
    /// video file, a picture, or pictures like `photos/*.jpg` (one second apart). A stream whose
    /// pictures change their size while they flow is put back into the first.
    pub uri: Uri,
    /// What decodes. Default: `opencv` where it can be loaded.
    #[serde(default)]
    pub backend: Option<Backend>,
    /// Frames per second at most; the rest are skipped before they cost anything. Default: all.
    #[serde(default)]
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub fps: Option<f64>,
    /// Files only: `fast` or `realtime`.
    #[serde(default)]
    pub pace: Pace,
    /// Width in pixels to ask a device for; it may choose another. GStreamer without OpenCV needs both.
    #[serde(default)]
    #[schemars(range(min = 16, max = 16384))]
    pub width: Option<u32>,
    /// Height in pixels to ask a device for; it may choose another.
    #[serde(default)]
    #[schemars(range(min = 16, max = 16384))]
    pub height: Option<u32>,
    /// How long connecting may take.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub connect_timeout_ms: u64,
    /// How long a device or stream may give no frame before it is opened anew.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub stall_timeout_ms: u64,
    /// How long a device or stream may give the very same picture before that is told.
    #[serde(default = "thirty_seconds")]
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub frozen_after_ms: u64,
    /// What else is done then.
    #[serde(default)]
    pub when_frozen: Remedy,
}

/// What decodes a camera's stream.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// OpenCV, in this process.
    Opencv,
    /// The program `ffmpeg`, or `gst-launch-1.0` for a pipeline of GStreamer: in a process of its own, so that a
    /// decoder that crashes is only restarted. Costs a copy of each picture.
    Ffmpeg,
}

impl Config {
    fn backend(&self) -> Backend {
        static TOLD: Once = Once::new();
        self.backend.unwrap_or_else(|| match opencv::version() {
            Ok(_) => Backend::Opencv,
            Err(why) => {
                TOLD.call_once(|| tracing::info!("without OpenCV, ffmpeg is taken: {why}"));
                Backend::Ffmpeg
            }
        })
    }
}

fn five_seconds() -> u64 {
    5_000
}

fn thirty_seconds() -> u64 {
    30_000
}

/// A picture and whether it came from something that cannot wait.
pub struct Camera {
    frames: Blocking<Arc<Frame>>,
    /// Read, but not due yet.
    held: Option<Arc<Frame>>,
    metronome: Metronome,
    live: bool,
    stall_timeout: Duration,
    last_frame: Instant,
    frozen: Frozen,
    watch: Watch,
}

impl Node for Camera {
    const NAME: &'static str = "camera";
    const ABOUT: &'static str = "Frames from a camera, a network stream, a video file or pictures.";
    const EXAMPLE: &'static str = "uri = \"/dev/video0\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let medium = Medium::of(&config.uri);
        let wrong = |option, message: &str, help: &str| Misuse {
            option,
            message: message.to_owned(),
            help: help.to_owned(),
        };
        let mut misuses = Vec::new();
        if let Err(message) = &medium {
            let help = "cameras are read from rtsp, rtsps, http, https, devices and files";
            misuses.push(wrong("uri", message, help));
        }
        let sized = config.width.is_some() && config.height.is_some();
        if matches!(medium, Ok(Medium::GStreamer(_)))
            && config.backend() == Backend::Ffmpeg
            && !sized
        {
            let help = "write both, in pixels";
            misuses.push(wrong(
                "uri",
                "GStreamer without OpenCV needs `width` and `height`",
                help,
            ));
        }
        if medium.is_ok_and(|it| it.is_live()) && config.pace == Pace::Realtime {
            let help = "a device has its own pace; remove this";
            misuses.push(wrong("pace", "only files have a pace", help));
        }
        misuses
    }

    fn open(config: &Config, context: &Context) -> Result<Camera> {
        let medium = Medium::of(&config.uri).map_err(Error::Fatal)?;
        medium.reachable(context)?;
        let live = medium.is_live();
        let mut frames = match &medium {
            Medium::Stills(pattern) => stills::start(&context.resolve(pattern), config, context)?,
            _ if config.backend() == Backend::Ffmpeg => child::start(medium, config, context),
            _ => capture::start(medium, config, context),
        };
        let patience = Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms);
        let held = frames
            .first(patience, &context.stop)
            .map_err(|error| match error {
                Error::Retry(why) => Error::Retry(format!("{}: {why}", config.uri)),
                fatal => fatal,
            })?;
        if held.is_none() && !context.stop.is_set() {
            let message = format!("{} holds no frame", config.uri);
            return Err(if live {
                Error::Retry(message)
            } else {
                Error::Fatal(message)
            });
        }
        Ok(Camera {
            frames,
            held,
            metronome: Metronome::new(config.pace, &context.clock),
            live,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms),
            last_frame: Instant::now(),
            frozen: Frozen::default(),
            watch: Watch::new(
                Condition::Frozen,
                config.frozen_after_ms,
                config.when_frozen,
                context,
            ),
        })
    }
}

impl Source for Camera {
    type Out = WithEvents<Arc<Frame>>;

    fn is_live(config: &Config) -> bool {
        Medium::of(&config.uri).is_ok_and(|medium| medium.is_live())
    }

    fn prepare(config: &Config) {
        match (config.backend(), Medium::of(&config.uri)) {
            (Backend::Opencv, Ok(medium)) => capture::prepare(&medium),
            (Backend::Ffmpeg, Ok(Medium::Stream(_))) => {
                ffmpeg::takes_options();
            }
            _ => {}
        }
    }

    fn is_there(config: &Config) -> Option<bool> {
        probe::is_there(&Medium::of(&config.uri).ok()?)
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if let Some(frame) = &self.held {
            if self.metronome.is_time(frame.at) {
                out.send(WithEvents::Item(self.held.take().expect("it is held")));
            }
            return Ok(Flow::More);
        }
        match self.frames.next(LOOK_UP)? {
            Next::Item(frame) => {
                self.last_frame = Instant::now();
                if self.live {
                    let still = self.frozen.still_for(&frame);
                    let told = self.watch.note(frame.at, still)?;
                    told.into_iter()
                        .for_each(|it| out.send(WithEvents::Event(it)));
                }
                self.held = Some(frame);
                Ok(Flow::More)
            }
            Next::End if self.live => Err(Error::retry("the stream ended")),
            Next::End => Ok(Flow::Done),
            // A file that is decoded slowly, or of which few frames are wanted, would begin anew.
            Next::Nothing if self.live && self.last_frame.elapsed() > self.stall_timeout => {
                Err(silent(self.stall_timeout))
            }
            Next::Nothing => Ok(Flow::More),
        }
    }
}

fn silent(stall_timeout: Duration) -> Error {
    Error::retry(format!("no frame for {} s", stall_timeout.as_secs_f64()))
}

/// Lets frames through at a limited rate.
struct RateLimit {
    interval: Duration,
    due: Option<crate::media::clock::Time>,
}

impl RateLimit {
    fn new(fps: Option<f64>) -> RateLimit {
        let interval = Duration::from_secs_f64(fps.map_or(0.0, f64::recip));
        RateLimit {
            interval,
            due: None,
        }
    }

    /// Whether a frame of this capture time may pass. Timestamps are rounded in many containers,
    /// so a frame that is a millisecond early is in time.
    fn passes(&mut self, at: crate::media::clock::Time) -> bool {
        let due = *self.due.get_or_insert(at);
        if at.after(Duration::from_millis(1)) < due {
            return false;
        }
        // After a pause the rhythm starts anew instead of catching up in a burst.
        let behind = at.since(due) > self.interval;
        self.due = Some(if behind { at } else { due }.after(self.interval));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::clock::Time;

    #[test]
    fn a_rate_limit_takes_every_third_frame_of_thirty_a_second() {
        let mut limit = RateLimit::new(Some(10.0));
        let passed = (0..90).filter(|n| limit.passes(Time::from_secs_f64(f64::from(*n) / 30.0)));
        assert_eq!(
            passed.collect::<Vec<_>>(),
            (0..90).step_by(3).collect::<Vec<_>>()
        );
    }
}
