//! What belongs to an alert.

use std::fs;

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
