//! ALSA's own words: at debug in our log, not on standard error. What a failure means and what to do, the node says.

use std::ffi::{CStr, c_char, c_int};

use alsa_sys::__va_list_tag;

/// Bytes of a message that are kept.
const ROOM: usize = 512;

unsafe extern "C" {
    fn vsnprintf(
        room: *mut c_char,
        size: usize,
        format: *const c_char,
        arguments: *mut __va_list_tag,
    ) -> c_int;
}

/// Makes ALSA say what it says on this thread to our log. It costs a store.
pub fn take_words() {
    // SAFETY: the handler has the type that ALSA calls, and lives as long as the program.
    unsafe { alsa_sys::snd_lib_error_set_local(Some(hear)) };
}

/// # Safety
/// ALSA gives text that ends, and the arguments that its format has.
unsafe extern "C" fn hear(
    _file: *const c_char,
    _line: c_int,
    function: *const c_char,
    error: c_int,
    format: *const c_char,
    arguments: *mut __va_list_tag,
) {
    let mut room = [0u8; ROOM];
    // SAFETY: as above; the room is as large as is said, and what is written there ends with a zero.
    unsafe { vsnprintf(room.as_mut_ptr().cast(), ROOM, format, arguments) };
    let words = CStr::from_bytes_until_nul(&room).unwrap_or_default();
    // SAFETY: both are text that ends.
    let [function, why] = unsafe { [function, alsa_sys::snd_strerror(error)].map(|it| text(it)) };
    let words = words.to_string_lossy();
    let why = if error == 0 {
        String::new()
    } else {
        format!(": {why}")
    };
    tracing::debug!(target: "alsa", "alsa: {function}: {}{why}", words.trim_end());
}

/// # Safety
/// It is no address, or of text that ends.
unsafe fn text(it: *const c_char) -> String {
    if it.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(it) }.to_string_lossy().into_owned()
}
