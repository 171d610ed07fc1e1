//! How far apart a stream's key frames are, read without decoding.

use std::path::Path;
use std::time::{Duration, Instant};

use super::medium::Medium;
use super::opencv::{Backend, Capture, Property, Wish};
use crate::pipeline::contract::uri::Uri;

/// Mean distance of key frames in frames and in seconds, as far as `so_long` shows it; none where
/// pictures do not build on each other, or cannot be had.
pub fn distance(uri: String, base: &Path, so_long: Duration) -> Option<(f64, f64)> {
    let address = match Medium::of(&Uri::new(uri)).ok()? {
        Medium::Stream(uri) => uri.expose().to_owned(),
        Medium::Video(path) => base.join(path).display().to_string(),
        Medium::Device(_) | Medium::GStreamer(_) | Medium::Stills(_) => return None,
    };
    let limit = so_long.as_millis() as u64;
    let opened = Capture::open(&Wish {
        limits_ms: (limit, limit),
        packets: true,
        ..Wish::of(&address, Backend::Ffmpeg)
    });
    let mut capture = opened.ok()??;
    let started = Instant::now();
    let (mut frame, mut keys) = (0u64, Vec::new());
    while started.elapsed() < so_long && keys.len() < 10 && capture.grab().ok()? {
        if capture.get(Property::KeyFrame) > 0.0 {
            keys.push(frame);
        }
        frame += 1;
    }
    let (first, last) = (keys.first()?, keys.last()?);
    let fps = capture.get(Property::Fps);
    let frames = (last - first) as f64 / (keys.len() as f64 - 1.0);
    (keys.len() > 1 && fps > 0.0).then_some((frames, frames / fps))
}
