//! The elements of a GStreamer pipeline: which are missing here, and which package has them.

use crate::pipeline::contract::child;
use crate::pipeline::contract::error::Error;

/// Packages of Debian and Raspberry Pi OS, and NVIDIA's, by how names of elements begin; the first
/// that fits counts.
const PACKAGES: [(&str, &str); 30] = [
    ("libcamera", "`apt install gstreamer1.0-libcamera`"),
    ("pipewire", "`apt install gstreamer1.0-pipewire`"),
    ("avdec_", "`apt install gstreamer1.0-libav`"),
    ("v4l2sl", STATELESS),
    ("v4l2h26", MEMORY_TO_MEMORY),
    ("v4l2jpeg", MEMORY_TO_MEMORY),
    ("v4l2vp", MEMORY_TO_MEMORY),
    ("v4l2", GOOD),
    ("nv", NVIDIA),
    ("rtsp", GOOD),
    ("rtph", GOOD),
    ("rtpj", GOOD),
    ("rtpv", GOOD),
    ("souphttp", GOOD),
    ("jpegdec", GOOD),
    ("vp8", GOOD),
    ("vp9", GOOD),
    ("multipartdemux", GOOD),
    ("matroska", GOOD),
    ("qt", GOOD),
    ("videoconvert", BASE),
    ("videoscale", BASE),
    ("videorate", BASE),
    ("videotestsrc", BASE),
    ("decodebin", BASE),
    ("uridecodebin", BASE),
    ("app", BASE),
    ("h26", BAD),
    ("vah26", BAD),
    ("vapostproc", BAD),
];
const BASE: &str = "`apt install gstreamer1.0-plugins-base`";
const GOOD: &str = "`apt install gstreamer1.0-plugins-good`";
const BAD: &str = "`apt install gstreamer1.0-plugins-bad`";
const STATELESS: &str = "`apt install gstreamer1.0-plugins-bad`; it is there only where the kernel \
                         has such a decoder that this user may use";
const MEMORY_TO_MEMORY: &str = "`apt install gstreamer1.0-plugins-good`; it is there only where the \
                                kernel has such a decoder that this user may use, and a Raspberry \
                                Pi 5 has none";
const NVIDIA: &str = "it is NVIDIA's: on a Jetson `apt install nvidia-l4t-gstreamer`, elsewhere \
                      `apt install gstreamer1.0-plugins-bad`";
const OTHER: &str = "`apt-cache search gstreamer1.0-` lists the packages of elements";

/// Looks whether all elements of a pipeline are here. Without GStreamer's tools nobody can tell.
///
/// # Errors
/// `Fatal` with the package that has the first one that is missing.
pub fn check(pipeline: &str) -> Result<(), Error> {
    let listed = child::program("gst-inspect-1.0").output();
    let Some(listed) = listed.ok().filter(|it| it.status.success()) else {
        return Ok(());
    };
    // Lines are `plugin:  element: description`.
    let listed = String::from_utf8_lossy(&listed.stdout);
    let known = |name: &str| listed.contains(&format!(":  {name}: "));
    match names(pipeline).find(|it| !known(it)) {
        Some(name) => Err(missing(name)),
        None => Ok(()),
    }
}

/// Names of the elements, as far as they are plain.
fn names(pipeline: &str) -> impl Iterator<Item = &str> {
    let first = pipeline
        .split('!')
        .filter_map(|part| part.split_whitespace().next());
    first.filter(|it| it.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// The first word of a pipeline that names an element which writes or sends; a pipeline is for reading.
pub fn writing(pipeline: &str) -> Option<&str> {
    let words = pipeline.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut sinks = words.filter(|word| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        bare.len() > "sink".len() && bare.ends_with("sink")
    });
    sinks.find(|it| !matches!(*it, "appsink" | "fakesink"))
}

/// What `gst-launch-1.0` complains about, as an error: only a person can mend a wrong pipeline.
pub fn explain(complaint: &str) -> Option<Error> {
    let begins = ["erroneous pipeline: ", "could not be constructed: "];
    let wrong = begins.iter().find_map(|begin| complaint.split_once(begin));
    let (_, wrong) = wrong?;
    let name = wrong
        .strip_prefix("no element \"")
        .and_then(|it| it.split_once('"'));
    Some(name.map_or_else(|| Error::fatal(wrong), |(name, _)| missing(name)))
}

fn missing(name: &str) -> Error {
    let package = PACKAGES.iter().find(|(begins, _)| name.starts_with(begins));
    let remedy = package.map_or(OTHER, |(_, package)| package);
    Error::fatal(format!("GStreamer has no element `{name}` here; {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_write_are_found_wherever_they_stand() {
        for (pipeline, element) in [
            (
                "videotestsrc ! tee name=t ! appsink t. ! queue ! filesink location=/x",
                Some("filesink"),
            ),
            ("videotestsrc!hlssink2!appsink", Some("hlssink2")),
            (
                "playbin video-sink=\"multifilesink location=/x\" ! appsink",
                Some("multifilesink"),
            ),
            ("v4l2src ! videoconvert ! appsink name=sink", None),
            (
                "filesrc location=/films/kitchen.mp4 ! decodebin ! appsink",
                None,
            ),
        ] {
            assert_eq!(writing(pipeline), element, "{pipeline}");
        }
    }
}
