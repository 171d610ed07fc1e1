//! `camera`: frames from a device, a stream, a video file or still pictures, and the sound of streams and files.

mod at_hand;
mod capture;
mod child;
#[cfg(test)]
mod claps;
mod config;
mod elements;
mod frozen;
mod kept;
mod key_frames;
mod media;
mod medium;
mod misuses;
mod opencv;
mod probe;
mod rate;
mod room;
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
use self::media::{Media, Parts};
use self::medium::Medium;
pub use self::medium::devices as video_devices;
pub use self::opencv::version as opencv_version;

/// FFmpeg's options, as they reach OpenCV by the environment.
pub const OPENCV_OPTIONS: (&str, &str) = (opencv::OPTIONS, opencv::USUAL);
use self::rate::silent;
use self::shot::Shot;
pub use self::trial::sit as sit_trial;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{Condition, Gap, Health, Of};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::nodes::parts::condition::{Remedy, Watch};
use crate::nodes::parts::level::Level;
use crate::nodes::parts::pace::Metronome;
use crate::nodes::parts::stream::sound::Piece;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// Longest wait for a frame before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// What is read of it, until it is due.
pub struct Camera {
    media: Media,
    config: Config,
    medium: Medium,
    /// What of it was wanted when it was opened.
    parts: Parts,
    context: Context,
    metronome: Metronome,
    live: bool,
    stall_timeout: Duration,
    last_frame: Instant,
    frozen: Frozen,
    watch: Watch,
    level: Level,
}

ports! {
    /// What a camera gives.
    pub enum Seen {
        Frame(Arc<Frame>),
        Audio(Arc<Audio>),
        Coded(Arc<Coded>),
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
    const ABOUT: &'static str = "Frames from a camera, a network stream, a video file or pictures, and the sound of streams and files.";
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
        let medium = Medium::of(&config.uri).ok();
        medium.and_then(|it| it.claim()).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Camera> {
        let medium = Medium::of(&config.uri).map_err(Error::Fatal)?;
        let medium = medium.with_folders(&context.base);
        medium.reachable(context)?;
        let live = medium.is_live();
        let parts = Parts::wanted(config, &medium, context);
        let mut media = Media::start(medium.clone(), parts, config, context)?;
        let begun = media
            .first(config, context)
            .map_err(|error| match error.may_pass() {
                true => error.reworded(|why| format!("{}: {why}", config.uri)),
                false => error,
            })?;
        if !begun && !context.stop.is_set() {
            let message = format!("{} holds no {}", config.uri, parts.name());
            return Err(if live {
                Error::Retry(message)
            } else {
                Error::Fatal(message)
            });
        }
        let (limit, remedy) = (config.frozen_after_ms, config.when_frozen);
        Ok(Camera {
            media,
            config: config.clone(),
            medium,
            parts,
            context: context.clone(),
            metronome: Metronome::new(config.pace, context),
            live,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms) + rare(config),
            last_frame: Instant::now(),
            frozen: Frozen::default(),
            watch: Watch::new(Condition::Frozen, limit, remedy, context),
            level: Level::new(config.silent_after_ms, Remedy::Warn, context),
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

    fn lacks(config: &Config, lane: Lane) -> Option<(&'static str, &'static str)> {
        match (lane, Medium::of(&config.uri)) {
            (Lane::Audio, Ok(medium)) => media::why_silent(config, &medium),
            (Lane::Coded, Ok(medium)) => media::why_unpacked(config, &medium),
            _ => None,
        }
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if self.live && Parts::wanted(&self.config, &self.medium, &self.context) != self.parts {
            return Err(Error::retry("something else of it is wanted now"));
        }
        if !self.media.fill(LOOK_UP)? {
            return Ok(Flow::Done);
        }
        let Some(at) = self.media.next_at() else {
            // A file that is decoded slowly, or of which few frames are wanted, would begin anew.
            return match self.live && self.last_frame.elapsed() > self.stall_timeout {
                true => Err(silent(self.stall_timeout)),
                false => Ok(Flow::More),
            };
        };
        if self.metronome.is_time(at) {
            self.hand_on(at, out)?;
        }
        Ok(Flow::More)
    }
}

impl Camera {
    /// Hands on what is held and was over by then.
    fn hand_on(&mut self, to: Time, out: &mut Emit<Seen>) -> Result<()> {
        if self.media.shot.as_ref().is_some_and(|it| it.at() <= to) {
            self.show(out)?;
        }
        if self.media.piece.as_ref().is_some_and(|it| it.at() <= to) {
            self.sound(out)?;
        }
        if let Some(packet) = self.media.packet.take_if(|it| it.at <= to) {
            self.came(Lane::Coded);
            out.send(packet);
        }
        Ok(())
    }

    /// Something has come. As long as there are pictures, only they say that all is well.
    fn came(&mut self, lane: Lane) {
        if lane == Lane::Frame || !self.parts.pictures {
            self.last_frame = Instant::now();
        }
    }

    /// Hands on the picture that is held.
    fn show(&mut self, out: &mut Emit<Seen>) -> Result<()> {
        self.came(Lane::Frame);
        match self.media.shot.take() {
            Some(Shot::Frame(frame)) => {
                if self.live {
                    let still = self.frozen.still_for(&frame);
                    if let Some(health) = self.watch.note(still)? {
                        out.event(&frame.source, frame.at, None, health);
                    }
                }
                out.send(frame);
            }
            Some(Shot::Lost(at, gap)) => out.event(&self.context.id, at, None, gap),
            None => {}
        }
        Ok(())
    }

    /// Hands on the sound that is held.
    fn sound(&mut self, out: &mut Emit<Seen>) -> Result<()> {
        self.came(Lane::Audio);
        match self.media.piece.take() {
            Some(Piece::Sound(audio)) => {
                if self.live {
                    for health in self.level.note(&audio)?.into_iter().flatten() {
                        out.event(&audio.source, audio.at, None, health);
                    }
                }
                out.send(audio);
            }
            Some(Piece::Lost(at, gap)) => out.event(&self.context.id, at, None, gap),
            None => {}
        }
        Ok(())
    }
}
