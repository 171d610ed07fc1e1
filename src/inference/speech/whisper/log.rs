//! Takes down what whisper.cpp and ggml would write to standard error.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Once;

use whisper_rs::whisper_rs_sys as sys;

use crate::inference::words;

static LISTENING: Once = Once::new();

/// Listens from the first call on. Must come before anything else of whisper.cpp.
pub fn listen() {
    // SAFETY: the functions stay, as both libraries are part of the program.
    LISTENING.call_once(|| unsafe {
        sys::whisper_log_set(Some(whisper), std::ptr::null_mut());
        sys::ggml_log_set(Some(ggml), std::ptr::null_mut());
        sys::ggml_set_abort_callback(Some(last_words));
    });
}

unsafe extern "C" fn whisper(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    // SAFETY: handed on as it came.
    unsafe { heard("whisper.cpp", level, text) };
}

unsafe extern "C" fn ggml(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    // SAFETY: handed on as it came.
    unsafe { heard("ggml", level, text) };
}

/// Without this ggml would start a debugger, and print what that says.
unsafe extern "C" fn last_words(text: *const c_char) {
    // SAFETY: handed on as it came.
    unsafe { heard("ggml", sys::ggml_log_level_GGML_LOG_LEVEL_ERROR, text) };
    tracing::error!(
        "ggml ends the process: the Whisper model is broken, or does not fit whisper.cpp {}; with \
         `[runtime] isolation = \"process\"` only its node would fail",
        whisper_rs::get_whisper_version()
    );
}

/// # Safety
/// `text` must be null or end with a zero.
unsafe fn heard(library: &'static str, level: sys::ggml_log_level, text: *const c_char) {
    if text.is_null() {
        return;
    }
    // SAFETY: the caller says so.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let complains = level == sys::ggml_log_level_GGML_LOG_LEVEL_ERROR;
    words::heard(library, complains, &text);
}
