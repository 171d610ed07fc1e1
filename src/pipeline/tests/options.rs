//! How the values of options may be written.

use std::path::Path;

use super::NODES;
use crate::pipeline::file;

/// What is wrong with a camera of these options.
fn wrong(options: &str) -> Vec<String> {
    let text = format!(
        "[sources.cam]\ntype='ticks'\n{options}\n[transforms.see]\ntype='work'\ninputs=['cam']\n\
         [sinks.book]\ntype='sequences'\ninputs=['see']\npath='book'\n"
    );
    let problems = file::parse(&text, Path::new("."), NODES).err();
    let problems = problems.into_iter().flatten();
    problems.map(|it| it.message).collect()
}

#[test]
fn a_number_may_come_from_the_environment() {
    // Cargo sets these for tests: 0 and 1 as long as this is version 0.1.
    for number in [
        "'${CARGO_PKG_VERSION_MINOR}'",
        "'${CARGO_PKG_VERSION_MAJOR}'",
    ] {
        assert_eq!(wrong(&format!("frames={number}")), [""; 0]);
    }
    let version = wrong("frames='${CARGO_PKG_VERSION}'");
    assert!(version[0].starts_with("`frames`: invalid type: string"));
    let written = wrong("frames='7'");
    assert!(written[0].starts_with("`frames`: invalid type: string"));
    let part = wrong("frames='1${CARGO_PKG_VERSION_MINOR}'");
    assert!(part[0].starts_with("`frames`: invalid type: string"));
}

#[test]
fn a_length_of_time_may_be_written_with_its_unit() {
    assert_eq!(wrong("frames=1\nevery_ms='2s'"), [""; 0]);
    assert_eq!(wrong("frames=1\nevery_ms='1m 30s'"), [""; 0]);
    for text in ["2 parsecs", "2", "-2s"] {
        let said = wrong(&format!("frames=1\nevery_ms='{text}'"));
        assert!(
            said[0].starts_with("`every_ms`: invalid type: string"),
            "{said:?}"
        );
    }
    let elsewhere = wrong("frames='2s'");
    assert!(elsewhere[0].starts_with("`frames`: invalid type: string"));
}
