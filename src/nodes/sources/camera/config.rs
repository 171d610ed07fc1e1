//! The options of `camera`.

use std::sync::Once;

use schemars::JsonSchema;
use serde::Deserialize;

use super::opencv;
use crate::media::mono::Channel;
use crate::nodes::parts::condition::Remedy;
use crate::nodes::parts::pace::Pace;
use crate::nodes::parts::polygon::Point;
use crate::nodes::parts::stream::address::Transport;
use crate::pipeline::contract::uri::Uri;

/// Options of `camera`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `0`, `/dev/video0`, `rtsp://…`, `http://…`, a GStreamer pipeline that ends in `appsink`, a
    /// video file, a picture, or pictures like `photos/*.jpg` or those of a folder (one second apart), by
    /// path or as `file:///…`; a list of films as FFmpeg's `concat` reads it (`films.ffconcat`), in which pauses stay, and are
    /// told as `gap`. A stream whose pictures change their size while they flow is put back into
    /// the first. One node of a pipeline reads a device or address: it gives frames, sound and coded packets by one connection
    /// to all that name it in their `inputs`.
    pub uri: Uri,
    /// What decodes. Default: `opencv` where it can be loaded and nobody takes the sound, which `ffmpeg` hands on.
    #[serde(default)]
    pub backend: Option<Backend>,
    /// How the packets of an `rtsp` address come: `tcp`, in the connection, or `udp`. If it is set, `ffmpeg` decodes.
    #[serde(default)]
    pub transport: Option<Transport>,
    /// A GStreamer pipeline may have elements that write files or send, such as `filesink`.
    #[serde(default)]
    pub may_write: bool,
    /// Cameras that answer each request with one picture are asked for the next `fps` times a second, once if that is
    /// not set. Default: where the answer is a picture.
    #[serde(default)]
    pub snapshots: Option<bool>,
    /// Frames per second at most; the rest are skipped before they cost anything. Default: all.
    #[serde(default)]
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub fps: Option<f64>,
    /// Files only: `fast` or `realtime`.
    #[serde(default)]
    pub pace: Pace,
    /// Files only: the second of the run at which its first picture was taken, where other files began earlier.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000_000))]
    pub begins_at_s: f64,
    /// Width in pixels to ask a device for; it may choose another. GStreamer without OpenCV needs both.
    #[serde(default)]
    #[schemars(range(min = 16, max = 16384))]
    pub width: Option<u32>,
    /// Height in pixels to ask a device for; it may choose another.
    #[serde(default)]
    #[schemars(range(min = 16, max = 16384))]
    pub height: Option<u32>,
    /// What is black in every frame before anybody sees it: a list of areas, each a list of at least three corners `[x, y]`
    /// in parts of the frame's width and height, as `[[[0, 0], [1, 0], [1, 0.3]]]`. Coded packets, which would show it, are
    /// not handed on then.
    #[serde(default)]
    pub mask: Vec<Vec<Point>>,
    /// Which channel of its sound is heard, where somebody takes that: its number, counted from 0; `"mix"`, the mean of
    /// all; `"loudest"`, the one with the most energy over about a second.
    #[serde(default)]
    pub channel: Channel,
    /// Pictures and videos of more pixels are refused before room is made for them.
    #[serde(default = "fifty_million")]
    #[schemars(range(min = 256, max = 1_000_000_000))]
    pub max_pixels: u64,
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
    /// How long the samples of a stream's sound may be exactly zero before that is told.
    #[serde(default = "a_minute")]
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub silent_after_ms: u64,
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
    /// What decodes, where the file does not say.
    pub fn backend(&self) -> Backend {
        static TOLD: Once = Once::new();
        let chosen = self.transport.map(|_| Backend::Ffmpeg);
        self.backend
            .or(chosen)
            .unwrap_or_else(|| match opencv::version() {
                Ok(_) => Backend::Opencv,
                Err(why) => {
                    TOLD.call_once(|| tracing::info!("without OpenCV, ffmpeg is taken: {why}"));
                    Backend::Ffmpeg
                }
            })
    }
}

/// A telephone's largest pictures; decoding one takes up to 400 MB.
fn fifty_million() -> u64 {
    50_000_000
}

fn five_seconds() -> u64 {
    5_000
}

fn a_minute() -> u64 {
    60_000
}

fn thirty_seconds() -> u64 {
    30_000
}
