//! The demo's film and sounds: a street out of Debian's `opencv-doc`, and the names of loudspeakers out of `alsa-utils`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::inference::store::cache_directory;

/// The street.
pub const FILM: &str = "vtest.avi";
/// Packages, and what is wanted of them.
const PACKAGES: [(&str, &str); 2] = [
    (
        "opencv-doc",
        "./usr/share/doc/opencv-doc/examples/data/vtest.avi",
    ),
    ("alsa-utils", "./usr/share/sounds/alsa/*.wav"),
];

/// A folder with both: of the clone in which otus is called, else of this user, who gets them once.
///
/// # Errors
/// In words, why they cannot be had.
pub fn folder() -> Result<PathBuf, String> {
    let clone = PathBuf::from(".demo");
    if is_whole(&clone) {
        return Ok(clone);
    }
    let own = cache_directory().with_file_name("demo");
    if !is_whole(&own) {
        eprintln!("fetching the demo's film and sounds once: 95 MB, of which 10 are kept");
        bring(&own)
            .map_err(|error| format!("the demo's film is out of a package of Debian: {error}; or put {FILM} and the WAV files of alsa-utils into {}", own.display()))?;
    }
    Ok(own)
}

fn is_whole(folder: &Path) -> bool {
    folder.join(FILM).exists() && folder.join("Front_Center.wav").exists()
}

/// Unpacks what is wanted beside the folder, and gives it its name when it is whole.
fn bring(to: &Path) -> Result<(), String> {
    let beside = to.parent().unwrap_or(Path::new("."));
    let said = |error: std::io::Error| format!("{}: {error}", beside.display());
    fs::create_dir_all(beside).map_err(said)?;
    let scratch = tempfile::tempdir_in(beside).map_err(said)?;
    let made = scratch.path().join("demo");
    fs::create_dir(&made).map_err(said)?;
    for (package, wanted) in PACKAGES {
        let packed = download(package, scratch.path())?;
        unpack(&packed, wanted, &made)?;
    }
    if !is_whole(&made) {
        return Err("the packages of this system do not have it".to_owned());
    }
    let _ = fs::remove_dir_all(to);
    fs::rename(&made, to).map_err(said)
}

fn download(package: &str, scratch: &Path) -> Result<PathBuf, String> {
    let asked = Command::new("apt-get")
        .args(["-qq", "-o", "APT::Sandbox::User=root", "download", package])
        .current_dir(scratch)
        .stdin(Stdio::null())
        .output();
    let output = asked.map_err(|error| format!("cannot run apt-get: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("no reason given");
        return Err(format!("{first}; `sudo apt-get update` may help"));
    }
    let mut files = fs::read_dir(scratch)
        .into_iter()
        .flatten()
        .flatten()
        .map(|it| it.path());
    let begins = |it: &PathBuf| {
        it.file_name()
            .is_some_and(|it| it.to_string_lossy().starts_with(package))
    };
    files
        .find(begins)
        .ok_or_else(|| format!("apt-get brought no {package}"))
}

/// Without their folders, into `to`.
fn unpack(packed: &Path, wanted: &str, to: &Path) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot unpack {}: {error}", packed.display());
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(packed)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let folders = wanted.matches('/').count();
    let unpacked = Command::new("tar")
        .args([
            "-x",
            "--wildcards",
            &format!("--strip-components={folders}"),
            "-C",
        ])
        .arg(to)
        .args(["--", wanted])
        .stdin(reader.stdout.take().map_or(Stdio::null(), Stdio::from))
        .stderr(Stdio::null())
        .status();
    let read = reader.wait().map_err(cannot)?;
    match unpacked.map_err(cannot)?.success() && read.success() {
        true => Ok(()),
        false => Err(format!("{} has no {wanted}", packed.display())),
    }
}
