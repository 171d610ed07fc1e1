//! What breaks on a board that is left alone: disks, power, users. Each test names its F number.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::samples::{picture, stubborn_model, sum};
use crate::scratch::{Running, Scratch, events, skipped, wait_for};

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const PATIENCE: Duration = Duration::from_secs(20);

/// A file system of its own of 256 KiB, unmounted in the end.
pub struct Disk(PathBuf);

impl Disk {
    /// None, and says so, where this user must not mount.
    pub fn mount(at: PathBuf) -> Option<Disk> {
        Disk::of(at, "256k")
    }

    /// The same, of this size.
    pub fn of(at: PathBuf, size: &str) -> Option<Disk> {
        std::fs::create_dir(&at).expect("the scratch directory is writable");
        let disk = Disk(at);
        let size = format!("size={size}");
        if !disk.call(&["-t", "tmpfs", "-o", &size, "tmpfs"]) {
            skipped("only root can mount a small disk");
            return None;
        }
        Some(disk)
    }

    /// Calls `mount` for it, and tells whether that worked.
    pub fn call(&self, arguments: &[&str]) -> bool {
        let mut mount = Command::new("mount");
        let done = mount.args(arguments).arg(&self.0).output();
        done.is_ok_and(|it| it.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// People in a street, in real time, into `log`.
fn pipeline(log: &Path) -> String {
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = {log:?}\n",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn numbers(log: &Path) -> Vec<u64> {
    let events = events(log);
    events.iter().filter_map(|it| it["seq"].as_u64()).collect()
}

fn grows(log: &Path) {
    let before = numbers(log).len();
    wait_for("more lines", PATIENCE, || {
        (numbers(log).len() > before + 2).then_some(())
    });
}

/// F8: a model that puts out what is no number. The second row shows that the first fails for that.
#[test]
fn boxes_that_are_no_numbers_never_become_events() {
    for (row, events) in [
        ([0.5, 0.5, f32::INFINITY, 0.0, 0.9, 0.9], 0),
        ([0.5, 0.5, 0.0, 0.0, f32::NAN, 0.9], 0),
        ([0.5, 0.5, 0.0, 0.0, 0.9, 0.9], 1),
    ] {
        let scratch = Scratch::new();
        scratch.write("picture.bmp", picture());
        let model = stubborn_model(row);
        let sum = sum(&model);
        scratch.write("model.onnx", model);
        let pipeline = format!(
            "[sources.cam]\ntype = 'camera'\nuri = 'picture.bmp'\n\
             [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['cam']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'log.jsonl'\n"
        );
        let ended = scratch.run(&pipeline, &["--json"]);
        assert_eq!(
            scratch.events("log.jsonl").len(),
            events,
            "{row:?}: {}",
            ended.stderr
        );
        assert_eq!(
            ended.stderr.contains("no number"),
            events == 0,
            "{}",
            ended.stderr
        );
        let said: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let dropped = &said["pipeline"]["edges"][0]["dropped"];
        assert_eq!(
            dropped.as_u64(),
            Some(1 - events as u64),
            "what is refused is counted"
        );
        let code = i32::from(events == 0);
        assert_eq!(ended.code, Some(code), "a run that handled nothing failed");
    }
}

/// A model of one's own, whose file names no classes.
#[test]
fn classes_have_the_names_that_a_file_gives_them() {
    let scratch = Scratch::new();
    scratch.write("picture.bmp", picture());
    let model = stubborn_model([0.5, 0.5, 0.0, 0.0, 0.9, 0.9]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    let run = |names: &str| {
        scratch.write("names.txt", names);
        scratch.run(
            &format!(
                "[sources.cam]\ntype = 'camera'\nuri = 'picture.bmp'\n\
                 [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\n\
                 labels_file = 'names.txt'\nlabels = ['owl']\ninputs = ['cam']\n\
                 [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'log.jsonl'\n"
            ),
            &[],
        )
    };
    let ended = run("owl\n");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("log.jsonl");
    assert_eq!(events[0]["objects"][0]["label"], "owl");
    let ended = run("owl\nmouse\n");
    let said = "has 1 classes and 2 labels";
    assert!(
        ended.code == Some(1) && ended.stderr.contains(said),
        "{}",
        ended.stderr
    );
}

/// F9: the disk is full, then has room again.
#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost_or_torn() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let log = disk.0.join("log.jsonl");
    let running = scratch.start(&pipeline(&log), &[]);
    grows(&log);
    let filler = disk.0.join("filler");
    // What fits is written before the error comes.
    let _ = std::fs::write(&filler, vec![0; 256 * 1024]);
    std::thread::sleep(Duration::from_secs(1));
    let full = numbers(&log).len();
    std::thread::sleep(Duration::from_secs(1));
    assert!(numbers(&log).len() <= full + 1, "the disk is not full");
    std::fs::remove_file(&filler).expect("it is there");
    grows(&log);
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let seen = numbers(&log);
    assert!(
        seen.windows(2).all(|it| (1..=2).contains(&(it[1] - it[0]))),
        "{seen:?}"
    );
    assert_eq!(
        ended.stderr.matches("No space left").count(),
        1,
        "{}",
        ended.stderr
    );
}

/// F10: the file system becomes read-only, then writable again.
#[test]
fn a_read_only_disk_is_waited_for() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let log = disk.0.join("log.jsonl");
    assert!(disk.call(&["-o", "remount,ro"]));
    let running = scratch.start(&pipeline(&log), &[]);
    std::thread::sleep(Duration::from_secs(3));
    assert!(disk.call(&["-o", "remount,rw"]));
    grows(&log);
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stderr.matches("Read-only file system").count(),
        1,
        "{}",
        ended.stderr
    );
}

/// F10: somebody removes the directory, or moves the file away.
#[test]
fn a_log_that_was_removed_is_begun_anew() {
    let scratch = Scratch::new();
    let log = scratch.path("logs/log.jsonl");
    let running = scratch.start(&pipeline(&log), &[]);
    grows(&log);
    let before = std::fs::metadata(&log).expect("it is there").ino();
    std::fs::rename(scratch.path("logs"), scratch.path("old")).expect("writable");
    wait_for("a new file", PATIENCE, || log.exists().then_some(()));
    grows(&log);
    assert_ne!(std::fs::metadata(&log).expect("it is there").ino(), before);
    running.signal(SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}

/// F12: killed at random moments while it writes.
#[test]
fn a_kill_leaves_whole_lines_only() {
    let times = 10;
    let scratch = Scratch::new();
    let log = scratch.path("log.jsonl");
    let text = pipeline(&log).replace("pace = 'realtime'\n", "");
    scratch.write("pipeline.toml", format!("{text}[status]\nlisten = 'off'\n"));
    let mut lines = 0;
    for _ in 0..times {
        let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
        wait_for("a line", PATIENCE, || {
            (numbers(&log).len() > lines + 1).then_some(())
        });
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..150)));
        running.signal(SIGKILL);
        let _ = running.wait();
        // `events` checks each whole line against the schema; the next run removes what is torn.
        lines = numbers(&log).len();
    }
    println!("{times} kills, {lines} whole lines");
    assert!(lines >= 2 * times, "{lines}");
}
