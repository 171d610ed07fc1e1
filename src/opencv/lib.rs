//! OpenCV's VideoCapture for otus: devices through V4L2, streams and files through FFmpeg, GStreamer.
//!
//! otus loads this library, `libotus_opencv.so`, when it meets the first camera; `abi.rs` is all
//! that the two know of each other.

mod abi;
#[cfg(stands_in)]
mod imgcodecs;

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::OnceLock;

use opencv::Result;
use opencv::core::{
    LogLevel, Mat, MatTraitConst, MatTraitConstManual, ROTATE_90_CLOCKWISE,
    ROTATE_90_COUNTERCLOCKWISE, ROTATE_180, Vec3b, Vector, get_version_string, rotate,
    set_log_level,
};
use opencv::videoio::{
    CAP_FFMPEG, CAP_GSTREAMER, CAP_PROP_BUFFERSIZE, CAP_PROP_FORMAT, CAP_PROP_FPS,
    CAP_PROP_FRAME_HEIGHT, CAP_PROP_FRAME_WIDTH, CAP_PROP_LRF_HAS_KEY_FRAME,
    CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_ORIENTATION_AUTO, CAP_PROP_ORIENTATION_META,
    CAP_PROP_POS_MSEC, CAP_PROP_READ_TIMEOUT_MSEC, CAP_V4L2, VideoCapture, VideoCaptureTrait,
    VideoCaptureTraitConst,
};

use self::abi::{Api, Backend, OPTIONS, Opening, Property, QUICK, USUAL};

/// What otus looks for.
#[unsafe(export_name = "otus_opencv_4")]
pub static API: Api = Api {
    version,
    prepare,
    open,
    close,
    grab,
    get,
    retrieve,
    copy,
    complaint,
};

struct Capture {
    video: VideoCapture,
    /// How a picture must be turned to be upright.
    turn: Option<i32>,
    /// The latest picture before it is turned.
    lying: Mat,
    /// The latest picture, if it is not in the buffer that was given.
    kept: Mat,
    complaint: CString,
}

extern "C" fn version() -> *const c_char {
    static VERSION: OnceLock<CString> = OnceLock::new();
    let text = || CString::new(get_version_string().unwrap_or_default()).unwrap_or_default();
    VERSION.get_or_init(text).as_ptr()
}

extern "C" fn prepare(backend: Backend) -> *const c_char {
    #[cfg(stands_in)]
    if matches!(backend, Backend::V4l2)
        && let Err(why) = imgcodecs::load()
    {
        return why.as_ptr();
    }
    let _ = backend;
    std::ptr::null()
}

unsafe extern "C" fn open(opening: &Opening) -> *mut c_void {
    // OpenCV's own warnings go past every log; what matters comes back as an error.
    let _ = set_log_level(LogLevel::LOG_LEVEL_SILENT);
    give_options(opening.quick);
    // SAFETY: otus gives text that ends with a zero.
    let address = unsafe { CStr::from_ptr(opening.address) };
    let video = connect(&address.to_string_lossy(), opening).ok();
    let opened = video.filter(|it| it.is_opened().unwrap_or(false));
    let capture = opened.map(|mut video| Capture {
        turn: turn(&mut video, opening.backend),
        lying: Mat::default(),
        video,
        kept: Mat::default(),
        complaint: CString::default(),
    });
    capture.map_or(std::ptr::null_mut(), |it| {
        Box::into_raw(Box::new(it)).cast()
    })
}

/// Sets FFmpeg's options, unless somebody has set his own. otus opens one capture of FFmpeg at a time.
fn give_options(quick: bool) {
    let wanted = if quick { QUICK } else { USUAL };
    let is_ours = |it: &str| it != wanted && (it == USUAL || it == QUICK);
    if std::env::var(OPTIONS).is_ok_and(|it| is_ours(&it)) {
        // SAFETY: the variable exists, so that the C library only puts another pointer into its place; it never frees
        // the text that was there.
        unsafe { std::env::set_var(OPTIONS, wanted) };
    }
}

/// How a film is to be turned, going by its own metadata. OpenCV would do it itself, but 4.6 has left and right the
/// other way round (opencv/opencv#22088).
fn turn(video: &mut VideoCapture, backend: Backend) -> Option<i32> {
    if !matches!(backend, Backend::Ffmpeg) || !video.set(CAP_PROP_ORIENTATION_AUTO, 0.0).ok()? {
        return None;
    }
    let said = video.get(CAP_PROP_ORIENTATION_META).ok()? as i32;
    let is_mistaken = get_version_string().is_ok_and(|it| it.starts_with("4.6."));
    match if is_mistaken {
        (360 - said) % 360
    } else {
        said
    } {
        90 => Some(ROTATE_90_CLOCKWISE),
        180 => Some(ROTATE_180),
        270 => Some(ROTATE_90_COUNTERCLOCKWISE),
        _ => None,
    }
}

