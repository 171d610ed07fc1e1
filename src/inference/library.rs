//! Loads ONNX Runtime, once for the whole process.

use std::path::{Path, PathBuf};
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
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((environment, _)) = &*loaded {
        return Ok(environment.clone());
    }
    let path = find(&context.runtime, &context.base).ok_or_else(|| {
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
