//! How short of processor time and memory the machine is, and how hot, as Linux tells it.

use std::fs;
use std::path::{Path, PathBuf};

/// Share of the time in which a thread waited for a processor, in percent: short from here on, and enough below.
const PROCESSOR: (f64, f64) = (60.0, 30.0);
/// The same for memory that had to be read again.
const MEMORY: (f64, f64) = (20.0, 5.0);
/// Memory that programs could still have, in percent of all of it.
const AVAILABLE: (f64, f64) = (4.0, 8.0);
/// From this temperature in degrees Celsius on a board without a limit of its own is too hot; so many below any limit it
/// is not.
const HOT: f64 = 85.0;
const COOLER: f64 = 5.0;

/// What was read at one moment; what Linux does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strain {
    /// Percent of the last 10 s in which some thread of ours waited for a processor.
    pub processor: Option<f64>,
    /// The same for memory.
    pub memory: Option<f64>,
    /// Percent of the memory that is available.
    pub available: Option<f64>,
    /// The zone that is nearest its limit: degrees Celsius, and the limit.
    pub heat: Option<(f64, f64)>,
}

/// What the threads of this process waited for is told here, if they have a control group of their own.
pub fn group(root: &Path) -> Option<PathBuf> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let path = groups.lines().find_map(|it| it.strip_prefix("0::/"))?;
    let folder = root.join("sys/fs/cgroup").join(path);
    (!path.is_empty() && folder.join("cpu.pressure").is_file()).then_some(folder)
}

impl Strain {
    /// Reads it from below `root`; of the control group of ours, if there is one.
    pub fn read(root: &Path, group: Option<&Path>) -> Strain {
        let waited = |what: &str| {
            let file = match group {
                Some(group) => group.join(format!("{what}.pressure")),
                None => root.join("proc/pressure").join(what),
            };
            some(&fs::read_to_string(file).ok()?)
        };
        let memory = fs::read_to_string(root.join("proc/meminfo")).ok();
        Strain {
            processor: waited("cpu"),
            memory: waited("memory"),
            available: memory.and_then(|it| available(&it)),
            heat: hottest(&root.join("sys/class/thermal")),
        }
    }

    /// What is short, in words.
    pub fn reason(&self) -> Option<String> {
        let above = |value: Option<f64>, limit| value.filter(|it| *it >= limit);
        if let Some((celsius, _)) = self.heat.filter(|(celsius, limit)| celsius >= limit) {
            return Some(format!("the board is at {celsius:.0} °C"));
        }
        if let Some(left) = self.available.filter(|it| *it <= AVAILABLE.0) {
            return Some(format!("{left:.0} % of the memory is left"));
        }
        if let Some(waited) = above(self.memory, MEMORY.0) {
            return Some(format!("{waited:.0} % of the time memory is waited for"));
        }
        let waited = above(self.processor, PROCESSOR.0)?;
        Some(format!(
            "{waited:.0} % of the time a processor is waited for"
        ))
    }

    /// Whether nothing is near being short.
    pub fn is_calm(&self) -> bool {
        self.processor.is_none_or(|it| it < PROCESSOR.1)
            && self.memory.is_none_or(|it| it < MEMORY.1)
            && self.available.is_none_or(|it| it > AVAILABLE.1)
            && self
                .heat
                .is_none_or(|(celsius, limit)| celsius < limit - COOLER)
    }
}

/// Of what the kernel's documentation calls pressure stall information, `some` over 10 s.
fn some(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|it| it.strip_prefix("some "))?;
    let number = line.split(' ').find_map(|it| it.strip_prefix("avg10="))?;
    number.parse().ok()
}

