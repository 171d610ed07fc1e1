//! Where sinks write: may they, how much room is there, and how fast is it?

use std::ffi::CString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Finding, within};
use crate::inference::store;
use crate::pipeline::catalogue::Role;
use crate::pipeline::config::Plan;

const MEGABYTE: usize = 1 << 20;
/// Enough to get past small caches, little enough to do an SD card no harm.
const MOST_MEGABYTES: usize = 32;
const LONGEST_WRITING: Duration = Duration::from_secs(2);
/// A disk that has not taken 32 MB by then hangs.
const LIMIT: Duration = Duration::from_secs(10);
/// The slowest SD cards that are sold write so many MB/s.
const SLOW: f64 = 5.0;
const LITTLE_ROOM_MB: u64 = 1024;
const NO_ROOM_MB: u64 = 100;

pub fn check(plan: &Plan) -> Vec<Finding> {
    let sinks = plan.nodes.iter().filter(|node| node.ty.role == Role::Sink);
    let paths = sinks.filter_map(|node| {
        let path = node.options.get("path")?.as_str()?;
        let folder = plan.base.join(path).parent().map(Path::to_path_buf);
        Some((format!("disk of {}", node.id), folder?))
    });
    let mut places: Vec<(String, PathBuf)> = paths.collect();
    if places.is_empty() {
        places.push(("disk of models".to_owned(), store::cache_directory()));
    }
    places
        .into_iter()
        .map(|(name, folder)| place(name, folder))
        .collect()
}

fn place(name: String, folder: PathBuf) -> Finding {
    // Sinks make folders that are not there.
    let existing = folder.ancestors().find(|it| it.is_dir());
    let existing = existing.unwrap_or(Path::new(".")).to_path_buf();
    let shown = existing.display().to_string();
    let measured = within(LIMIT, move || {
        let free = free_megabytes(&existing)?;
        Ok::<_, io::Error>((free, write_speed(&existing)?))
    });
    match measured {
        None => Finding::ok(name, format!("{shown} hangs"))
            .problem("look at the cable, the card and `dmesg`; a network share may be gone"),
        Some(Err(error)) => Finding::ok(name, format!("{shown} cannot be written to: {error}"))
            .problem("choose a `path` that this user can write to, or make room"),
        Some(Ok((free, speed))) => judge(name, &shown, free, speed),
    }
}

fn judge(name: String, shown: &str, free: u64, speed: f64) -> Finding {
    let finding = Finding::ok(
        name,
        format!("{shown} has {free} MB free, takes {speed:.0} MB/s"),
    );
    match free {
        ..NO_ROOM_MB => finding.problem("make room, or lower `max_mb` of the sink"),
        NO_ROOM_MB..LITTLE_ROOM_MB => {
            finding.warning("room for little; lower `max_mb` of the sink")
        }
        _ if speed < SLOW => finding.warning("slow; a better card, or an SSD, keeps up with more"),
        _ => finding,
    }
}

fn free_megabytes(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: all zeros is a value of `statvfs`, which is plain data.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero and `stat` is valid for the call.
    match unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) } {
        0 => Ok(stat.f_bavail * stat.f_frsize / MEGABYTE as u64),
        _ => Err(io::Error::last_os_error()),
    }
}

/// In MB/s, down to the medium.
fn write_speed(folder: &Path) -> io::Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let block = vec![0x5a; MEGABYTE];
    let started = Instant::now();
    let mut written = 0;
    while written < MOST_MEGABYTES && started.elapsed() < LONGEST_WRITING {
        file.write_all(&block)?;
        file.sync_data()?;
        written += 1;
    }
    Ok(written as f64 / started.elapsed().as_secs_f64())
}