fn connect(address: &str, opening: &Opening) -> Result<VideoCapture> {
    let backend = match opening.backend {
        Backend::V4l2 => CAP_V4L2,
        Backend::Ffmpeg => CAP_FFMPEG,
        Backend::Gstreamer => CAP_GSTREAMER,
    };
    let wishes = [
        (CAP_PROP_FORMAT, -i32::from(opening.packets)),
        (CAP_PROP_OPEN_TIMEOUT_MSEC, opening.connect_ms),
        (CAP_PROP_READ_TIMEOUT_MSEC, opening.read_ms),
    ];
    let wishes = wishes.iter().filter(|(_, value)| *value != 0);
    let wishes: Vector<i32> = wishes.flat_map(|(key, value)| [*key, *value]).collect();
    let mut video = VideoCapture::from_file_with_params(address, backend, &wishes)?;
    if matches!(opening.backend, Backend::V4l2) {
        // Wishes: a driver may refuse them. Old frames in its queue are of no use.
        for (property, value) in [
            (CAP_PROP_BUFFERSIZE, 2),
            (CAP_PROP_FRAME_WIDTH, opening.width),
            (CAP_PROP_FRAME_HEIGHT, opening.height),
        ] {
            let _ = (value > 0).then(|| video.set(property, f64::from(value)));
        }
    }
    Ok(video)
}

unsafe extern "C" fn close(capture: *mut c_void) {
    // SAFETY: it is from `open`, and otus uses it no more.
    drop(unsafe { Box::from_raw(capture.cast::<Capture>()) });
}

/// # Safety
/// Must be from `open`, not closed, and used by nobody else.
unsafe fn given<'a>(capture: *mut c_void) -> &'a mut Capture {
    // SAFETY: as the caller promises.
    unsafe { &mut *capture.cast::<Capture>() }
}

unsafe extern "C" fn grab(capture: *mut c_void) -> i32 {
    // SAFETY: otus's captures are used by one thread each.
    let capture = unsafe { given(capture) };
    let grabbed = capture.video.grab();
    capture.noted(grabbed).map_or(-1, i32::from)
}

unsafe extern "C" fn get(capture: *mut c_void, property: Property) -> f64 {
    let property = match property {
        Property::PositionMs => CAP_PROP_POS_MSEC,
        Property::Fps => CAP_PROP_FPS,
        Property::Width => CAP_PROP_FRAME_WIDTH,
        Property::Height => CAP_PROP_FRAME_HEIGHT,
        Property::KeyFrame => CAP_PROP_LRF_HAS_KEY_FRAME,
    };
    // SAFETY: otus's captures are used by one thread each.
    let capture = unsafe { given(capture) };
    capture.video.get(property).unwrap_or_default()
}

unsafe extern "C" fn retrieve(
    capture: *mut c_void,
    buffer: *mut u8,
    width: &mut u32,
    height: &mut u32,
) -> i32 {
    // SAFETY: otus's captures are used by one thread each.
    let capture = unsafe { given(capture) };
    let length = *width as usize * *height as usize * size_of::<Vec3b>();
    let buffer: &mut [u8] = match length {
        0 => &mut [],
        // SAFETY: the buffer is for a picture of this size.
        _ => unsafe { std::slice::from_raw_parts_mut(buffer, length) },
    };
    let decoded = capture.decode(buffer, width, height);
    capture.noted(decoded).map_or(-1, i32::from)
}

unsafe extern "C" fn copy(capture: *mut c_void, buffer: *mut u8, length: usize) -> bool {
    // SAFETY: otus's captures are used by one thread each.
    let capture = unsafe { given(capture) };
    let kept = std::mem::take(&mut capture.kept);
    let bytes = kept.data_bytes().ok();
    let bytes = bytes.filter(|it| it.len() == length && length > 0);
    // SAFETY: the buffer has this length, and a picture of OpenCV's own lies elsewhere.
    let copied =
        bytes.map(|it| unsafe { std::ptr::copy_nonoverlapping(it.as_ptr(), buffer, length) });
    copied.is_some()
}

unsafe extern "C" fn complaint(capture: *mut c_void) -> *const c_char {
    // SAFETY: otus's captures are used by one thread each.
    unsafe { given(capture) }.complaint.as_ptr()
}

impl Capture {
    fn noted<T>(&mut self, result: Result<T>) -> Option<T> {
        let note = |error: &opencv::Error| {
            self.complaint = CString::new(error.message.as_str()).unwrap_or_default();
        };
        result.inspect_err(note).ok()
    }

    /// True if the picture is in the buffer.
    fn decode(&mut self, buffer: &mut [u8], width: &mut u32, height: &mut u32) -> Result<bool> {
        let start = buffer.as_ptr();
        let (size, in_place) = if let Some(turn) = self.turn {
            self.video.retrieve_def(&mut self.lying)?;
            rotate(&self.lying, &mut self.kept, turn)?;
            (self.kept.size()?, false)
        } else if buffer.is_empty() {
            self.video.retrieve_def(&mut self.kept)?;
            (self.kept.size()?, false)
        } else {
            let (rows, columns) = (*height as i32, *width as i32);
            let mut picture = Mat::new_rows_cols_with_bytes_mut::<Vec3b>(rows, columns, buffer)?;
            self.video.retrieve_def(&mut picture)?;
            // OpenCV makes a new buffer if the picture has another size than the last.
            let in_place = std::ptr::eq(picture.data(), start);
            if !in_place {
                self.kept = picture.try_clone()?;
            }
            (picture.size()?, in_place)
        };
        (*width, *height) = (size.width as u32, size.height as u32);
        Ok(in_place)
    }
}
