//! Where model files are, and the check that they are what they should be.

pub mod fetch;
pub mod ggml;
mod make;
pub mod manifest;
mod npm;
pub mod options;
pub mod pool;
pub mod sum;
pub mod tflite;
mod wheel;

use std::borrow::Cow;
use std::env;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::manifest::{Model, Task};
use self::sum::sum;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::small_file;
use crate::pipeline::file::problem::suggest;

/// No model file that this program can use is larger.
const LARGEST_MODEL: u64 = 4 << 30;

/// The bytes of a verified model.
pub struct ModelFile {
    /// Manifest id or file name, `@`, and the first 12 hex digits of the sum: for events.
    pub name: Arc<str>,
    /// The whole sum, in hex.
    pub sha256: String,
    /// The file's content, the very bytes that were verified.
    pub bytes: Cow<'static, [u8]>,
    /// The manifest entry, if it has one.
    pub entry: Option<&'static Model>,
}

/// Where the bytes of a model are.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In the program itself.
    BuiltIn(&'static [u8]),
    /// In a file.
    File(PathBuf),
}

impl Place {
    /// The bytes, whose sum must be `sha256`.
    ///
    /// # Errors
    /// `Fatal` if they cannot be read or are others.
    pub fn read(&self, sha256: &str) -> Result<Cow<'static, [u8]>> {
        match self {
            Place::BuiltIn(bytes) if sum(bytes) == sha256 => Ok(Cow::Borrowed(bytes)),
            Place::BuiltIn(_) => Err(Error::fatal("this program is damaged; install it again")),
            Place::File(path) => read_verified(path, sha256).map(Cow::Owned),
        }
    }

    /// The file, if it is one.
    pub fn file(self) -> Option<PathBuf> {
        match self {
            Place::BuiltIn(_) => None,
            Place::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Place::BuiltIn(_) => f.write_str("built in"),
            Place::File(path) => path.display().fmt(f),
        }
    }
}

/// Whether an option names a file rather than a model of the manifest.
fn is_path(model: &str) -> bool {
    model.contains('/') || model.ends_with(".onnx") || model.ends_with(".bin")
}

/// Checks the options `model` and `sha256` of a node without touching the world.
fn check(model: &str, sha256: Option<&str>, task: Task) -> Vec<Misuse> {
    let wrong = |option: &'static str, message: String, help: String| {
        vec![Misuse::new(option, message, help)]
    };
    if let Some(sum) = sha256
        && (sum.len() != 64 || !sum.chars().all(|c| c.is_ascii_hexdigit()))
    {
        let help = "64 hex digits, as `sha256sum FILE` prints them".to_owned();
        return wrong("sha256", "this is no sha256".to_owned(), help);
    }
    if is_path(model) {
        if sha256.is_some() {
            return Vec::new();
        }
        let message = format!("a model file needs its sum: `{model}` could be anything");
        let help = format!("add `sha256 = \"…\"` as `sha256sum {model}` prints it");
        return wrong("model", message, help);
    }
    match manifest::find(model) {
        Some(known) if known.task == task => Vec::new(),
        _ => {
            let fitting = manifest::all().iter().filter(|it| it.task == task);
            let help = suggest(model, fitting.map(|it| it.id.as_str()));
            wrong(
                "model",
                format!("there is no model `{model}` for this"),
                help,
            )
        }
    }
}

/// Finds a model, fetches it if need be, and reads it into memory verified.
///
/// # Errors
/// `Fatal` with the remedy if it cannot be had or is not what it should be.
pub fn load(model: &str, sha256: Option<&str>, context: &Context) -> Result<ModelFile> {
    match named(model) {
        None => of_path(&context.resolve(Path::new(model)), sha256),
        Some(entry) => of_manifest(entry, &obtain(entry, &mut |_| {})?),
    }
}

/// The same of a model that is on this machine; fetches nothing.
///
/// # Errors
/// That it is not, or is not what it should be.
pub fn at_hand(model: &str, sha256: Option<&str>, base: &Path) -> Result<ModelFile, Misuse> {
    let file = match named(model) {
        None => of_path(&base.join(model), sha256),
        Some(entry) => of_manifest(entry, &local(entry).ok_or_else(|| not_here(entry))?),
    };
    file.map_err(|error| Misuse::missing("model", error))
}

/// That a model of the manifest has not been fetched yet.
pub fn not_here(model: &Model) -> Misuse {
    let (id, bytes) = (&model.id, model.bytes);
    let message = format!("the model `{id}` ({bytes} bytes) is not on this machine yet");
    let help = match model.has_source() {
        true => format!("`otus models pull {id}` fetches it, or the first run, over the network"),
        false => brought(model),
    };
    Misuse::new("model", message, help)
}

/// How a model comes here that is not fetched.
fn brought(model: &Model) -> String {
    let (file, sum) = (&model.file, &model.sha256);
    format!("put {file} (sha256 {sum}) into a directory and name that in OTUS_MODELS")
}

/// The model of the manifest that an option names, if it is not a path.
pub fn named(model: &str) -> Option<&'static Model> {
    let find = || manifest::find(model).expect("checked with the pipeline file");
    (!is_path(model)).then(find)
}

fn of_path(path: &Path, sha256: Option<&str>) -> Result<ModelFile> {
    let sum = sha256
        .expect("checked with the pipeline file")
        .to_lowercase();
    let bytes = read_verified(path, &sum)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(ModelFile {
        name: format!("{file}@{}", &sum[..12]).into(),
        sha256: sum,
        bytes: Cow::Owned(bytes),
        entry: None,
    })
}

