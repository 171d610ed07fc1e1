//! `camera`: frames from a device, a stream, a video file or still pictures.

mod at_hand;
mod capture;
mod child;
mod config;
mod elements;
mod frozen;
mod jpeg;
mod key_frames;
mod medium;
mod misuses;
mod opencv;
mod probe;
mod rate;
mod reasons;
mod shot;
mod snapshots;
mod stills;
mod timeline;
mod trial;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::config::{Backend, Config};
use self::frozen::Frozen;
pub use self::key_frames::distance as key_frame_distance;
use self::medium::Medium;
pub use self::medium::devices as video_devices;
pub use self::opencv::version as opencv_version;

/// FFmpeg's options, as they reach OpenCV by the environment.
pub const OPENCV_OPTIONS: (&str, &str) = (opencv::OPTIONS, opencv::USUAL);
use self::rate::silent;
use self::shot::Shot;
use self::snapshots::Snapshots;
pub use self::trial::sit as sit_trial;
use crate::media::events::{Condition, Gap, Health, Of};
use crate::media::frame::Frame;
use crate::nodes::parts::condition::Watch;
use crate::nodes::parts::pace::Metronome;
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// Longest wait for a frame before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A picture and whether it came from something that cannot wait.
pub struct Camera {
    shots: Blocking<Shot>,
    /// Read, but not due yet.
    held: Option<Shot>,
    /// Who it is to the events that it tells.
    id: Arc<str>,
    metronome: Metronome,
    live: bool,
    stall_timeout: Duration,
    last_frame: Instant,
    frozen: Frozen,
    watch: Watch,
}

ports! {
    /// What a camera gives.
    pub enum Seen {
        Frame(Arc<Frame>),
        Gap(Of<Gap>),
        Health(Of<Health>),
    }
}

impl Node for Camera {
    const NAME: &'static str = "camera";
    const ALSO: &'static [&'static str] = &[
        "webcam",
        "usb",
        "usb_camera",
        "picamera",
        "picam",
        "libcamera",
        "ip_camera",
        "v4l2",
        "rtsp",
        "onvif",
        "http",
        "mjpeg",
        "gstreamer",
        "opencv",
        "ffmpeg",
        "video",
        "video_file",
        "film",
        "file",
        "image",
        "images",
        "picture",
        "pictures",
        "photo",
        "photos",
        "folder",
        "directory",
    ];
    const ABOUT: &'static str = "Frames from a camera, a network stream, a video file or pictures.";
    const EXAMPLE: &'static str = "uri = \"/dev/video0\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        misuses::of(config)
    }

    fn at_hand(config: &Config, base: &Path) -> Vec<Misuse> {
        let missing = |medium: Medium| at_hand::missing(medium, base);
        let missing = Medium::of(&config.uri).ok().and_then(missing);
        let told = missing.map(|why| Misuse::missing("uri", why));
        told.into_iter().collect()
    }

    fn claims(config: &Config, _: &Path) -> Vec<Claim> {
        match Medium::of(&config.uri) {
            Ok(Medium::Device(path)) => vec![Claim::device(&path)],
            _ => Vec::new(),
        }
    }

    fn open(config: &Config, context: &Context) -> Result<Camera> {
        let medium = Medium::of(&config.uri).map_err(Error::Fatal)?;
        let medium = medium.with_folders(&context.base);
        medium.reachable(context)?;
        let live = medium.is_live();
        let mut shots = match &medium {
            Medium::Stills(pattern) => stills::start(&context.resolve(pattern), config, context)?,
            Medium::Stream(uri) if let Some(snapshots) = Snapshots::find(uri, config, context)? => {
                snapshots.start(config, context)
            }
            _ if config.backend() == Backend::Ffmpeg => child::start(medium, config, context),
            _ => capture::start(medium, config, context),
        };
        let patience = Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms);
        let held =
            shots
                .first(patience, &context.stop)
                .map_err(|error| match error.may_pass() {
                    true => error.reworded(|why| format!("{}: {why}", config.uri)),
                    false => error,
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
            shots,
            held,
            id: Arc::clone(&context.id),
            metronome: Metronome::new(config.pace, context),
            live,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms) + rare(config),
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

/// How far apart the wanted frames are.
fn rare(config: &Config) -> Duration {
    Duration::from_secs_f64(config.fps.map_or(0.0, f64::recip))
}

impl Source for Camera {
    type Out = Seen;

    fn is_live(config: &Config) -> bool {
        Medium::of(&config.uri).is_ok_and(|medium| medium.is_live())
    }

    fn prepare(config: &Config) {
        match (config.backend(), Medium::of(&config.uri)) {
            (Backend::Opencv, Ok(medium)) => capture::prepare(&medium),
            (Backend::Ffmpeg, Ok(Medium::Stream(_))) => {
                child::prepare();
            }
            _ => {}
        }
    }

    fn is_there(config: &Config) -> Option<bool> {
        probe::is_there(&Medium::of(&config.uri).ok()?)
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if let Some(shot) = &self.held {
            if self.metronome.is_time(shot.at()) {
                match self.held.take().expect("it is held") {
                    Shot::Frame(frame) => out.send(frame),
                    Shot::Lost(at, gap) => out.event(&self.id, at, None, gap),
                }
            }
            return Ok(Flow::More);
        }
        match self.shots.next(LOOK_UP)? {
            Next::Item(shot) => {
                self.last_frame = Instant::now();
                if let Shot::Frame(frame) = &shot
                    && self.live
                {
                    let still = self.frozen.still_for(frame);
                    if let Some(health) = self.watch.note(still)? {
                        out.event(&frame.source, frame.at, None, health);
                    }
                }
                self.held = Some(shot);
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