fn available(meminfo: &str) -> Option<f64> {
    let number = |name: &str| -> Option<f64> {
        let line = meminfo.lines().find_map(|it| it.strip_prefix(name))?;
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let (left, all) = (number("MemAvailable")?, number("MemTotal")?);
    (all > 0.0).then(|| 100.0 * left / all)
}

/// The zone that is nearest its limit. The kernel slows the processor down from its passive trip point on.
fn hottest(zones: &Path) -> Option<(f64, f64)> {
    let zones = fs::read_dir(zones).ok()?.flatten();
    let zone = |folder: PathBuf| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let degrees = |name: &str| Some(read(name)?.trim().parse::<f64>().ok()? / 1000.0);
        let is_passive = |at: &usize| {
            read(&format!("trip_point_{at}_type")).is_some_and(|it| it.trim() == "passive")
        };
        let trips = (0..12).filter(is_passive);
        let trips = trips.filter_map(|at| degrees(&format!("trip_point_{at}_temp")));
        let limit = trips.filter(|it| *it > 0.0).fold(f64::INFINITY, f64::min);
        let limit = if limit.is_finite() { limit } else { HOT };
        Some((degrees("temp")?, limit))
    };
    zones
        .filter_map(|it| zone(it.path()))
        .max_by(|one, other| (one.0 - one.1).total_cmp(&(other.0 - other.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a scratch directory");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, text).expect("it is writable");
        }
        root
    }

    const BUSY: &str = "some avg10=71.25 avg60=40.00 avg300=9.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    #[test]
    fn what_linux_tells_is_read_and_judged() {
        let root = machine(&[
            ("proc/pressure/cpu", BUSY),
            (
                "proc/meminfo",
                "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  500 kB\n",
            ),
            ("sys/class/thermal/thermal_zone0/temp", "61000\n"),
            (
                "sys/class/thermal/thermal_zone0/trip_point_0_type",
                "critical\n",
            ),
            (
                "sys/class/thermal/thermal_zone0/trip_point_0_temp",
                "110000\n",
            ),
            ("sys/class/thermal/thermal_zone1/temp", "70000\n"),
            (
                "sys/class/thermal/thermal_zone1/trip_point_1_type",
                "passive\n",
            ),
            (
                "sys/class/thermal/thermal_zone1/trip_point_1_temp",
                "72000\n",
            ),
        ]);
        let strain = Strain::read(root.path(), None);
        assert_eq!((strain.processor, strain.memory), (Some(71.25), None));
        assert_eq!(
            (strain.available, strain.heat),
            (Some(50.0), Some((70.0, 72.0)))
        );
        let reason = strain.reason().expect("processors are short");
        assert_eq!(reason, "71 % of the time a processor is waited for");
        let hot = Strain {
            heat: Some((73.0, 72.0)),
            ..strain.clone()
        };
        assert_eq!(hot.reason().as_deref(), Some("the board is at 73 °C"));
        let full = Strain {
            available: Some(3.0),
            ..strain
        };
        assert_eq!(full.reason().as_deref(), Some("3 % of the memory is left"));
        assert!(!full.is_calm() && Strain::default().is_calm());
        assert!(Strain::default().reason().is_none());
    }

    #[test]
    fn what_our_own_threads_wait_for_counts() {
        let root = machine(&[
            ("proc/self/cgroup", "0::/system.slice/otus.service\n"),
            ("proc/pressure/cpu", BUSY),
            (
                "sys/fs/cgroup/system.slice/otus.service/cpu.pressure",
                "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n",
            ),
        ]);
        let own = group(root.path());
        assert_eq!(
            Strain::read(root.path(), own.as_deref()).processor,
            Some(1.5)
        );
        let elsewhere = machine(&[("proc/self/cgroup", "0::/\n")]);
        assert_eq!(group(elsewhere.path()), None);
    }

    #[test]
    fn a_machine_that_tells_nothing_is_calm() {
        let root = machine(&[
            ("proc/meminfo", "broken"),
            ("proc/pressure/cpu", "some avg10=x"),
        ]);
        assert_eq!(Strain::read(root.path(), None), Strain::default());
    }
}
