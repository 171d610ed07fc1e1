//! Chains of bundles over kills, a full disk and a reload.

use std::fs;
use std::time::Duration;

use libc::{SIGHUP, SIGKILL, SIGTERM};
use serde_json::Value;

use crate::bad_input::says;
use crate::evidence::{bundles, busy, keys, name, verify};
use crate::faults::Disk;
use crate::live_camera::{self, node};
use crate::recorded::PATIENCE;
use crate::samples::sum;
use crate::scratch::{Running, Scratch, wait_for};

/// Kills at random moments, among them while bundles are being written.
#[test]
fn the_chain_goes_on_after_a_kill() {
    let times = 5;
    let scratch = Scratch::new();
    if !keys(&scratch) {
        return;
    }
    let text = busy(&scratch, "key = 'key.pem'\n") + "[status]\nlisten = 'off'\n";
    scratch.write("pipeline.toml", text);
    let more_than = |count: usize| {
        wait_for("more bundles", PATIENCE, || {
            (bundles(&scratch).len() > count).then_some(())
        });
    };
    for _ in 0..times {
        let before = bundles(&scratch).len();
        let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
        more_than(before + 1);
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..200)));
        running.signal(SIGKILL);
        let _ = running.wait();
    }
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    more_than(bundles(&scratch).len());
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let whole = verify(&scratch, &["evidence", "--key", "public.pem", "--json"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stdout);
    let said: Value = serde_json::from_str(&whole.stdout).expect("JSON");
    let all = said["checked"][0]["bundles"].as_array().expect("a list");
    let numbers: Vec<u64> = all.iter().filter_map(|it| it["number"].as_u64()).collect();
    let interrupted = all.iter().filter(|it| it["interrupted"] == true).count();
    println!(
        "{times} kills: {} bundles, {interrupted} of them interrupted",
        numbers.len()
    );
    assert!(
        numbers.iter().copied().eq(1..=all.len() as u64),
        "{numbers:?}"
    );
    assert!(interrupted > 0, "what waits is on the disk");
    let hidden = fs::read_dir(scratch.path("evidence"))
        .expect("it is there")
        .flatten();
    let left: Vec<String> = hidden
        .map(|it| name(&it.path()))
        .filter(|it| it.starts_with('.'))
        .collect();
    assert_eq!(left, [""; 0]);
    let taken = &bundles(&scratch)[all.len() / 2];
    fs::remove_dir_all(taken).expect("it is ours");
    let seen = verify(&scratch, &["evidence"]);
    assert_eq!(seen.code, Some(1));
    says(&seen.stdout, "BROKEN at … missing: left out or taken away");
}

/// The disk of the bundles is full for a while: none is lost, and the chain goes on.
#[test]
fn a_full_disk_delays_bundles_and_loses_none() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(scratch.path("evidence")) else {
        return;
    };
    let log = "[sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'events.jsonl'\n";
    let running = scratch.start(&(busy(&scratch, "") + log), &[]);
    let seen = || scratch.events("events.jsonl").len();
    wait_for("a full disk", PATIENCE, || {
        (bundles(&scratch).len() > 2 && seen() > bundles(&scratch).len() + 10).then_some(())
    });
    assert!(disk.call(&["-o", "remount,size=64m"]));
    wait_for("what has waited", PATIENCE, || {
        (bundles(&scratch).len() > 15).then_some(())
    });
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    says(&ended.stderr, "No space left on device");
    assert_eq!(bundles(&scratch).len(), seen());
    let whole = verify(&scratch, &["evidence"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stdout);
}

/// Another pipeline file takes over while a bundle waits for what belongs to it.
#[test]
fn a_reload_loses_no_bundle_that_waits() {
    let scratch = Scratch::new();
    let once = "when = \"kind == 'detection' && t > 0.9 && t < 1.05\"";
    let text = busy(&scratch, "").replace("when = \"kind == 'detection'\"", once);
    let text = text.replace("post_s = 0", "post_s = 4");
    let running = live_camera::start(&scratch, &text, &[]);
    let waits = || {
        let facts = node(&scratch, "keep")?["facts"].clone();
        facts["waiting"].as_str().map(str::to_owned)
    };
    assert_eq!(
        wait_for("a bundle that waits", PATIENCE, waits),
        "1 bundles"
    );
    let before = fs::read_to_string(scratch.path("pipeline.toml")).expect("it is there");
    let other = before.replace("wait_s = 0.2", "wait_s = 0.4");
    scratch.write("pipeline.toml", &other);
    running.signal(SIGHUP);
    wait_for("a bundle", PATIENCE, || bundles(&scratch).pop());
    running.signal(SIGTERM);
    running.wait();
    assert!(live_camera::log(&scratch).contains("the new graph runs"));
    let all = bundles(&scratch);
    let [bundle] = &all[..] else {
        panic!("{all:?}")
    };
    let manifest = fs::read(bundle.join("evidence.json")).expect("it is there");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["interrupted"], false);
    // By the file that it was completed under; what came before the reload is in it, and what came after.
    assert_eq!(manifest["pipeline"], sum(other.as_bytes()));
    let times = manifest["events"].as_array().expect("a list").iter();
    let times: Vec<f64> = times.filter_map(|it| it["t"].as_f64()).collect();
    assert!(times[0] < 1.0 && times[times.len() - 1] > 3.0, "{times:?}");
}
