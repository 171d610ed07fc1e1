//! The machine itself: processor, memory, temperature, clock.

use std::fs;
use std::path::Path;

use super::finding::Finding;
use crate::pipeline::file::Plan;

/// Less than this is left for a pipeline: a small model and its frames need so much.
const LITTLE_MEMORY_MB: u64 = 512;
const NO_MEMORY_MB: u64 = 128;
/// Boards slow down from about 80 degrees Celsius on, and switch off at little more than 90.
const WARM: f64 = 75.0;
const HOT: f64 = 85.0;
/// Models that use more threads than this gain little from the next one.
const MOST_THREADS: usize = 4;

pub fn check(plan: &Plan) -> Vec<Finding> {
    let mut findings = vec![processor(plan), memory()];
    findings.extend(temperature());
    findings.push(clock());
    findings.push(battery_clock());
    findings
}

fn processor(plan: &Plan) -> Finding {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let features = features();
    let listed = features.join(" ");
    let finding = Finding::ok("processor", format!("{count} cores, {listed}"));
    let threads = plan.runtime.threads;
    if threads > count {
        let remedy = format!("`[runtime] threads = {threads}` is more than the machine has");
        let config = format!("[runtime]\nthreads = {}", count.min(MOST_THREADS));
        return finding.warning(remedy).recommend(config);
    }
    if features.is_empty() {
        return finding.warning("without vector instructions models run many times slower");
    }
    finding
}

/// Vector instructions that models gain from.
#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    use std::arch::is_x86_feature_detected as has;
    let known = [
        ("avx2", has!("avx2")),
        ("fma", has!("fma")),
        ("avx512f", has!("avx512f")),
        ("avx512vnni", has!("avx512vnni")),
    ];
    let present = known.iter().filter(|(_, present)| *present);
    present.map(|(name, _)| *name).collect()
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    use std::arch::is_aarch64_feature_detected as has;
    let known = [
        ("neon", has!("neon")),
        ("fp16", has!("fp16")),
        ("dotprod", has!("dotprod")),
        ("i8mm", has!("i8mm")),
    ];
    let present = known.iter().filter(|(_, present)| *present);
    present.map(|(name, _)| *name).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

fn memory() -> Finding {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| meminfo(&text, name).map(|kilobytes| kilobytes / 1024);
    let (Some(total), Some(free)) = (field("MemTotal"), field("MemAvailable")) else {
        let remedy = "run it outside the sandbox that hides it";
        return Finding::ok("memory", "/proc/meminfo cannot be read").warning(remedy);
    };
    let finding = Finding::ok("memory", format!("{free} of {total} MB are free"));
    match free {
        ..NO_MEMORY_MB => finding.problem("end other programs; otus would be killed"),
        NO_MEMORY_MB..LITTLE_MEMORY_MB => {
            finding.warning("use smaller models, or end other programs")
        }
        _ => finding,
    }
}

fn meminfo(text: &str, name: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line?.split_whitespace().next()?.parse().ok()
}

/// The hottest sensor.
fn temperature() -> Option<Finding> {
    let zones = glob::glob("/sys/class/thermal/thermal_zone*").expect("it is a pattern");
    let hottest = zones.flatten().filter_map(|zone| {
        let text = fs::read_to_string(zone.join("temp")).ok()?;
        let degrees = text.trim().parse::<f64>().ok()? / 1000.0;
        let name = fs::read_to_string(zone.join("type")).unwrap_or_default();
        Some((degrees, name.trim().to_owned()))
    });
    let (degrees, name) = hottest.max_by(|one, other| one.0.total_cmp(&other.0))?;
    let finding = Finding::ok("temperature", format!("{degrees:.0} °C ({name})"));
    Some(match degrees {
        _ if degrees >= HOT => finding.problem("cool it: it slows down or switches off"),
        _ if degrees >= WARM => finding.warning("it slows down soon; add a heat sink or a fan"),
        _ => finding,
    })
}

fn clock() -> Finding {
    // SAFETY: all zeros is a value of `timex`, which is plain data, and asks for nothing.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: `timex` is valid for the call; with `modes` 0 it only reads.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    match state {
        libc::TIME_ERROR => Finding::ok("clock", "not synchronised").warning(
            "events get wrong times; `timedatectl set-ntp true`, or install systemd-timesyncd",
        ),
        state if state < 0 => {
            let error = std::io::Error::last_os_error();
            Finding::ok("clock", format!("cannot be asked: {error}"))
                .warning("run it as a user who may call adjtimex")
        }
        _ => Finding::ok("clock", "synchronised"),
    }
}

fn battery_clock() -> Finding {
    match Path::new("/sys/class/rtc/rtc0").exists() {
        true => Finding::ok("battery clock", "there is one"),
        false => Finding::ok("battery clock", "there is none").warning(
            "after a power cut events get wrong times until the network answers; intervals stay right",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_by_whole_names() {
        let text = "MemTotal:       16384 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(meminfo(text, "MemAvailable"), Some(2048));
        assert_eq!(meminfo(text, "Mem"), None);
    }
}
