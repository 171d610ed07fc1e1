//! `audio_stream`: the sound of a network camera, an intercom or a radio station, of whatever FFmpeg reads by an address.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::audio::Audio;
use crate::media::events::{Gap, Health, Of};
use crate::media::mono::Channel;
use crate::nodes::parts::condition::Remedy;
use crate::nodes::parts::level::Level;
use crate::nodes::parts::stream::address::{self, Transport};
use crate::nodes::parts::stream::sound::Piece;
use crate::nodes::parts::stream::unseen::{self, Medium, Reading};
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::pipeline::contract::uri::Uri;
use crate::ports;

/// Longest wait for sound before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);
/// Schemes that lead to a stream. FFmpeg knows many more, and some of them read local files.
const SCHEMES: [&str; 4] = ["rtsp", "rtsps", "http", "https"];

/// Options of `audio_stream`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `rtsp://…`, `rtsps://…`, `http://…` or `https://…`. Pictures in it are not decoded. One node of a pipeline reads an
    /// address: of a camera that somebody looks at take the sound from its `camera`.
    pub uri: Uri,
    /// How the packets of an `rtsp` address come: `tcp`, in the connection, or `udp`.
    #[serde(default)]
    pub transport: Transport,
    /// Which channel is heard: its number, counted from 0 as ALSA and FFmpeg do; `"mix"`, the mean of all; `"loudest"`,
    /// the one with the most energy over about a second.
    #[serde(default)]
    pub channel: Channel,
    /// How long connecting may take.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub connect_timeout_ms: u64,
    /// How long it may give nothing before it is opened anew.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub stall_timeout_ms: u64,
    /// How long all samples may be exactly zero before that is told.
    #[serde(default = "a_minute")]
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub silent_after_ms: u64,
    /// What else is done then.
    #[serde(default)]
    pub when_silent: Remedy,
}

fn five_seconds() -> u64 {
    5_000
}

fn a_minute() -> u64 {
    60_000
}

/// A stream that is read on a thread of its own.
pub struct AudioStream {
    source: Arc<str>,
    sound: Blocking<Piece>,
    /// Read already.
    held: Option<Piece>,
    level: Level,
}

ports! {
    /// What a stream gives.
    pub enum Heard {
        Audio(Arc<Audio>),
        Gap(Of<Gap>),
        Health(Of<Health>),
    }
}

impl Node for AudioStream {
    const NAME: &'static str = "audio_stream";
    const ALSO: &'static [&'static str] = &["radio", "intercom", "icecast", "shoutcast", "hls"];
    const ABOUT: &'static str =
        "The sound of a stream, by its address: a network camera, an intercom, a radio station.";
    const EXAMPLE: &'static str = "uri = \"rtsp://10.0.0.7/stream1\"";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        let scheme = config.uri.scheme().map(str::to_ascii_lowercase);
        if scheme.is_some_and(|it| SCHEMES.contains(&&*it)) {
            return Vec::new();
        }
        let help = "rtsp, rtsps, http and https lead to streams; for a file take `audio_file`, for a sound card `microphone`";
        vec![Misuse::new("uri", "this is no stream's address", help)]
    }

    fn claims(config: &Config, _: &Path) -> Vec<Claim> {
        Claim::stream(&config.uri).into_iter().collect()
    }

    fn open(config: &Config, context: &Context) -> Result<AudioStream> {
        let connecting = Duration::from_millis(config.connect_timeout_ms);
        let pausing = Duration::from_millis(config.stall_timeout_ms);
        let reading = Reading {
            transport: config.transport,
            channel: config.channel,
            connecting,
            pausing,
            begins_at: 0.0,
            heard_to: context.kept::<AtomicU64>(),
        };
        let medium = Medium::Stream(config.uri.clone());
        let mut sound = unseen::sound(medium, reading, context);
        let named = |error: Error| error.reworded(|why| format!("{}: {why}", config.uri));
        let held = sound.first(connecting + pausing, &context.stop);
        let (limit, remedy) = (config.silent_after_ms, config.when_silent);
        Ok(AudioStream {
            source: Arc::clone(&context.id),
            sound,
            held: held.map_err(named)?,
            level: Level::new(limit, remedy, context),
        })
    }
}

impl Source for AudioStream {
    type Out = Heard;

    fn is_live(_: &Config) -> bool {
        true
    }

    fn prepare(_: &Config) {
        address::takes_options();
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        let piece = match self.held.take() {
            Some(held) => held,
            None => match self.sound.next(LOOK_UP)? {
                Next::Item(piece) => piece,
                Next::End => return Err(Error::retry("the stream ended")),
                // Its reader says so itself when it has waited for too long.
                Next::Nothing => return Ok(Flow::More),
            },
        };
        match piece {
            Piece::Sound(audio) => {
                for health in self.level.note(&audio)?.into_iter().flatten() {
                    out.event(&self.source, audio.at, None, health);
                }
                out.send(audio);
            }
            Piece::Lost(from, gap) => out.event(&self.source, from, None, gap),
        }
        Ok(Flow::More)
    }
}
