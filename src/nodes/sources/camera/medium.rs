//! What a camera's `uri` means, and whether it can be had at all.

use std::fs::File;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::nodes::parts::device::{self, VIDEO};
use crate::nodes::parts::stream::origin::is_list;
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::uri::Uri;

/// Endings of files that hold one picture.
const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "bmp", "webp"];

/// A camera that gives no pictures by itself: the board's software has to make them.
pub const RIBBON: &str = "A camera at a Raspberry Pi's ribbon cable needs \
                          `uri = \"libcamerasrc ! videoconvert ! appsink\"`";

/// Where frames come from.
#[derive(Clone, Debug)]
pub enum Medium {
    /// A V4L2 device.
    Device(PathBuf),
    /// A network camera.
    Stream(Uri),
    /// A GStreamer pipeline that ends in `appsink`.
    GStreamer(Uri),
    /// A video file.
    Video(PathBuf),
    /// Pictures; the name may be a pattern with `*`, `?` and `[…]`.
    Stills(PathBuf),
}

impl Medium {
    /// Reads a `uri`. Only schemes of cameras are let through: FFmpeg knows many more, and some of
    /// them read local files.
    ///
    /// # Errors
    /// In words, if the scheme is not allowed.
    pub fn of(uri: &Uri) -> std::result::Result<Medium, String> {
        let text = uri.expose();
        if Uri::is_gstreamer(text) {
            return Ok(Medium::GStreamer(uri.clone()));
        }
        match uri.scheme().map(str::to_ascii_lowercase).as_deref() {
            Some("rtsp" | "rtsps" | "http" | "https") => return Ok(Medium::Stream(uri.clone())),
            Some("file") => return of_file(&text["file://".len()..]),
            Some(other) => return Err(format!("`{other}` is no camera's scheme")),
            None => {}
        }
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Medium::Device(PathBuf::from(format!("/dev/video{text}"))));
        }
        of_path(text)
    }

    /// A folder is its pictures.
    #[must_use]
    pub fn with_folders(self, base: &Path) -> Medium {
        match self {
            Medium::Video(path) if base.join(&path).is_dir() => Medium::Stills(path.join("*")),
            other => other,
        }
    }

    /// Whether it is something that cannot wait.
    pub fn is_live(&self) -> bool {
        matches!(
            self,
            Medium::Device(_) | Medium::Stream(_) | Medium::GStreamer(_)
        )
    }

    /// Whether it is a list of films.
    pub fn is_list(&self) -> bool {
        matches!(self, Medium::Video(path) if is_list(path))
    }

    /// What nobody else may read meanwhile. Files are read as often as anybody likes.
    pub fn claim(&self) -> Option<Claim> {
        match self {
            Medium::Device(path) => Some(Claim::device(path)),
            Medium::Stream(uri) => Claim::stream(uri),
            Medium::GStreamer(uri) => {
                let device = device_in(uri.expose()).map(Claim::device);
                device.or_else(|| Claim::stream(&address_in(uri.expose())?))
            }
            Medium::Video(_) | Medium::Stills(_) => None,
        }
    }

    /// Finds out why a device or file cannot be opened, which those who decode would not say.
    ///
    /// # Errors
    /// `Retry` for a device that is not there, `Fatal` for what only a person can mend.
    pub fn reachable(&self, context: &Context) -> Result<()> {
        match self {
            Medium::Device(path) => usable(path),
            Medium::GStreamer(uri) => device_in(uri.expose()).map_or(Ok(()), usable),
            Medium::Video(path) => readable(&context.resolve(path)),
            Medium::Stream(_) | Medium::Stills(_) => Ok(()),
        }
    }
}

/// What comes after `file://`: of this machine, and with what no address can hold written as `%20`.
fn of_file(rest: &str) -> std::result::Result<Medium, String> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err("a file's address begins with `file:///`; a path does without it".to_owned());
    }
    of_path(&percent_decode_str(path).decode_utf8_lossy())
}

fn of_path(text: &str) -> std::result::Result<Medium, String> {
    let path = PathBuf::from(text);
    Ok(match () {
        () if text.is_empty() => return Err("it is empty".to_owned()),
        () if path.starts_with("/dev") => Medium::Device(path),
        () if is_picture(&path) || text.contains(['*', '?', '[']) => Medium::Stills(path),
        () => Medium::Video(path),
    })
}

/// Whether a file's name ends as a picture's does.
pub fn is_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    PICTURES.contains(&ending.to_lowercase().as_str())
}

