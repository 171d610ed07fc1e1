//! Wall clocks that step (F13): a board boots in 1970 and learns the time later, or is told a wrong one.

use std::path::PathBuf;
use std::time::Duration;

use crate::scratch::{Running, Scratch, skipped, wait_for};

const SIGTERM: i32 = 15;
const PATIENCE: Duration = Duration::from_secs(30);

fn libfaketime() -> Option<PathBuf> {
    let found = glob::glob("/usr/lib/*/faketime/libfaketimeMT.so.1").expect("it is a pattern");
    let found = found.flatten().next();
    if found.is_none() {
        skipped("no libfaketime: apt install faketime");
    }
    found
}

#[test]
fn steps_of_the_wall_clock_change_labels_and_nothing_else() {
    let Some(library) = libfaketime() else { return };
    let scratch = Scratch::new();
    let now = scratch.write("now", "@1970-01-01 00:01:00\n");
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\n\
             stall_timeout_ms = 2000\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'street']\npath = 'log.jsonl'\n\
             [status]\nlisten = 'off'\n",
            env!("CARGO_MANIFEST_DIR")
        ),
    );
    let mut command = scratch.otus(&["run", "pipeline.toml"]);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &now)
        // It reads the file at each call, and leaves the clocks alone that measure lengths of time.
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let running = Running::start(command);
    let count = || scratch.events("log.jsonl").len();
    let mut labels = Vec::new();
    for step in ["@1970-01-01 00:01:00", "-1h", "+1h", "+10y", "-10y", "+0"] {
        scratch.write("now", format!("{step}\n"));
        let before = count();
        wait_for("events", PATIENCE, || (count() > before + 5).then_some(()));
        let events = scratch.events("log.jsonl");
        let label = events.last().and_then(|it| it["time"].as_str());
        labels.push(label.unwrap_or_default()[..4].to_owned());
    }
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    println!("years of the labels: {labels:?}");
    assert_eq!(labels[0], "1970");
    let year = |at: usize| labels[at].parse::<i32>().expect("a year");
    assert_eq!(
        (year(3) - year(5), year(5) - year(4)),
        (10, 10),
        "{labels:?}"
    );
    let events = scratch.events("log.jsonl");
    let seen: Vec<u64> = events.iter().filter_map(|it| it["seq"].as_u64()).collect();
    assert_eq!(seen.len(), events.len(), "no gaps, no alarms: {events:?}");
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(!ended.stderr.contains("no frame"), "{}", ended.stderr);
}
