//! Options of `encode`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::encoder::Codec;

/// Options of `encode`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How frames are coded.
    pub codec: Codec,
    /// FFmpeg's name of an encoder, as `ffmpeg -encoders` tells them. Default: the first that works here, those of the board before those of the
    /// processor.
    pub encoder: Option<String>,
    /// Kilobits a second. Default: 0.1 bits a pixel.
    #[schemars(range(min = 16, max = 200_000))]
    pub bitrate_kbps: Option<u32>,
    /// So far key pictures are apart, by the rate of the first frames: clips and films begin with one.
    #[schemars(range(min = 0.1, max = 60.0))]
    pub key_s: f64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            codec: Codec::default(),
            encoder: None,
            bitrate_kbps: None,
            key_s: 2.0,
        }
    }
}
