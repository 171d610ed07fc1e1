//! How `ffmpeg` is asked for the pictures of a camera, a stream or a file.

use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;

use super::config::Config;
use super::medium::Medium;
use super::recipe::Recipe;
use crate::nodes::parts::pace::Pace;
use crate::pipeline::contract::child;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

const REMEDY: &str = "install FFmpeg: `apt install ffmpeg`";
/// Without these FFmpeg looks at a stream for five seconds, and holds frames back.
const LIVE: [&str; 6] = [
    "-fflags",
    "nobuffer",
    "-flags",
    "low_delay",
    "-threads",
    "1",
];
/// What an address may lead to; FFmpeg knows many more protocols, and some read local files.
const PROTOCOLS: &str = "pipe,rtsp,rtp,tcp,udp,tls,http,https,crypto";

/// Pictures with BMP headers, whose sizes may change from one to the next.
pub fn recipe(medium: &Medium, config: &Config, context: &Context) -> Result<Recipe> {
    let mut command = child::program("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error"]);
    // Of the decoder: larger pictures are refused before room is made for them.
    command.args(["-max_pixels", &config.max_pixels.to_string()]);
    let (mut input, mut rate, mut filters) = (String::new(), None, "vflip".to_owned());
    match medium {
        Medium::Device(path) => {
            command.args(LIVE).args(["-f", "v4l2"]);
            if let (Some(width), Some(height)) = (config.width, config.height) {
                command.args(["-video_size", &format!("{width}x{height}")]);
            }
            command.arg("-i").arg(path);
        }
        Medium::Video(path) | Medium::Stills(path) => {
            let path = context.resolve(path);
            let per_second = frame_rate(&path)?;
            filters = format!("fps={per_second},vflip");
            rate = Some(ratio(&per_second));
            // At a file's own pace one thread is enough; each one keeps pictures of its own.
            if config.pace == Pace::Realtime {
                command.args(["-threads", "1"]);
            }
            command.arg("-i").arg(format!("file:{}", path.display()));
        }
        Medium::Stream(uri) | Medium::GStreamer(uri) => {
            input = script(uri.expose(), takes_options())?;
            command.args(LIVE).args(["-protocol_whitelist", PROTOCOLS]);
            command.args(["-safe", "0", "-f", "concat", "-i", "pipe:0"]);
        }
    }
    command.args(["-map", "0:v:0", "-vf", &filters, "-vsync", "passthrough"]);
    command.args([
        "-f",
        "image2pipe",
        "-c:v",
        "bmp",
        "-pix_fmt",
        "bgr24",
        "pipe:1",
    ]);
    Ok(Recipe {
        command,
        input,
        remedy: REMEDY,
        size: None,
        rate,
    })
}

/// A list with this one entry: passwords are for the child's input, as everybody can read its arguments.
fn script(address: &str, takes_options: bool) -> Result<String> {
    if address.contains(['\n', '\r']) {
        return Err(Error::fatal("an address has one line"));
    }
    let quoted = address.replace('\'', "'\\''");
    let mut script = format!("ffconcat version 1.0\nfile '{quoted}'\n");
    if takes_options {
        script.push_str("option analyzeduration 500000\n");
        if address.to_ascii_lowercase().starts_with("rtsp") {
            script.push_str("option rtsp_transport tcp\n");
        }
    }
    Ok(script)
}

/// Whether a list's entries can have options: from FFmpeg 5 on, which Ubuntu 22.04 and JetPack 6 do not have. There RTSP
/// begins with UDP, and the first picture comes a second later.
pub fn takes_options() -> bool {
    // Asking takes Debian's FFmpeg a tenth of a second, which a camera that comes back does not wait for again.
    static MAJOR: OnceLock<u32> = OnceLock::new();
    let ask = || {
        let mut command = child::program("ffmpeg");
        let said = command.arg("-version").stdin(Stdio::null()).output();
        let major = major_version(&String::from_utf8_lossy(&said.ok()?.stdout))?;
        Some(*MAJOR.get_or_init(|| major))
    };
    let major = MAJOR.get().copied().or_else(ask);
    major.is_none_or(|major| major >= 5)
}

/// 4 of `ffmpeg version 4.4.2-0ubuntu0.22.04.1 …` or `n4.4`; none where it is built from between two versions.
fn major_version(said: &str) -> Option<u32> {
    let version = said
        .strip_prefix("ffmpeg version ")?
        .trim_start_matches('n');
    version.split(['.', '-', ' ']).next()?.parse().ok()
}

/// Frames per second of a video file, as FFmpeg writes it, `30000/1001`.
fn frame_rate(path: &Path) -> Result<String> {
    let mut command = child::program("ffprobe");
    command.args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"]);
    command.args(["-show_entries", "stream=avg_frame_rate"]);
    let file = format!("file:{}", path.display());
    let output = command.arg(file).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::fatal(format!("ffprobe: {error}; {REMEDY}")))?;
    let rate = String::from_utf8_lossy(&output.stdout)
        .trim()
        .trim_matches(',')
        .to_owned();
    if ratio(&rate) > 0.0 {
        return Ok(rate);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint
        .lines()
        .last()
        .unwrap_or("there is no picture in it");
    let shown = path.display();
    Err(Error::fatal(format!(
        "{shown} is no video that FFmpeg can read: {last}"
    )))
}

/// A fraction as a number; 0 if it is none.
fn ratio(text: &str) -> f64 {
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    let ratio = number(above) / number(below);
    if ratio.is_finite() { ratio } else { 0.0 }
}
