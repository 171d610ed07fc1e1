//! Loads ONNX Runtime, once for the whole process.

use std::ffi::{CStr, CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;

use crate::inference::manifest;
use crate::inference::store::{self, Place};
use crate::pipeline::context::Context;
use crate::pipeline::node::{Error, Result};
use crate::pipeline::options::Runtime;

static LOADED: Mutex<Option<(Environment, PathBuf)>> = Mutex::new(None);

const REMEDY: &str = "run `otus models pull onnxruntime`, or name a library in ORT_DYLIB_PATH or \
                      in `[runtime] onnxruntime`";

/// The loaded library; loads it at the first call.
///
/// # Errors
/// `Fatal` if there is none, or it is too old, or no ONNX Runtime at all.
pub fn environment(context: &Context) -> Result<Environment> {
    load(&context.runtime, &context.base)
}

/// The same, outside a pipeline.
///
/// # Errors
/// As `environment`.
pub fn load(runtime: &Runtime, base: &Path) -> Result<Environment> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((environment, _)) = &*loaded {
        return Ok(environment.clone());
    }
    let path = find(runtime, base).ok_or_else(|| {
        Error::fatal(format!(
            "there is no ONNX Runtime on this machine; {REMEDY}"
        ))
    })?;
    let builder = ort::init_from(&path).map_err(|error| unusable(&path, &error))?;
    let environment = builder
        .with_name("otus")
        .with_telemetry(false)
        .build()
        .map_err(|error| Error::fatal(format!("ONNX Runtime does not start: {error}")))?;
    tracing::debug!(path = %path.display(), build = ort::info(), "ONNX Runtime loaded");
    *loaded = Some((environment.clone(), path));
    Ok(environment)
}

/// Version of the library at `path`, which must be loaded. `ort::info` tells of the build only.
pub fn version(path: &Path) -> Option<String> {
    type Base = unsafe extern "C" fn() -> *const ort::sys::OrtApiBase;
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: both names end with a zero. The handle stays open, as the library does.
    let symbol = unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD);
        (!library.is_null()).then(|| libc::dlsym(library, c"OrtGetApiBase".as_ptr()))?
    };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: ONNX Runtime declares this function so, and it gives a string that stays.
    let version = unsafe {
        let base: Base = std::mem::transmute(symbol);
        CStr::from_ptr(((*base()).GetVersionString)())
    };
    Some(version.to_string_lossy().into_owned())
}

/// Names of the providers that the loaded library has, in ONNX Runtime's terms.
pub fn providers() -> Vec<String> {
    let (mut names, mut count) = (ptr::null_mut(), 0);
    // SAFETY: both pointers are valid for the call; the names stay until they are released below.
    unsafe {
        let status = (ort::api().GetAvailableProviders)(&raw mut names, &raw mut count);
        if ort::Error::result_from_status(status).is_err() {
            return Vec::new();
        }
        let listed = std::slice::from_raw_parts(names, count as usize);
        let text = |name: &*mut c_char| CStr::from_ptr(*name).to_string_lossy().into_owned();
        let providers = listed.iter().map(text).collect();
        let status = (ort::api().ReleaseAvailableProviders)(names, count);
        let _ = ort::Error::result_from_status(status);
        providers
    }
}

/// Where ONNX Runtime is: the pipeline file, `ORT_DYLIB_PATH`, the package, the cache.
pub fn find(runtime: &Runtime, base: &Path) -> Option<PathBuf> {
    if let Some(path) = &runtime.onnxruntime {
        return Some(base.join(path));
    }
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let packaged = PathBuf::from("/usr/lib/otus/libonnxruntime.so");
    if packaged.exists() {
        return Some(packaged);
    }
    manifest::find("onnxruntime")
        .and_then(store::local)
        .and_then(Place::file)
}

fn unusable(path: &Path, error: &LoadDynamicError) -> Error {
    let path = path.display();
    Error::fatal(match error {
        LoadDynamicError::Dlopen { error, .. } => {
            // The error itself only says that it failed; its source says why.
            let why =
                std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
            format!("cannot load ONNX Runtime from {path}: {why}; {REMEDY}")
        }
        LoadDynamicError::BadVersion { version_str, .. } => format!(
            "{path} is ONNX Runtime {version_str}, and 1.{} is the oldest that can be used; {REMEDY}",
            ort::MINOR_VERSION
        ),
        _ => format!("{path} is no ONNX Runtime; {REMEDY}"),
    })
}
