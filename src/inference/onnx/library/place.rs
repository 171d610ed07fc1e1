//! Which ONNX Runtime is meant, and what to do if it is not the right one.

use std::path::{Path, PathBuf};

use crate::inference::store::manifest;
use crate::inference::store::{self, Place};
use crate::pipeline::contract::error::Error;
use crate::pipeline::contract::runtime_options::Runtime;

/// What to do where there is none.
pub const REMEDY: &str = "run `otus models pull onnxruntime`, or name a library in ORT_DYLIB_PATH or \
                      in `[runtime] onnxruntime`";

/// A library, and what to do if it is not the right one: which depends on who has named it.
pub struct Candidate {
    /// Where it is.
    pub path: PathBuf,
    /// What the sum of the file must be; none if an administrator put it there.
    pub sha256: Option<&'static str>,
    remedy: &'static str,
}

/// Where ONNX Runtime is: the pipeline file, `ORT_DYLIB_PATH`, the package, the cache.
pub fn find(runtime: &Runtime, base: &Path) -> Option<PathBuf> {
    candidate(runtime, base).map(|it| it.path)
}

/// The same, and what to do if it is not the right one.
pub fn candidate(runtime: &Runtime, base: &Path) -> Option<Candidate> {
    let found = |path, remedy| {
        Some(Candidate {
            path,
            sha256: None,
            remedy,
        })
    };
    if let Some(path) = &runtime.onnxruntime {
        let remedy = "name another in `[runtime] onnxruntime`, or remove that line and run \
                      `otus models pull onnxruntime`";
        return found(absolute(base.join(path)), remedy);
    }
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        let (path, remedy) = (
            PathBuf::from(path),
            "name another in ORT_DYLIB_PATH, or unset it and run `otus models pull onnxruntime`",
        );
        let is_bare = path.components().count() == 1;
        return found(if is_bare { path } else { absolute(path) }, remedy);
    }
    let packaged = PathBuf::from("/usr/lib/otus/libonnxruntime.so");
    // A link that leads nowhere was meant to be used, too.
    if packaged.symlink_metadata().is_ok() {
        let remedy = "put another there, or remove it and run `otus models pull onnxruntime`";
        return found(packaged, remedy);
    }
    let model = manifest::find("onnxruntime")?;
    Some(Candidate {
        path: store::local(model).and_then(Place::file)?,
        sha256: Some(&model.sha256),
        remedy: "remove it and run `otus models pull onnxruntime`",
    })
}

/// `ort` takes relative paths to start at the program.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

impl Candidate {
    /// It cannot be used, for this reason.
    pub fn refused(&self, flaw: &str) -> Error {
        Error::fatal(format!("{flaw}; {}", self.remedy))
    }
}
