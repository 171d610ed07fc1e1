//! How `ffmpeg` is asked for the pictures of a camera, a stream or a file.

use std::process::Stdio;
use std::sync::OnceLock;

use super::recipe::Recipe;
use crate::nodes::parts::pace::Pace;
use crate::nodes::sources::camera::config::Config;
use crate::nodes::sources::camera::medium::Medium;
use crate::pipeline::contract::child;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

const REMEDY: &str = "install FFmpeg: `apt install ffmpeg`";
/// Without these FFmpeg holds frames back.
const LIVE: [&str; 4] = ["-flags", "low_delay", "-threads", "1"];
/// Without these it looks at a stream for five seconds, and gives what it has looked at late.
const UNBUFFERED: [&str; 2] = ["-fflags", "nobuffer"];
/// An RTSP server describes its streams; FFmpeg would wait for seven pictures all the same.
const QUICK: [&str; 4] = ["-probesize", "32", "-fpsprobesize", "0"];
/// What an address may lead to; FFmpeg knows many more protocols, and some read local files.
const PROTOCOLS: &str = "pipe,rtsp,rtp,tcp,udp,tls,http,https,crypto";

/// Pictures with BMP headers, whose sizes may change from one to the next.
pub fn recipe(medium: &Medium, config: &Config, context: &Context) -> Result<Recipe> {
    let mut command = child::program("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-nostats"]);
    // Of the decoder: larger pictures are refused before room is made for them.
    command.args(["-max_pixels", &config.max_pixels.to_string()]);
    let (mut input, mut file, mut filters) = (String::new(), None, "vflip");
    // Of a file the filter tells the time of each picture, which pictures in a pipe do not have.
    let level = match medium {
        Medium::Video(_) | Medium::Stills(_) => "level+info",
        _ => "level+error",
    };
    command.args(["-loglevel", level]);
    match medium {
        Medium::Device(path) => {
            command.args(UNBUFFERED).args(LIVE).args(["-f", "v4l2"]);
            if let (Some(width), Some(height)) = (config.width, config.height) {
                command.args(["-video_size", &format!("{width}x{height}")]);
            }
            command.arg("-i").arg(path);
        }
        Medium::Video(path) | Medium::Stills(path) => {
            let path = context.resolve(path);
            filters = "vflip,showinfo=checksum=0";
            command.arg("-copyts");
            // At a file's own pace one thread is enough; each one keeps pictures of its own.
            if config.pace == Pace::Realtime {
                command.args(["-threads", "1"]);
            }
            command.arg("-i").arg(format!("file:{}", path.display()));
            file = Some(path);
        }
        Medium::Stream(uri) | Medium::GStreamer(uri) => {
            input = script(uri.expose(), takes_options())?;
            match is_rtsp(uri.expose()) {
                true => command.args(QUICK),
                false => command.args(UNBUFFERED),
            };
            command.args(LIVE).args(["-protocol_whitelist", PROTOCOLS]);
            command.args(["-safe", "0", "-f", "concat", "-i", "pipe:0"]);
        }
    }
    command.args(["-map", "0:v:0", "-vf", filters, "-vsync", "passthrough"]);
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
        file,
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
        if is_rtsp(address) {
            script.push_str(
                "option rtsp_transport tcp\noption probesize 32\noption fpsprobesize 0\n",
            );
        }
    }
    Ok(script)
}

fn is_rtsp(address: &str) -> bool {
    address.to_ascii_lowercase().starts_with("rtsp")
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
