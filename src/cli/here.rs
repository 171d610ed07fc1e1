//! What this machine has to see and hear with.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::nodes::{v4l2, video_devices};

/// So many sizes are told.
const MOST_MODES: usize = 4;

/// A camera of this machine.
#[derive(Serialize)]
pub struct Camera {
    /// Its device.
    pub path: PathBuf,
    /// What its driver calls it.
    pub name: String,
    /// Sizes that it has, and how often, the largest first.
    pub modes: Vec<String>,
}

/// A microphone of this machine.
#[derive(Serialize)]
pub struct Microphone {
    /// What the option `device` calls it.
    pub device: String,
    /// What people call it.
    pub name: String,
    /// Rates and channels, if its driver tells them.
    pub facts: String,
}

/// Cameras of this machine, without those devices of theirs that give no pictures.
pub fn cameras() -> Vec<Camera> {
    let devices = video_devices().into_iter();
    let seeing = devices.filter(|it| v4l2::captures(it) != Some(false));
    seeing.map(camera).collect()
}

fn camera(path: PathBuf) -> Camera {
    let file = path.file_name().unwrap_or_default();
    let name = Path::new("/sys/class/video4linux").join(file).join("name");
    let name = std::fs::read_to_string(name).unwrap_or_default();
    let name = name.trim().to_owned();
    let mut modes = v4l2::modes(&path);
    modes.sort_by_key(|it| std::cmp::Reverse(it.size.0 * it.size.1));
    let told = modes.iter().take(MOST_MODES).map(|it| {
        let (width, height) = it.size;
        let rate = it.rate.map_or(String::new(), |it| format!(" at {it:.0}"));
        format!("{width} x {height}{rate} ({})", it.format)
    });
    let modes = told.collect();
    Camera { path, name, modes }
}

/// Microphones of this machine.
#[cfg(feature = "microphone")]
pub fn microphones() -> Vec<Microphone> {
    let found = crate::nodes::audio_devices().into_iter();
    let named = found.map(|it| Microphone {
        facts: facts(&it.device),
        device: it.device,
        name: it.name,
    });
    named.collect()
}

/// What ALSA's driver of USB devices tells of the card that a device is of.
#[cfg(feature = "microphone")]
fn facts(device: &str) -> String {
    let card = device
        .split_once("CARD=")
        .map(|it| it.1.split(',').next().unwrap_or_default());
    let text = card.map(|it| format!("/proc/asound/{it}/stream0"));
    let text = text.and_then(|it| std::fs::read_to_string(it).ok());
    captured(&text.unwrap_or_default())
}

/// Rates and channels of the part on capture.
#[cfg(feature = "microphone")]
fn captured(stream: &str) -> String {
    let after = stream.split_once("\nCapture:").map_or("", |it| it.1);
    let value = |name: &str| {
        let mut lines = after.lines().map(str::trim);
        lines.find_map(|it| Some(it.strip_prefix(name)?.trim().to_owned()))
    };
    let rates = value("Rates:").map(|it| format!("{it} Hz"));
    let channels = value("Channels:").map(|it| match it.as_str() {
        "1" => "1 channel".to_owned(),
        it => format!("{it} channels"),
    });
    let facts: Vec<String> = [rates, channels].into_iter().flatten().collect();
    facts.join(", ")
}

/// This build hears nothing.
#[cfg(not(feature = "microphone"))]
pub fn microphones() -> Vec<Microphone> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "microphone")]
    #[test]
    fn the_driver_of_usb_tells_rates_and_channels() {
        use super::captured;
        let stream = "HD Webcam C920 at usb-1, high speed : USB Audio\n\nPlayback:\n  Interface 1\n    Channels: 6\n\
                      Capture:\n  Status: Stop\n  Interface 3\n    Altset 1\n    Format: S16_LE\n    Channels: 2\n    \
                      Rates: 16000, 32000\n";
        assert_eq!(captured(stream), "16000, 32000 Hz, 2 channels");
        assert_eq!(captured(""), "");
    }
}
