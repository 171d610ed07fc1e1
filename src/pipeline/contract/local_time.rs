//! The time of day where this machine stands, for people: programs are told UTC.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// Where the system's time zones lie.
const ZONES: &str = "/usr/share/zoneinfo";
const OWN: &str = "/etc/localtime";

static ZONE: LazyLock<TimeZone> = LazyLock::new(|| {
    let named = std::env::var("TZ").ok();
    zone(named.as_deref()).unwrap_or(TimeZone::UTC)
});

/// A time as clocks here show it.
pub fn of(at: Timestamp) -> ZonedDateTime {
    at.to_zoned_datetime(ZONE.clone())
}

/// The zone of this machine.
pub fn here() -> &'static TimeZone {
    &ZONE
}

/// The zone that `TZ` names; the system's if it names none.
fn zone(named: Option<&str>) -> Option<TimeZone> {
    let read = |path: &Path| TimeZone::tzif("local", &std::fs::read(path).ok()?).ok();
    match named.map(|it| it.trim_start_matches(':')) {
        None => read(Path::new(OWN)),
        Some("") => None,
        Some(name) => {
            // A name that is a path replaces the folder.
            let path: PathBuf = Path::new(ZONES).join(name);
            read(&path).or_else(|| TimeZone::posix(name).ok())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_as_the_system_finds_them() {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().expect("a time");
        let hour = |name: &str| zone(Some(name)).map(|it| summer.to_zoned_datetime(it).hour());
        assert_eq!(hour("CET-1CEST,M3.5.0,M10.5.0/3"), Some(14));
        assert_eq!(hour(""), None);
        assert_eq!(hour("Nowhere/At_All"), None);
    }
}
