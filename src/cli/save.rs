//! Writes the pipeline file and its secrets, and nothing over what is there.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::nodes::NODES;
use crate::pipeline::file::{self, base_of};

/// Only its owner reads it.
const SECRET: u32 = 0o600;
/// What `umask` leaves of it.
const OPEN: u32 = 0o666;

/// Where the secrets of a pipeline file go.
pub fn secrets_of(file: &Path) -> PathBuf {
    file.with_extension("secrets")
}

/// Whether a new pipeline file can be written there.
///
/// # Errors
/// Why not.
pub fn is_free(path: &Path) -> Result<(), String> {
    let shown = path.display();
    if path.extension().is_none_or(|it| it != "toml") {
        return Err(format!(
            "a pipeline file ends in `.toml`, and {shown} does not"
        ));
    }
    for path in [path.to_owned(), secrets_of(path)] {
        if path.symlink_metadata().is_ok() {
            return Err(taken(&path));
        }
    }
    let folder = base_of(path);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(format!(
            "there is no folder {}; make it first",
            folder.display()
        )),
    }
}

fn taken(path: &Path) -> String {
    format!(
        "{} is there already, and is not written over; name another file: `otus init porch.toml`",
        path.display()
    )
}

/// Writes both; what turns out to be no right pipeline is taken away again. Gives how many nodes it has.
///
/// # Errors
/// Why not.
pub fn write(path: &Path, text: &str, secrets: &str) -> Result<usize, String> {
    let beside = secrets_of(path);
    if !secrets.is_empty() {
        create(&beside, secrets, SECRET)?;
    }
    let parsed = file::parse(text, &base_of(path), NODES);
    let written = parsed.map_err(|problems| {
        let told: Vec<String> = problems
            .iter()
            .map(|it| format!("{}; {}", it.message, it.help))
            .collect();
        told.join("\n")
    });
    let written = written.and_then(|plan| {
        create(path, text, OPEN)?;
        Ok(plan.nodes.len())
    });
    if written.is_err() && !secrets.is_empty() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn create(path: &Path, text: &str, mode: u32) -> Result<(), String> {
    let created = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    let mut file = created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => format!("cannot write {}: {error}", path.display()),
    })?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        format!("cannot write {}: {error}", path.display())
    })
}
