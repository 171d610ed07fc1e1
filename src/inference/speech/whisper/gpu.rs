//! Whether Whisper can work on a graphics processor: on the one that ggml's CUDA has found, which is part
//! of the program, or the module that `cross/cuda.sh` builds. One that is of no use must not go unsaid,
//! because the processor does the work then, many times slower.

use std::ffi::CStr;
use std::path::Path;

use whisper_rs::whisper_rs_sys as sys;

use crate::inference::onnx::library::shared_object;
use crate::inference::speech::whisper::processor;

const MODULE: &str = "libggml-cuda.so";

/// What the graphics processor is called; none if nothing here could use one.
///
/// # Errors
/// Why the module, or what was built in, finds none. A retry does not help.
pub fn find() -> Result<Option<String>, String> {
    processor::choose();
    // SAFETY: the name ends with a zero, and `choose` was the last to change ggml's registry.
    let cuda = unsafe { sys::ggml_backend_reg_by_name(c"CUDA".as_ptr()) };
    if cuda.is_null() {
        let module = processor::folder().map(|folder| folder.join(MODULE));
        let module = module.filter(|it| it.symlink_metadata().is_ok());
        return module.map_or(Ok(None), |module| Err(unloadable(&module)));
    }
    // SAFETY: ggml keeps what is registered, and its texts, which end with a zero.
    unsafe {
        if sys::ggml_backend_reg_dev_count(cuda) == 0 {
            let why = "CUDA finds no GPU: there is no driver, it is too old, or the devices are shut to this user";
            return Err(why.to_owned());
        }
        let name = sys::ggml_backend_dev_description(sys::ggml_backend_reg_dev_get(cuda, 0));
        Ok(Some(CStr::from_ptr(name).to_string_lossy().into_owned()))
    }
}

/// Why ggml, which says nothing about it, has not taken this module.
fn unloadable(module: &Path) -> String {
    // SAFETY: ggml has tried to load this file before, and what that runs is the same.
    match unsafe { shared_object::open(module) } {
        Err(why) => why,
        Ok(_) => format!(
            "{} is of another whisper.cpp than this otus has ({})",
            module.display(),
            whisper_rs::get_whisper_version()
        ),
    }
}
