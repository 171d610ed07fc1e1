//! How far apart a stream's key frames are, read without decoding.

use std::path::Path;
use std::time::{Duration, Instant};

use opencv::core::Vector;
use opencv::videoio::{
    CAP_FFMPEG, CAP_PROP_FORMAT, CAP_PROP_FPS, CAP_PROP_LRF_HAS_KEY_FRAME,
    CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_READ_TIMEOUT_MSEC, VideoCapture, VideoCaptureTrait,
    VideoCaptureTraitConst,
};

use super::medium::Medium;
use crate::pipeline::secret::Uri;

/// Mean distance of key frames in frames and in seconds, as far as `so_long` shows it; none where
/// pictures do not build on each other, or cannot be had.
pub fn distance(uri: String, base: &Path, so_long: Duration) -> Option<(f64, f64)> {
    let address = match Medium::of(&Uri::new(uri)).ok()? {
        Medium::Stream(uri) => uri.expose().to_owned(),
        Medium::Video(path) => base.join(path).display().to_string(),
        Medium::Device(_) | Medium::GStreamer(_) | Medium::Stills(_) => return None,
    };
    let limit = so_long.as_millis() as i32;
    let wishes = Vector::from_slice(&[
        // Packets as they come, instead of pictures.
        CAP_PROP_FORMAT,
        -1,
        CAP_PROP_OPEN_TIMEOUT_MSEC,
        limit,
        CAP_PROP_READ_TIMEOUT_MSEC,
        limit,
    ]);
    let mut capture = VideoCapture::from_file_with_params(&address, CAP_FFMPEG, &wishes).ok()?;
    let started = Instant::now();
    let (mut frame, mut keys) = (0u64, Vec::new());
    while started.elapsed() < so_long && keys.len() < 10 && capture.grab().ok()? {
        if capture.get(CAP_PROP_LRF_HAS_KEY_FRAME).ok()? > 0.0 {
            keys.push(frame);
        }
        frame += 1;
    }
    let (first, last) = (keys.first()?, keys.last()?);
    let fps = capture.get(CAP_PROP_FPS).ok().filter(|fps| *fps > 0.0)?;
    let frames = (last - first) as f64 / (keys.len() as f64 - 1.0);
    (keys.len() > 1).then_some((frames, frames / fps))
}
