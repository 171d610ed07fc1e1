//! Loads ONNX Runtime, once for the whole process.

mod place;
pub mod shared_object;

use std::ffi::{CStr, CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;

pub use self::place::find;
use self::place::{REMEDY, candidate};
use crate::inference::{store, words};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Runtime;

/// Of its words in the log.
pub const NAME: &str = "ONNX Runtime";
/// The oldest 1.x that has all functions that are used.
const OLDEST: u32 = ort::MINOR_VERSION;

static LOADED: Mutex<Option<(Environment, PathBuf)>> = Mutex::new(None);

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
    let candidate = candidate(runtime, base).ok_or_else(|| {
        Error::fatal(format!(
            "there is no ONNX Runtime on this machine; {REMEDY}"
        ))
    })?;
    let path = &candidate.path;
    // The loader looks for bare names in places of its own.
    if path.components().count() > 1 {
        shared_object::check(path).map_err(|flaw| candidate.refused(&flaw))?;
    }
    if let Some(sum) = candidate.sha256 {
        store::read_verified(path, sum)?;
    }
    let builder = ort::init_from(path).map_err(|error| candidate.refused(&why(path, &error)))?;
    if api(path).is_none_or(|api| api.is_null()) {
        let flaw = format!(
            "{} does not have what ONNX Runtime 1.{OLDEST} has",
            path.display()
        );
        return Err(candidate.refused(&flaw));
    }
    let environment = builder
        .with_name("otus")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, _, text| {
            words::heard(NAME, level >= LogLevel::Error, text);
        }))
        .build()
        .map_err(|error| Error::fatal(format!("ONNX Runtime does not start: {error}")))?;
    // Of each step of loading a model nobody wants to hear.
    environment.set_log_level(LogLevel::Warning);
    tracing::debug!(path = %path.display(), build = ort::info(), "ONNX Runtime loaded");
    *loaded = Some((environment.clone(), candidate.path));
    Ok(environment)
}

/// Version of the library at `path`, which must be loaded. `ort::info` tells of the build only.
pub fn version(path: &Path) -> Option<String> {
    // SAFETY: ONNX Runtime declares the table and this function so, and gives a string that stays.
    let version = unsafe { CStr::from_ptr(((*base(path)?).GetVersionString)()) };
    Some(version.to_string_lossy().into_owned())
}

/// Its functions, as the oldest version that can be used has them; null if it does not have them.
fn api(path: &Path) -> Option<*const ort::sys::OrtApi> {
    // SAFETY: ONNX Runtime declares the table and this function so.
    Some(unsafe { ((*base(path)?).GetApi)(OLDEST) })
}

fn base(path: &Path) -> Option<*const ort::sys::OrtApiBase> {
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
    // SAFETY: ONNX Runtime declares this function so.
    let base = unsafe { std::mem::transmute::<*mut libc::c_void, Base>(symbol)() };
    (!base.is_null()).then_some(base)
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

/// Why the library at `path` cannot be used.
fn why(path: &Path, error: &LoadDynamicError) -> String {
    let shown = path.display();
    match error {
        LoadDynamicError::Dlopen { error, .. } => {
            // The error itself only says that it failed; its source says why.
            let why =
                std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
            too_new(&why).map_or_else(
                || format!("cannot load ONNX Runtime from {shown}: {why}"),
                |why| format!("{shown} {why}"),
            )
        }
        LoadDynamicError::BadVersion { version_str, .. } => format!(
            "{shown} is ONNX Runtime {version_str}, and of 1.x 1.{OLDEST} is the oldest that can be used"
        ),
        _ => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let part = match name.contains("_providers_") {
                true => " but a part that it loads by itself: the library is `libonnxruntime.so`",
                false => "",
            };
            format!("{shown} is no ONNX Runtime{part}")
        }
    }
}

/// Tells of a system that is older than the one that the library was built for.
fn too_new(why: &str) -> Option<String> {
    let (_, rest) = why.split_once("version `")?;
    let (needed, _) = rest.split_once("' not found")?;
    // SAFETY: it gives a string that stays.
    let glibc = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    let glibc = glibc.to_string_lossy();
    Some(format!(
        "needs {needed}, and this system is too old to have that (glibc {glibc}): \
         take an older ONNX Runtime, from 1.{OLDEST} on, or a newer system"
    ))
}