fn of_manifest(entry: &'static Model, place: &Place) -> Result<ModelFile> {
    Ok(ModelFile {
        name: format!("{}@{}", entry.id, &entry.sha256[..12]).into(),
        sha256: entry.sha256.clone(),
        bytes: place.read(&entry.sha256)?,
        entry: Some(entry),
    })
}

/// Place of a model of the manifest; fetches it if it is nowhere yet. Reports progress in bytes.
///
/// # Errors
/// `Fatal` with everything that was tried and the remedy.
pub fn obtain(model: &Model, progress: &mut dyn FnMut(u64)) -> Result<Place> {
    if let Some(place) = local(model) {
        return Ok(place);
    }
    let (id, bytes) = (&model.id, model.bytes);
    if !model.has_source() {
        let help = brought(model);
        let message = format!("the model `{id}` ({bytes} bytes) cannot be fetched: {help}");
        return Err(Error::fatal(message));
    }
    let to = cache_directory()
        .join(&model.sha256[..12])
        .join(&model.file);
    fetch::fetch(model, &to, bytes_of, progress).map_err(|tried| {
        Error::fatal(format!(
            "cannot get the model `{id}` ({bytes} bytes): {tried}. To bring it, {help}, or run `otus models pull \
             {id}` where there is a network",
            help = brought(model)
        ))
    })?;
    Ok(Place::File(to))
}

fn bytes_of(model: &Model, progress: &mut dyn FnMut(u64)) -> Result<Vec<u8>, String> {
    let read = obtain(model, progress).and_then(|it| it.read(&model.sha256));
    read.map(Cow::into_owned).map_err(|error| error.to_string())
}

/// Where a model of the manifest is on this machine; files go by name and size.
pub fn local(model: &Model) -> Option<Place> {
    if let Some(bytes) = manifest::built_in(model) {
        return Some(Place::BuiltIn(bytes));
    }
    let fits = |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.len() == model.bytes);
    let named = env::var_os("OTUS_MODELS").unwrap_or_default();
    let named: Vec<PathBuf> = env::split_paths(&named)
        .map(|it| it.join(&model.file))
        .collect();
    let kept = |base: PathBuf| base.join(&model.sha256[..12]).join(&model.file);
    let installed = PathBuf::from("/usr/lib/otus").join(&model.file);
    named
        .into_iter()
        .chain([
            kept(cache_directory()),
            kept("/var/lib/otus/models".into()),
            installed,
        ])
        .find(fits)
        .map(Place::File)
}

/// Where fetched files are kept: systemd's state directory, else the user's cache.
pub fn cache_directory() -> PathBuf {
    let from = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(state) = from("STATE_DIRECTORY") {
        return state.join("models");
    }
    let cache = from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
    cache
        .unwrap_or_else(|| PathBuf::from("/var/lib"))
        .join("otus/models")
}

/// Reads a file whose sum must be `sha256`.
///
/// # Errors
/// `Fatal` if it cannot be read or is another file.
pub fn read_verified(path: &Path, sha256: &str) -> Result<Vec<u8>> {
    let bytes = read(path)?;
    let found = sum(&bytes);
    if found == sha256 {
        return Ok(bytes);
    }
    Err(Error::fatal(format!(
        "{} is not the file it should be: its sha256 is {found}, not {sha256}. \
         Remove it to have it fetched again, or correct the sum",
        path.display()
    )))
}

/// Reads the file of a model, whatever it is.
///
/// # Errors
/// `Fatal` if it cannot be read, is no file or too large.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let trouble =
        |error: std::io::Error| Error::fatal(format!("cannot read {}: {error}", path.display()));
    let mut file = small_file::open(path).map_err(trouble)?;
    let about = file.metadata().map_err(trouble)?;
    if about.is_dir() {
        return Err(Error::fatal(ggml::foreign::folder(path)));
    }
    if !about.is_file() {
        return Err(Error::fatal(format!("{} is no file", path.display())));
    }
    let length = about.len();
    if length > LARGEST_MODEL {
        return Err(Error::fatal(format!(
            "{} is too large for a model",
            path.display()
        )));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    let mut limited = (&mut file).take(LARGEST_MODEL);
    limited.read_to_end(&mut bytes).map_err(trouble)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    /// F14: whatever bit is flipped or byte is cut off, native code does not get to see it.
    #[test]
    fn a_thousand_flipped_bits_are_a_thousand_refusals() {
        let bytes: Vec<u8> = (0..100_000).map(|_| fastrand::u8(..)).collect();
        let wanted = sum(&bytes);
        let file = tempfile::NamedTempFile::new().expect("a scratch file");
        file.as_file()
            .write_all_at(&bytes, 0)
            .expect("it is written");
        let read = || read_verified(file.path(), &wanted);
        assert_eq!(read().expect("it is whole"), bytes);
        for _ in 0..1_000 {
            let place = fastrand::usize(..bytes.len());
            let flipped = bytes[place] ^ 1 << fastrand::u32(..8);
            let write = |byte: u8| file.as_file().write_all_at(&[byte], place as u64);
            write(flipped).expect("it is written");
            assert!(read().is_err_and(|it| matches!(it, Error::Fatal(_))));
            write(bytes[place]).expect("it is written");
        }
        file.as_file().set_len(99_999).expect("it is cut");
        assert!(read().is_err());
    }
}
