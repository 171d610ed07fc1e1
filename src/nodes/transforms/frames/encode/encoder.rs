//! Which encoder works here.

use std::process::Command;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::nodes::parts::stream::address::{self, REMEDY};
use crate::pipeline::contract::error::{Error, Result};

/// How frames are coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264: plays everywhere.
    #[default]
    H264,
    /// H.265: half the bytes; not every browser plays it.
    H265,
}

impl Codec {
    /// Encoders, in the order in which they are tried: those in hardware, which are tried by coding something, first.
    fn encoders(self) -> &'static [&'static str] {
        match self {
            Codec::H264 => &["h264_nvenc", "h264_v4l2m2m", "libx264", "libopenh264"],
            Codec::H265 => &["hevc_nvenc", "hevc_v4l2m2m", "libx265"],
        }
    }
}

/// The one that is asked for, or the first that works.
///
/// # Errors
/// `Fatal` if none does, with what the last one said.
pub fn choose(codec: Codec, wanted: Option<&str>) -> Result<String> {
    let mut said = String::new();
    let all: Vec<&str> = wanted.map_or_else(|| codec.encoders().to_vec(), |it| vec![it]);
    for encoder in &all {
        match try_out(encoder)? {
            None => return Ok((*encoder).to_owned()),
            Some(complaint) => said = complaint,
        }
    }
    Err(Error::fatal(match wanted {
        Some(encoder) => format!(
            "the encoder `{encoder}` does not work here: {said}; `ffmpeg -encoders` names others"
        ),
        None => format!("none of {} works here: {said}; {REMEDY}", all.join(", ")),
    }))
}

/// Codes some pictures; gives what is wrong.
fn try_out(encoder: &str) -> Result<Option<String>> {
    let mut command = address::ffmpeg("error");
    command.args([
        "-f",
        "lavfi",
        "-i",
        "color=size=256x144:rate=5",
        "-frames:v",
        "5",
    ]);
    command.args(["-pix_fmt", "yuv420p", "-c:v", encoder]);
    let done = command.args(["-f", "null", "-"]).output();
    let done = done
        .map_err(|error| Error::fatal(format!("there is no `ffmpeg` here ({error}); {REMEDY}")))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let last = said.lines().last().unwrap_or("it ended without a word");
    Ok((!done.status.success()).then(|| last.trim().to_owned()))
}

/// Asks an encoder for a stream of which each picture leaves it before the next comes.
pub fn ask(command: &mut Command, encoder: &str) {
    command.args(["-c:v", encoder, "-pix_fmt", "yuv420p", "-bf", "0"]);
    match encoder {
        "libx264" | "libx265" => command.args(["-preset", "veryfast", "-tune", "zerolatency"]),
        "h264_nvenc" | "hevc_nvenc" => command.args(["-tune", "ull", "-zerolatency", "1"]),
        _ => command,
    };
    if encoder == "libx265" {
        command.args(["-x265-params", "log-level=error"]);
    }
}
