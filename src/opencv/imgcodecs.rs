//! Stands in for `libopencv_imgcodecs`, OpenCV's library for picture files, until it is needed.
//!
//! OpenCV's video library is linked to it and, of all that cameras need, takes from it only how the JPEG pictures of
//! a webcam are decoded. Debian links it to GDAL and through that to a hundred more libraries, which take as long to
//! load as all the others and 30 MB of memory. `build.rs` gives this library the same name, so the loader is
//! content with it, and what is asked of it here is passed on to the real one.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::OnceLock;

/// `cv::Mat` as a result: what counts is that it is too large for registers, so its place is an argument in Rust as in
/// C++.
#[repr(C)]
struct Mat([usize; 12]);

/// Loads the real library if it is not loaded yet.
///
/// # Errors
/// The loader's words.
pub fn load() -> Result<(), &'static CStr> {
    real().map(drop)
}

fn real() -> Result<*mut c_void, &'static CStr> {
    static REAL: OnceLock<Result<usize, CString>> = OnceLock::new();
    let real = REAL.get_or_init(|| {
        let path = beside_the_video_library().ok_or(c"OpenCV's video library has no path")?;
        // SAFETY: it is OpenCV's, as the one beside it that is loaded already.
        let real = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        match real.is_null() {
            false => Ok(real as usize),
            // SAFETY: after a failure there are words, which end with a zero, until the thread's next call.
            true => Err(unsafe { CStr::from_ptr(libc::dlerror()) }.to_owned()),
        }
    });
    match real {
        Ok(handle) => Ok(*handle as *mut c_void),
        Err(why) => Err(why),
    }
}

/// Its whole path: the loader knows this library by its name.
fn beside_the_video_library() -> Option<CString> {
    unsafe extern "C" {
        // cv::VideoCapture::VideoCapture()
        #[link_name = "_ZN2cv12VideoCaptureC1Ev"]
        fn video_capture();
    }
    let mut about = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `about` is filled if the answer is not 0; the name that it then has ends with a zero.
    let file = unsafe {
        match libc::dladdr(video_capture as *const c_void, about.as_mut_ptr()) {
            0 => return None,
            _ => CStr::from_ptr(about.assume_init().dli_fname),
        }
    };
    let path = Path::new(file.to_str().ok()?).with_file_name(env!("REPLACED"));
    CString::new(path.to_str()?).ok()
}

fn real_function(symbol: &CStr) -> *mut c_void {
    // SAFETY: the handle is from `dlopen` and never closed; the symbol ends with a zero.
    let found = real().map(|it| unsafe { libc::dlsym(it, symbol.as_ptr()) });
    // Devices are opened after `load`; pipelines that end in JPEG pictures come here first.
    match found {
        Ok(function) if !function.is_null() => function,
        _ => std::process::abort(),
    }
}

/// Functions under the names that C++ gives them. References and pointers are pointers to both languages; exceptions
/// pass through.
macro_rules! passed_on {
    ($($symbol:literal, $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        #[unsafe(export_name = $symbol)]
        unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            static REAL: OnceLock<usize> = OnceLock::new();
            let real = *REAL.get_or_init(|| {
                let symbol = CStr::from_bytes_with_nul(concat!($symbol, "\0").as_bytes());
                real_function(symbol.expect("it ends with a zero")) as usize
            });
            // SAFETY: the function of this name has this type.
            let real = unsafe {
                std::mem::transmute::<usize, unsafe extern "C-unwind" fn($($type),*) -> $result>(real)
            };
            // SAFETY: as the caller promises.
            unsafe { real($($argument),*) }
        }
    )*};
}

type Text = *const c_char;
type Array = *const c_void;

passed_on! {
    "_ZN2cv8imdecodeERKNS_11_InputArrayEi", imdecode(bytes: Array, flags: c_int) -> Mat;
    "_ZN2cv8imdecodeERKNS_11_InputArrayEiPNS_3MatE", imdecode_into(bytes: Array, flags: c_int, into: *mut c_void) -> Mat;
    "_ZN2cv6imreadERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi", imread(path: Text, flags: c_int) -> Mat;
    "_ZN2cv7imwriteERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKNS_11_InputArrayERKSt6vectorIiSaIiEE",
        imwrite(path: Text, picture: Array, options: *const c_void) -> bool;
    "_ZN2cv15haveImageReaderERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", has_reader(path: Text) -> bool;
    "_ZN2cv15haveImageWriterERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", has_writer(path: Text) -> bool;
}