fn usable(path: &Path) -> Result<()> {
    let Err(error) = device::open(path) else {
        return Ok(());
    };
    if let Some(forbidden) = VIDEO.forbidden(path, &error) {
        return Err(Error::fatal(forbidden));
    }
    let shown = path.display();
    Err(Error::retry(match error.raw_os_error() {
        Some(libc::ENOENT) => {
            let class = VIDEO.class;
            format!(
                "there is no {shown}; {}, is it plugged in? {RIBBON}; a service needs \
                 DeviceAllow={class} rw",
                devices_here()
            )
        }
        Some(libc::ENXIO | libc::ENODEV) => format!(
            "no driver answers behind {shown} ({error}); plug the camera in again, and look at `dmesg`"
        ),
        _ => format!("{shown}: {error}"),
    }))
}

/// Whether a film can be read.
///
/// # Errors
/// Why not.
pub fn readable(path: &Path) -> Result<()> {
    let shown = path.display();
    match File::open(path) {
        Ok(file) if file.metadata().is_ok_and(|it| it.len() == 0) => {
            Err(Error::fatal(format!("{shown} is empty")))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(Error::fatal(format!("{shown}: {error}"))),
    }
}

/// The device that a pipeline of GStreamer names.
fn device_in(pipeline: &str) -> Option<&Path> {
    let mut named = values(pipeline, "device=");
    named.find(|it| it.starts_with("/dev/")).map(Path::new)
}

/// The address that a pipeline of GStreamer reads.
fn address_in(pipeline: &str) -> Option<Uri> {
    let mut named = values(pipeline, "location=").chain(values(pipeline, "uri="));
    named.find(|it| it.contains("://")).map(Uri::new)
}

/// What a property is set to, as often as it is.
fn values<'a>(pipeline: &'a str, property: &str) -> impl Iterator<Item = &'a str> {
    let set = pipeline
        .split_whitespace()
        .filter_map(move |word| word.strip_prefix(property));
    set.map(|it| it.trim_matches(['"', '\'']))
}

fn devices_here() -> String {
    let found = devices();
    let names: Vec<_> = found.iter().map(|it| it.display().to_string()).collect();
    match names.is_empty() {
        true => "`ls /dev/video*` finds none".to_owned(),
        false => format!("cameras here: {}", names.join(", ")),
    }
}

/// V4L2 devices of this machine.
pub fn devices() -> Vec<PathBuf> {
    let is_video = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("video")
            .is_some_and(|it| it.parse::<u16>().is_ok())
    };
    let entries = std::fs::read_dir(Path::new("/dev"))
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = entries.map(|it| it.path()).filter(is_video).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_says_what_it_is() {
        let kind = |uri: &str| match Medium::of(&Uri::new(uri)) {
            Ok(Medium::Device(path)) => format!("device {}", path.display()),
            Ok(Medium::Stream(_)) => "stream".to_owned(),
            Ok(Medium::GStreamer(_)) => "gstreamer".to_owned(),
            Ok(Medium::Video(_)) => "video".to_owned(),
            Ok(Medium::Stills(_)) => "stills".to_owned(),
            Err(error) => error,
        };
        assert_eq!(kind("0"), "device /dev/video0");
        assert_eq!(kind("/dev/v4l/by-id/usb"), "device /dev/v4l/by-id/usb");
        assert_eq!(kind("rtsp://user:secret@camera/1"), "stream");
        assert_eq!(kind("v4l2src ! videoconvert ! appsink"), "gstreamer");
        assert_eq!(kind("clip.mp4"), "video");
        assert_eq!(kind("photos/*.JPG"), "stills");
        assert_eq!(kind("concat://a|b"), "`concat` is no camera's scheme");
        assert_eq!(kind("file:///films/a%20b.mp4"), "video");
        assert!(kind("file://nas/films/a.mp4").contains("begins with `file:///`"));
        for pattern in ["photos/*", "photos/*.*", "photos/[a-c].[jJ]pg", "photos/a?"] {
            assert_eq!(kind(pattern), "stills", "{pattern}");
        }
    }

    #[test]
    fn the_device_of_a_pipeline_is_found() {
        let device = |uri| device_in(uri).map(Path::to_path_buf);
        let camera = Some(PathBuf::from("/dev/video2"));
        assert_eq!(device("v4l2src device=/dev/video2 ! appsink"), camera);
        assert_eq!(device("v4l2src device=\"/dev/video2\" ! appsink"), camera);
        assert_eq!(device("alsasrc device=hw:0 ! appsink"), None);
    }

    #[test]
    fn however_a_camera_is_named_one_node_reads_it() {
        let claim = |uri: &str| Medium::of(&Uri::new(uri)).ok()?.claim();
        let stream = claim("rtsp://user:medium-s3cret@porch/1");
        assert!(stream.is_some());
        assert_eq!(claim("rtspsrc location=rtsp://porch/1 ! appsink"), stream);
        let device = claim("v4l2src device=/dev/video2 ! appsink");
        assert_eq!(device, claim("2"));
        assert!(device.is_some());
        for free in ["a.mp4", "a/*.jpg", "filesrc location=a.mp4 ! appsink"] {
            assert_eq!(claim(free), None, "{free}");
        }
    }
}
