//! What belongs to an alert.

use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::*;
use super::{bundles, flaws, manifest};
use crate::media::events::{Alert, Body, Severity};
use crate::media::packet::Packet;
use crate::pipeline::contract::catalogue::sink;
use crate::pipeline::contract::testing::{context, drive, gap};

fn event(at: f64, body: impl Into<Body>) -> Packet {
    let at = Time::from_secs_f64(at);
    context().event(&Arc::from("porch"), at, None, body).into()
}

fn alert(start: f64, end: f64) -> Packet {
    let alert = Alert {
        severity: Severity::Alarm,
        text: "somebody calls for help".to_owned(),
        group: None,
        start,
        end,
        lag_ms: None,
        evidence: Vec::new(),
    };
    event(end, alert)
}

/// That a file was written, which a test has made.
fn saved(at: f64, what: Kept, path: &Path, [start, end]: [f64; 2]) -> Packet {
    let saved = Saved {
        what,
        path: path.display().to_string(),
        bytes: 0,
        sha256: String::new(),
        start,
        end,
        why: None,
        events: Vec::new(),
        label: None,
        track: None,
        subject: None,
        interrupted: false,
    };
    event(at, saved)
}

/// A file that holds its name.
fn made(scratch: &TempDir, name: &str) -> PathBuf {
    let path = scratch.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("room");
    fs::write(&path, name).expect("room");
    path
}

#[test]
fn what_belongs_to_an_alert_is_in_its_bundle_and_nothing_else() {
    let scratch = tempfile::tempdir().expect("a directory");
    let [one, other, clip] =
        ["a/sight.jpg", "b/sight.jpg", "clip.mp4"].map(|it| made(&scratch, it));
    let inputs = [
        gap("porch", 3),
        gap("porch", 15),
        saved(16.0, Kept::Picture, &one, [12.0, 12.0]),
        saved(17.0, Kept::Picture, &other, [2.0, 2.0]),
        alert(20.0, 21.0),
        gap("yard", 22),
        saved(23.0, Kept::Picture, &other, [22.0, 22.0]),
        saved(
            24.0,
            Kept::Picture,
            &scratch.path().join("gone.jpg"),
            [22.0, 22.0],
        ),
        saved(30.0, Kept::Clip, &clip, [15.0, 29.0]),
        gap("porch", 60),
    ];
    let folder = scratch.path().join("evidence");
    let options = format!(
        "folder = {:?}\nmin_free_mb = 0",
        folder.display().to_string()
    );
    let out = drive(&sink::<Bundle>(), &options, inputs).expect("it runs");
    let [Packet::Event(told)] = &out[..] else {
        panic!("{out:?}")
    };
    let told: Value = serde_json::from_str(&told.to_json()).expect("JSON");
    assert_eq!(
        (&told["what"], &told["why"]),
        (&json!("bundle"), &json!("somebody calls for help"))
    );
    let [bundle] = &bundles(&folder)[..] else {
        panic!("one bundle")
    };
    assert_eq!(told["path"], bundle.display().to_string());
    let Content {
        events,
        files,
        missing,
        event,
        ..
    } = manifest(bundle).content;
    let at = |all: &[Value]| all.iter().map(|it| it["t"].as_f64()).collect::<Vec<_>>();
    assert_eq!(at(&events), [Some(15.0), Some(22.0)]);
    assert_eq!(event["kind"], "alert");
    let held: Vec<(&str, String)> = files
        .iter()
        .map(|it| {
            (
                &it.name[..],
                fs::read_to_string(bundle.join(&it.name)).expect("it is there"),
            )
        })
        .collect();
    let expected = [
        ("sight.jpg", "a/sight.jpg"),
        ("sight_2.jpg", "b/sight.jpg"),
        ("clip.mp4", "clip.mp4"),
    ];
    assert_eq!(held, expected.map(|it| (it.0, it.1.to_owned())));
    assert!(missing.len() == 1 && missing[0].why.contains("No such file"));
    assert_eq!(flaws(&folder), [""; 0]);
}

#[test]
fn a_bundle_is_complete_when_its_clip_is_or_the_wait_is_over() {
    let scratch = tempfile::tempdir().expect("a directory");
    let clip = made(&scratch, "clip.mp4");
    let inside = |packet: Packet| match packet {
        Packet::Event(event) => event,
        other => unreachable!("no {} goes in", other.kind()),
    };
    let seconds = Time::from_secs_f64;
    let times = Times {
        pre: Duration::from_secs(10),
        post: Duration::from_secs(10),
        wait: Duration::from_secs(60),
    };
    let about = (&inside(alert(20.0, 21.0)), Timestamp::UNIX_EPOCH);
    let mut draft = Draft::begin(scratch.path(), about, times, &Window::default()).expect("room");
    assert!(!draft.is_due(seconds(90.9)) && draft.is_due(seconds(91.0)));
    assert!(!draft.is_overdue(seconds(120.9)) && draft.is_overdue(seconds(121.0)));
    // One of another moment, and one of the alert.
    for (path, start, end) in [("other.mp4", 25.0, 30.0), ("clip.mp4", 15.0, 30.0)] {
        assert!(!draft.is_due(seconds(50.0)), "{path}");
        let told = saved(36.0, Kept::Clip, &clip.with_file_name(path), [start, end]);
        draft.add(&inside(told), seconds(36.0)).expect("room");
    }
    assert!(!draft.is_due(seconds(40.9)) && draft.is_due(seconds(41.0)));
}

#[test]
fn of_many_alerts_at_once_each_has_its_bundle() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = scratch.path().join("evidence");
    let options = format!(
        "folder = {:?}\nmin_free_mb = 0",
        folder.display().to_string()
    );
    let count = MOST_DRAFTS + 8;
    let inputs = (0..count).map(|at| alert(20.0, 20.0 + at as f64 / 10.0));
    let out = drive(&sink::<Bundle>(), &options, inputs).expect("it runs");
    assert_eq!((out.len(), bundles(&folder).len()), (count, count));
    assert_eq!(flaws(&folder), [""; 0]);
}
