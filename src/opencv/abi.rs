//! How otus calls its OpenCV library; both are compiled with this file.

use std::ffi::{c_char, c_void};

/// The variable of the environment by which FFmpeg's options reach OpenCV; there is no other way.
pub const OPTIONS: &str = "OPENCV_FFMPEG_CAPTURE_OPTIONS";
/// TCP, because lost UDP packets smear pictures; half a second of probing, because the default of five delays every
/// reconnect. Of a camera that sends sound too its pictures only: the sound would use up the probing, and the size of the
/// pictures stay unknown.
pub const USUAL: &str =
    "rtsp_transport;tcp|analyzeduration;500000|fpsprobesize;0|allowed_media_types;video";
/// An RTSP server describes its streams, and FFmpeg would still wait for seven pictures before it gives the first: seven
/// seconds of a slow camera.
#[allow(dead_code, reason = "otus itself names only the usual ones")]
pub const QUICK: &str = "rtsp_transport;tcp|analyzeduration;500000|fpsprobesize;0|allowed_media_types;video|probesize;32";

/// What reads: OpenCV knows more of them.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Backend {
    /// Devices.
    V4l2,
    /// Streams and files.
    Ffmpeg,
    /// Pipelines that end in `appsink`.
    Gstreamer,
}

/// What is asked of an open capture.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Property {
    /// Presentation time of the latest picture in milliseconds.
    PositionMs,
    /// Pictures per second, as the file says.
    Fps,
    /// Width of its pictures.
    Width,
    /// Height of its pictures.
    Height,
    /// 1 if the latest packet begins a group of pictures, where packets are read.
    KeyFrame,
}

/// What to open.
#[repr(C)]
pub struct Opening {
    /// A path, an address or a pipeline; ends with a zero.
    pub address: *const c_char,
    /// What reads it.
    pub backend: Backend,
    /// How long connecting may take; 0 where there is nothing to connect to.
    pub connect_ms: i32,
    /// How long a picture may take; 0 where it cannot be limited.
    pub read_ms: i32,
    /// Width in pixels to ask a device for, 0 for its own.
    pub width: u32,
    /// Height in pixels to ask a device for, 0 for its own.
    pub height: u32,
    /// Packets as they come, instead of pictures.
    pub packets: bool,
    /// Without looking at more of a stream than its description.
    pub quick: bool,
}

/// Functions on captures; each capture is used by one thread at a time and ends with `close`. The name
/// of the exported symbol has another number whenever something in this file changes.
#[repr(C)]
pub struct Api {
    /// Version of OpenCV: text that stays.
    pub version: extern "C" fn() -> *const c_char,
    /// Loads what a backend takes time for, once: null, or why it cannot be used, text that stays.
    pub prepare: extern "C" fn(Backend) -> *const c_char,
    /// A capture, or null.
    pub open: unsafe extern "C" fn(&Opening) -> *mut c_void,
    /// Frees it.
    pub close: unsafe extern "C" fn(*mut c_void),
    /// Takes the next picture without decoding it: 1, at the end 0, after an error −1.
    pub grab: unsafe extern "C" fn(*mut c_void) -> i32,
    /// A property; 0 if it is unknown.
    pub get: unsafe extern "C" fn(*mut c_void, Property) -> f64,
    /// Decodes what was grabbed into a buffer for a picture of this width and height (blue, green,
    /// red; no padding) and sets both to what the picture has: 1; 0 if the picture is kept, because
    /// its size is another one; after an error −1.
    pub retrieve: unsafe extern "C" fn(*mut c_void, *mut u8, &mut u32, &mut u32) -> i32,
    /// Moves a kept picture into a buffer of this length; false if it has another.
    pub copy: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> bool,
    /// What went wrong last: text that stays until something else does.
    pub complaint: unsafe extern "C" fn(*mut c_void) -> *const c_char,
}
