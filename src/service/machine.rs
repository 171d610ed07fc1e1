//! What the process and the board are at: memory, time, threads, descriptors, temperature.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;

/// The state of this process and its board, as far as Linux tells; what it does not is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Machine {
    /// Memory in use, in bytes.
    pub resident_bytes: Option<u64>,
    /// Processor time used so far, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open files, sockets and devices.
    pub descriptors: Option<u64>,
    /// Temperature of each thermal zone, in degrees Celsius.
    pub celsius: BTreeMap<String, f64>,
}

/// Reads it.
pub fn read() -> Machine {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let descriptors = fs::read_dir("/proc/self/fd").ok();
    Machine {
        descriptors: descriptors.map(|it| it.count() as u64),
        celsius: temperatures(Path::new("/sys/class/thermal")),
        ..of_stat(&stat)
    }
}

/// Numbers as in proc(5). They come after the program's name, which may hold spaces and brackets.
fn of_stat(stat: &str) -> Machine {
    let numbers = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    // Field 3 of the manual page is the first here.
    let field = |number: usize| numbers.get(number - 3)?.parse::<u64>().ok();
    // SAFETY: sysconf only reads.
    let configured = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    let ticks = field(14).zip(field(15)).map(|(user, system)| user + system);
    let per_second = configured(libc::_SC_CLK_TCK);
    let page = configured(libc::_SC_PAGESIZE);
    Machine {
        resident_bytes: field(24).zip(page).map(|(pages, page)| pages * page),
        cpu_seconds: ticks
            .zip(per_second)
            .map(|(ticks, per)| ticks as f64 / per as f64),
        threads: field(20),
        ..Machine::default()
    }
}

fn temperatures(zones: &Path) -> BTreeMap<String, f64> {
    let zones = fs::read_dir(zones).into_iter().flatten().flatten();
    let zone = |entry: fs::DirEntry| {
        let read = |name: &str| fs::read_to_string(entry.path().join(name)).ok();
        let millidegrees: f64 = read("temp")?.trim().parse().ok()?;
        let place = entry.file_name().to_string_lossy().into_owned();
        let kind = read("type").unwrap_or_default();
        Some((format!("{place} {}", kind.trim()), millidegrees / 1000.0))
    };
    zones.filter_map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_threads_and_files() {
        let machine = read();
        assert!(machine.resident_bytes > Some(1_000_000), "{machine:?}");
        assert!(machine.threads >= Some(1) && machine.descriptors >= Some(3));
        assert!(machine.cpu_seconds.is_some());
    }

    #[test]
    fn zones_are_read_in_degrees_and_broken_ones_left_out() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        for (zone, temperature) in [("thermal_zone0", "48312\n"), ("thermal_zone1", "broken")] {
            let zone = folder.path().join(zone);
            fs::create_dir(&zone).expect("the directory is writable");
            fs::write(zone.join("type"), "cpu-thermal\n").expect("it is writable");
            fs::write(zone.join("temp"), temperature).expect("it is writable");
        }
        let read = temperatures(folder.path());
        assert_eq!(read["thermal_zone0 cpu-thermal"], 48.312);
        assert_eq!(read.len(), 1);
    }
}
