//! How `ffmpeg` is told the address of a stream: on its standard input, where nobody sees the password in it.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::pipeline::contract::child;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::uri::Uri;

/// What to do where the program is missing.
pub const REMEDY: &str = "install FFmpeg: `apt install ffmpeg`";
/// Without these FFmpeg holds frames back.
pub const LIVE: [&str; 4] = ["-flags", "low_delay", "-threads", "1"];
/// Without these it looks at a stream for five seconds, and gives what it has looked at late.
pub const UNBUFFERED: [&str; 2] = ["-fflags", "nobuffer"];
/// Bytes of a stream that are looked at before it is read. An RTSP server describes its streams, and FFmpeg would wait
/// for seven pictures all the same.
pub const DESCRIBED: u32 = 32;
/// The same of packets that are handed on, as the description does not say how large pictures are.
pub const SIZED: u32 = 100_000;
/// What an address may lead to; FFmpeg knows many more protocols, and some read local files.
const PROTOCOLS: &str = "pipe,rtsp,rtp,tcp,udp,tls,http,https,crypto";

/// `ffmpeg`, quiet but for what `level` names.
pub fn ffmpeg(level: &str) -> Command {
    let mut command = child::program("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-nostats", "-loglevel", level]);
    command
}

/// How the packets of RTSP come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// In the connection itself: nothing is lost.
    #[default]
    Tcp,
    /// By themselves: what is lost on the way is lost, and nothing waits for it.
    Udp,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

/// Has a stream read, of which `looked_at` bytes are looked at first if it is RTSP; gives what must come on standard
/// input.
///
/// # Errors
/// `Fatal` for an address that has several lines.
pub fn input(
    command: &mut Command,
    uri: &Uri,
    transport: Transport,
    looked_at: u32,
) -> Result<String> {
    let address = uri.expose();
    let options = takes_options().then_some((transport, looked_at));
    let input = script(address, options)?;
    match is_rtsp(address) {
        true => command.args(["-probesize", &looked_at.to_string(), "-fpsprobesize", "0"]),
        false => command.args(UNBUFFERED),
    };
    command.args(LIVE).args(["-protocol_whitelist", PROTOCOLS]);
    command.args(["-safe", "0", "-f", "concat", "-i", "pipe:0"]);
    Ok(input)
}

/// A list with this one entry, and its options where it can have some: passwords are for the child's input, as everybody can read its arguments.
fn script(address: &str, options: Option<(Transport, u32)>) -> Result<String> {
    if address.contains(['\n', '\r']) {
        return Err(Error::fatal("an address has one line"));
    }
    let quoted = address.replace('\'', "'\\''");
    let mut script = format!("ffconcat version 1.0\nfile '{quoted}'\n");
    if let Some((transport, looked_at)) = options {
        script.push_str("option analyzeduration 500000\n");
        if is_rtsp(address) {
            let transport = transport.name();
            script.push_str(&format!("option rtsp_transport {transport}\n"));
            script.push_str(&format!(
                "option fpsprobesize 0\noption probesize {looked_at}\n"
            ));
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
