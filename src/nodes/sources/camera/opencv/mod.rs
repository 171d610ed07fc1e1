//! OpenCV's captures, in a library of its own (`src/opencv`) that is loaded when the first one is needed.

use std::ffi::{CStr, CString, c_void};
use std::path::PathBuf;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::time::Duration;

use self::abi::{Api, Opening};
pub use self::abi::{Backend, OPTIONS, Property, USUAL};
use self::turn::Turn;
use crate::inference::onnx::library::shared_object;
use crate::media::frame::{Frame, PixelFormat};
use crate::pipeline::contract::error::{Error, Result};

#[path = "../../../../opencv/abi.rs"]
mod abi;
mod turn;

const FILE: &str = "libotus_opencv.so";
const SYMBOL: &str = "otus_opencv_4";

/// Version of OpenCV.
///
/// # Errors
/// Why OpenCV cannot be used, with the remedy.
pub fn version() -> std::result::Result<String, String> {
    // SAFETY: the text ends with a zero and stays.
    let version = unsafe { CStr::from_ptr((api()?.version)()) };
    Ok(version.to_string_lossy().into_owned())
}

/// Loads OpenCV, and what only this backend needs of it; it is done once, and `Capture::open` does it too.
///
/// # Errors
/// Why the backend cannot be used, with the remedy.
pub fn prepare(backend: Backend) -> std::result::Result<(), String> {
    let why = (api()?.prepare)(backend);
    if why.is_null() {
        return Ok(());
    }
    // SAFETY: the text ends with a zero and stays.
    let why = unsafe { CStr::from_ptr(why) }.to_string_lossy();
    Err(format!("OpenCV is not whole: {why}; install it again"))
}

/// Beside the program, as cargo builds it, or in `../lib/otus`, as packages have it.
fn file() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let places = [
        folder.join(FILE),
        folder.parent()?.join("lib/otus").join(FILE),
    ];
    places.into_iter().find(|it| it.is_file())
}

fn api() -> std::result::Result<&'static Api, String> {
    static API: OnceLock<std::result::Result<&'static Api, String>> = OnceLock::new();
    API.get_or_init(load).clone()
}

fn load() -> std::result::Result<&'static Api, String> {
    let remedy =
        "it comes with builds for systems that have OpenCV; `backend = \"ffmpeg\"` does without";
    let file = file().ok_or_else(|| format!("there is no `{FILE}` beside otus; {remedy}"))?;
    // SAFETY: the file lies where otus itself comes from. Initialising OpenCV has no conditions.
    let library = unsafe { shared_object::open(&file) }.map_err(|why| {
        format!(
            "{why}: {FILE} needs OpenCV as it was built with; `ldd {}`",
            file.display()
        )
    })?;
    let library = Box::leak(Box::new(library));
    // SAFETY: whatever exports this symbol was compiled with the same `abi.rs`.
    let api = unsafe { library.get::<*const Api>(SYMBOL) };
    let api = api.map_err(|_| format!("{} is of another version of otus", file.display()))?;
    // SAFETY: the symbol is a static, and the library stays.
    Ok(unsafe { &**api })
}

/// A device, stream or file that is open.
pub struct Capture {
    api: &'static Api,
    handle: NonNull<c_void>,
}

// SAFETY: OpenCV's captures are bound to no thread.
unsafe impl Send for Capture {}

/// What to open.
pub struct Wish<'a> {
    /// A path, an address or a pipeline.
    pub address: &'a str,
    /// What reads it.
    pub backend: Backend,
    /// How long connecting and a picture may take, in milliseconds; 0 where there is no limit.
    pub limits_ms: (u64, u64),
    /// Width and height in pixels to ask a device for.
    pub size: (Option<u32>, Option<u32>),
    /// Packets as they come, instead of pictures.
    pub packets: bool,
    /// How long it will take, as far as that is known.
    pub expected: Duration,
}

impl<'a> Wish<'a> {
    /// To have the pictures of this, without limits.
    pub fn of(address: &'a str, backend: Backend) -> Wish<'a> {
        Wish {
            address,
            backend,
            limits_ms: (0, 0),
            size: (None, None),
            packets: false,
            expected: Duration::ZERO,
        }
    }
}

impl Capture {
    /// None if OpenCV cannot open it; it does not say why.
    ///
    /// # Errors
    /// `Fatal` if OpenCV cannot be used.
    pub fn open(wish: &Wish) -> Result<Option<Capture>> {
        prepare(wish.backend).map_err(Error::Fatal)?;
        let api = api().map_err(Error::Fatal)?;
        let address = CString::new(wish.address).map_err(Error::fatal)?;
        let opening = Opening {
            address: address.as_ptr(),
            backend: wish.backend,
            connect_ms: wish.limits_ms.0 as i32,
            read_ms: wish.limits_ms.1 as i32,
            width: wish.size.0.unwrap_or_default(),
            height: wish.size.1.unwrap_or_default(),
            packets: wish.packets,
            quick: wish.address.starts_with("rtsp"),
        };
        // OpenCV opens one at a time anyway, and does not let the quick ones go first.
        let _turn = matches!(wish.backend, Backend::Ffmpeg).then(|| Turn::wait(wish.expected));
        // SAFETY: the address outlives the call.
        let handle = NonNull::new(unsafe { (api.open)(&opening) });
        Ok(handle.map(|handle| Capture { api, handle }))
    }

    /// Takes the next picture without decoding it; false at the end.
    pub fn grab(&mut self) -> Result<bool> {
        // SAFETY: the capture is open, and `&mut` is the only user.
        match unsafe { (self.api.grab)(self.handle.as_ptr()) } {
            -1 => Err(self.complaint()),
            grabbed => Ok(grabbed > 0),
        }
    }

    /// A property of the capture or of its latest picture; 0 if it is unknown.
    pub fn get(&mut self, property: Property) -> f64 {
        // SAFETY: the capture is open, and `&mut` is the only user.
        unsafe { (self.api.get)(self.handle.as_ptr(), property) }
    }

    /// Decodes what was grabbed straight into a frame that had this shape the last time: the only
    /// copy that a picture ever sees. A picture of another size is copied once more.
    pub fn retrieve(&mut self, frame: &mut Frame, shape: &mut (u32, u32)) -> Result<()> {
        let capture = self.handle.as_ptr();
        let buffer = frame
            .reshape(shape.0, shape.1, PixelFormat::Bgr8)
            .as_mut_ptr();
        // SAFETY: the buffer is for a picture of this shape; the capture is open and has one user.
        let decoded = unsafe { (self.api.retrieve)(capture, buffer, &mut shape.0, &mut shape.1) };
        match decoded {
            -1 => return Err(self.complaint()),
            1 => return Ok(()),
            _ => {}
        }
        let room = frame.reshape(shape.0, shape.1, PixelFormat::Bgr8);
        // SAFETY: the buffer has this length; the capture is open and has one user.
        match unsafe { (self.api.copy)(capture, room.as_mut_ptr(), room.len()) } {
            true => Ok(()),
            false => Err(Error::retry("the decoder gave a picture without colours")),
        }
    }

    fn complaint(&self) -> Error {
        // SAFETY: the capture is open; the text ends with a zero and is copied at once.
        let text = unsafe { CStr::from_ptr((self.api.complaint)(self.handle.as_ptr())) };
        Error::retry(text.to_string_lossy())
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // SAFETY: nothing uses it after this.
        unsafe { (self.api.close)(self.handle.as_ptr()) }
    }
}
