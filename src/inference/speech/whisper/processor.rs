//! Which kernels of whisper.cpp do the work: those that are part of the program run on every processor
//! of its kind; in `../lib/otus`, seen from the program, there may be modules for processors that can
//! do more.
//!
//! `cross/kernels.sh` builds the modules, `libggml-cpu-armv8.2_2.so` and the like, from the same
//! sources. Each knows what it needs, and ggml takes the best one that the processor can run.

use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use whisper_rs::whisper_rs_sys as sys;

use crate::inference::speech::whisper::log;

/// As ggml names those that use the processor.
const CPU: &CStr = c"CPU";

static FROM_MODULE: OnceLock<bool> = OnceLock::new();

/// Takes the best kernels there are, at the first call; true if they came from a module. Must be
/// called before a model is opened.
pub fn choose() -> bool {
    log::listen();
    *FROM_MODULE.get_or_init(|| folder().is_some_and(|folder| load(&folder)))
}

/// What the processor does for Whisper: ggml's names of the vector instructions that it uses.
pub fn instructions() -> String {
    choose();
    // SAFETY: the text is a static buffer of whisper.cpp, and ends with a zero.
    let text = unsafe { CStr::from_ptr(sys::whisper_print_system_info()) };
    let text = text.to_string_lossy();
    let used = text.split(['|', ':']).map(str::trim);
    let used = used.filter_map(|it| it.strip_suffix(" = 1"));
    used.collect::<Vec<_>>().join(" ")
}

/// Where modules are, if there is such a folder.
pub fn folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?.parent()?.join("lib/otus");
    folder.is_dir().then_some(folder)
}

fn load(folder: &Path) -> bool {
    let Ok(folder) = CString::new(folder.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: the path ends with a zero. ggml's registry is touched here only, under the lock of
    // `FROM_MODULE`, and nothing has been opened yet that the unloaded kernels would serve.
    unsafe {
        let builtin = sys::ggml_backend_reg_by_name(CPU.as_ptr());
        let before = sys::ggml_backend_reg_count();
        sys::ggml_backend_load_all_from_path(folder.as_ptr());
        let mut added = (before..sys::ggml_backend_reg_count())
            .map(|at| CStr::from_ptr(sys::ggml_backend_reg_name(sys::ggml_backend_reg_get(at))));
        let found = added.any(|name| name == CPU);
        if found {
            quieten(&folder);
            // The first one of a kind is the one that is used.
            sys::ggml_backend_unload(builtin);
        }
        found
    }
}

/// Modules share a copy of ggml of their own, which would tell standard error about every tensor.
///
/// # Safety
/// The modules of this folder must have been loaded.
unsafe fn quieten(folder: &CStr) {
    type LogSet = unsafe extern "C" fn(sys::ggml_log_callback, *mut c_void);
    extern "C" fn nothing(_: sys::ggml_log_level, _: *const c_char, _: *mut c_void) {}
    let base = [folder.to_bytes(), b"/libggml-base.so.0"].concat();
    let base = CString::new(base).expect("a C string holds no zeros");
    // SAFETY: both names end with a zero; ggml declares the function so, and the library stays.
    unsafe {
        let library = libc::dlopen(base.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD);
        if library.is_null() {
            return;
        }
        let symbol = libc::dlsym(library, c"ggml_log_set".as_ptr());
        if !symbol.is_null() {
            std::mem::transmute::<*mut c_void, LogSet>(symbol)(Some(nothing), std::ptr::null_mut());
        }
    }
}
