//! Where sinks write: may they, how much room is there, and how fast is it?

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::finding::Finding;
use super::models;
use crate::cli::patience::within;
use crate::inference::store;
use crate::pipeline::contract::catalogue::Role;
use crate::pipeline::file::Plan;

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

const MAKE_ROOM: &str = "make room, or lower `max_mb` or `keep_mb` of the sink";
const ELSEWHERE: &str = "choose a `path` or `folder` that this user can write to, on a disk that is not read-only, \
     or a tmpfs; a service writes below /var/lib/otus (StateDirectory=otus)";

/// Somewhere to write.
struct Place {
    name: String,
    folder: PathBuf,
    /// The file there, if it is known.
    file: Option<PathBuf>,
    /// What to do if it cannot be written to.
    remedy: &'static str,
}

pub fn check(plan: &Plan) -> Vec<Finding> {
    let sinks = plan.nodes.iter().filter(|node| node.ty.role == Role::Sink);
    let places = sinks.filter_map(|node| {
        let named = |option: &str| Some(plan.base.join(node.options.get(option)?.as_str()?));
        let file = named("path");
        let folder = match &file {
            Some(file) => file.parent()?.to_path_buf(),
            None => named("folder")?,
        };
        let place = Place {
            name: format!("disk of {}", node.id),
            folder,
            file,
            remedy: ELSEWHERE,
        };
        Some(look(place))
    });
    let mut findings: Vec<Finding> = places.collect();
    let needed = models::are_to_be_fetched(plan);
    if needed || findings.is_empty() {
        let cache = look(Place {
            name: "disk of models".to_owned(),
            folder: store::cache_directory(),
            file: None,
            remedy: "models cannot be fetched: name a writable directory in XDG_CACHE_HOME, in a \
                     service StateDirectory=otus, or put them into /usr/lib/otus",
        });
        findings.push(if needed {
            cache
        } else {
            cache.at_most_a_warning()
        });
    }
    findings
}

fn look(place: Place) -> Finding {
    let Place {
        name,
        folder,
        file,
        remedy,
    } = place;
    // Sinks make folders that are not there.
    let existing = folder.ancestors().find(|it| it.is_dir());
    let existing = existing.unwrap_or(Path::new(".")).to_path_buf();
    let shown = existing.display().to_string();
    let measured = within(LIMIT, move || {
        let free = free_megabytes(&existing)?;
        if let Some(file) = file.filter(|it| it.exists()) {
            OpenOptions::new().append(true).open(file)?;
        }
        Ok::<_, io::Error>((free, write_speed(&existing)?))
    });
    match measured {
        None => Finding::ok(name, format!("{shown} hangs"))
            .problem("look at the cable, the card and `dmesg`; a network share may be gone"),
        Some(Err(error)) if error.kind() == ErrorKind::StorageFull => {
            Finding::ok(name, format!("{shown} is full: {error}")).problem(MAKE_ROOM)
        }
        Some(Err(error)) => {
            Finding::ok(name, format!("{shown} cannot be written to: {error}")).problem(remedy)
        }
        Some(Ok((free, speed))) => judge(name, &shown, free, speed),
    }
}

fn judge(name: String, shown: &str, free: u64, speed: f64) -> Finding {
    let finding = Finding::ok(
        name,
        format!("{shown} has {free} MB free, takes {speed:.0} MB/s"),
    );
    match free {
        ..NO_ROOM_MB => finding.problem(MAKE_ROOM),
        NO_ROOM_MB..LITTLE_ROOM_MB => {
            finding.warning("room for little; lower `max_mb` or `keep_mb` of the sink")
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
