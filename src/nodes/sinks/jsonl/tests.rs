//! Logs: what they keep, what they leave alone, and where lines go while a disk does not take them.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::nodes;
use crate::nodes::parts::log::Rules;
use crate::pipeline::contract::catalogue::{Configured, Running};
use crate::pipeline::contract::node::Emit;
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::testing::{configure, drive, gap};
use crate::pipeline::count::metrics::State;

fn write(path: &Path, events: usize) {
    let ty = nodes::find("jsonl").expect("it is always there");
    drive(
        ty,
        &format!("path = {path:?}\nmax_mb = 1"),
        (0..events).map(|_| gap("mic", 0)),
    )
    .expect("it writes");
}

/// Files of a folder in their order.
fn names(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("it is there").flatten();
    let mut files: Vec<PathBuf> = files.map(|it| it.path()).collect();
    files.sort();
    files
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |it| it.len())
}

#[test]
fn half_a_line_from_before_is_removed() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("new/events.jsonl");
    write(&path, 2);
    let whole = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, format!("{whole}{{\"v\":1,\"ki")).expect("writable");
    write(&path, 1);
    let lines = fs::read_to_string(&path).expect("it is there");
    assert_eq!(lines.lines().count(), 3);
    assert!(
        lines.starts_with(&whole) && lines.ends_with("}\n"),
        "{lines}"
    );
}

#[test]
fn the_file_is_turned_over_at_its_limit() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    write(&path, 20_000);
    let mut sizes: Vec<u64> = names(directory.path()).iter().map(|it| size(it)).collect();
    let (new, old) = (sizes.pop().unwrap_or(0), sizes.pop().unwrap_or(0));
    assert_eq!(sizes.len(), 0);
    assert!(
        new > 0 && new <= 1 << 20 && old > (1 << 20) - 300 && old <= 1 << 20,
        "{new} {old}"
    );
}

/// What a path leads to that is somebody's is refused and left as it is.
#[test]
fn what_is_no_log_of_events_is_left_alone() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let notes = directory.path().join("notes.txt");
    fs::write(&notes, "five years of notes").expect("writable");
    let (link, nowhere) = (
        directory.path().join("link"),
        directory.path().join("nowhere"),
    );
    symlink(&notes, &link).expect("writable");
    symlink(directory.path().join("missing"), &nowhere).expect("writable");
    let ty = nodes::find("jsonl").expect("it is always there");
    for path in [&notes, &link, &nowhere] {
        let error = drive(ty, &format!("path = {path:?}"), [gap("mic", 0)]).err();
        assert!(
            matches!(error, Some(Error::Fatal(_))),
            "{path:?}: {error:?}"
        );
    }
    let text = fs::read_to_string(&notes).expect("it is there");
    assert_eq!(text, "five years of notes");
    assert!(!directory.path().join("missing").exists());
}

#[test]
fn a_log_is_for_owner_and_group_and_for_one_writer() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    let open = || Log::open(&path, FORM, Rotation::default().rules());
    let log = open().expect("it is new");
    let mode = fs::metadata(&path).map(|it| it.permissions().mode() & 0o777);
    assert_eq!(mode.ok(), Some(0o640));
    let second = open().err().map(|it| it.to_string());
    assert_eq!(second.as_deref(), Some("another process writes it"));
    drop(log);
    assert!(open().is_ok());
}

/// As `logrotate` does it with `copytruncate`.
#[test]
fn a_log_that_was_emptied_is_turned_over_by_its_real_size() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    let rules = Rules {
        most: 250,
        ..Rotation::default().rules()
    };
    let mut log = Log::open(&path, FORM, rules).expect("it is new");
    let line = [b'{'; 100];
    log.append(&line).expect("there is room");
    log.append(&line).expect("there is room");
    fs::File::create(&path).expect("it is ours");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    log.append(&line).expect("there is room");
    assert_eq!(fs::metadata(&path).map(|it| it.len()).ok(), Some(100));
    assert_eq!(names(directory.path()).len(), 1);
}

/// A log that cannot be written for now, and its spool.
struct Lame {
    folder: TempDir,
    context: Context,
    configured: Configured,
}

impl Lame {
    fn new(log: &str) -> Lame {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let options = format!("path = {log:?}\nmax_mb = 1\nspool = 'spool.jsonl'");
        let ty = nodes::find("jsonl").expect("it is always there");
        Lame {
            context: Context::new("book", folder.path(), Runtime::default()),
            configured: configure(ty, &options).expect("they are right"),
            folder,
        }
    }

    fn open(&self) -> Box<dyn Running> {
        (self.configured.open)(&self.context).expect("the spool can be written")
    }

    /// Writes the events of these seconds.
    fn write(&self, node: &mut dyn Running, seconds: Range<u64>) -> Result<()> {
        let mut out = |_| panic!("a sink makes nothing");
        for second in seconds {
            let mut emit = Emit::new(&self.context, &mut out);
            node.step(Some(gap("mic", second)), &mut emit)?;
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.context.stats.read().state
    }

    fn spooled(&self) -> Vec<f64> {
        let text = fs::read_to_string(self.folder.path().join("spool.jsonl"));
        seconds(&text.unwrap_or_default())
    }
}

/// The capture times in a log.
fn seconds(text: &str) -> Vec<f64> {
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let seconds = lines.map(|it| it.expect("a whole line")["t"].as_f64());
    seconds.map(|it| it.expect("a number")).collect()
}

fn numbers(range: Range<u64>) -> Vec<f64> {
    range.map(|it| it as f64).collect()
}

/// Nobody reads the pipe at first, which is like a disk without room.
#[test]
fn what_a_log_does_not_take_waits_in_the_spool_and_comes_in_order() {
    let lame = Lame::new("pipe");
    let pipe = lame.folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("writable");
    let mut node = lame.open();
    lame.write(&mut *node, 0..5).expect("they are spooled");
    assert_eq!(lame.state(), State::Degraded);
    assert_eq!(lame.spooled(), numbers(0..5));
    // As a restart: what a run has left is taken up by the next.
    drop(node);
    let mut node = lame.open();
    lame.write(&mut *node, 5..7).expect("they are spooled");
    let reads = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&pipe);
    let mut reads = reads.expect("it is there");
    let mut out = |_| panic!("a sink makes nothing");
    node.finish(&mut Emit::new(&lame.context, &mut out))
        .expect("it is read now");
    lame.write(&mut *node, 7..9).expect("it is read");
    let mut text = [0; 8192];
    let length = reads.read(&mut text).expect("lines");
    assert_eq!(
        seconds(&String::from_utf8_lossy(&text[..length])),
        numbers(0..9)
    );
    assert_eq!((lame.spooled(), lame.state()), (Vec::new(), State::Running));
    assert!(!lame.folder.path().join("spool.jsonl.old").exists());
}

/// A terminal that nobody reads takes some 18 kB, and then the call does not come back.
#[test]
fn a_disk_that_hangs_costs_neither_lines_nor_a_thread_a_try() {
    let lame = Lame::new("/dev/ptmx");
    let mut node = lame.open();
    lame.write(&mut *node, 0..400).expect("they are spooled");
    assert_eq!(lame.state(), State::Degraded);
    let spooled = lame.spooled();
    let first = spooled.first().copied().unwrap_or_default();
    assert_eq!(spooled, numbers(first as u64..400));
    assert!((50.0..200.0).contains(&first), "{first}");
    let full = lame.write(&mut *node, 400..20_000);
    let said = full.err().map(|it| (it.may_pass(), it.to_string()));
    assert!(
        said.as_ref()
            .is_some_and(|(retry, it)| *retry && it.contains("has reached 1 MB")),
        "{said:?}"
    );
    // The thread that hangs is known to the next instance, which does not begin another.
    drop(node);
    let start = std::time::Instant::now();
    drop(lame.open());
    assert!(start.elapsed() < std::time::Duration::from_millis(500));
}

/// Closed files are packed a little at a time, whole, and in place of the plain ones; others' files stay.
#[test]
fn closed_files_are_packed_and_the_oldest_go() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    let at = |it: &str| directory.path().join(it);
    let (old, half) = (
        at("2026-01-01T00-00-00.000Z_events.jsonl"),
        at("2026-01-02T00-00-00.000Z_events.jsonl"),
    );
    let text = "{\"v\":1}\n".repeat(100_000);
    for file in [&old, &half, &at("2026-01-01T00-00-00.000Z_others.jsonl")] {
        fs::write(file, &text).expect("room");
    }
    fs::write(at("2026-01-02T00-00-00.000Z_events.jsonl.gz"), "whole").expect("room");
    let rules = Rules {
        compress: true,
        ..Rotation::default().rules()
    };
    let mut log = Log::open(&path, FORM, rules).expect("it is new");
    log.append(b"{\"v\":1}\n").expect("room");
    let mut steps = 0;
    while !at("2026-01-01T00-00-00.000Z_events.jsonl.gz").exists() {
        log.tend().expect("room");
        steps += 1;
    }
    assert!(steps > 4, "{steps}");
    (0..3).for_each(|_| log.tend().expect("room"));
    let left: Vec<_> = names(directory.path());
    let left: Vec<_> = left
        .iter()
        .filter_map(|it| it.file_name()?.to_str())
        .collect();
    let expected = [
        "2026-01-01T00-00-00.000Z_events.jsonl.gz",
        "2026-01-01T00-00-00.000Z_others.jsonl",
        "2026-01-02T00-00-00.000Z_events.jsonl.gz",
        "events.jsonl",
    ];
    assert_eq!(left, expected);
    let packed = fs::File::open(at(expected[0])).expect("it is there");
    let mut read = String::new();
    let mut packed = flate2::read::GzDecoder::new(packed);
    packed.read_to_string(&mut read).expect("it is whole");
    assert!(read == text);
}

/// Between two files half of `keep_days` is believed.
#[test]
fn closed_files_that_are_too_old_go() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    for day in 1..=5 {
        let name = format!("2026-01-0{day}T00-00-00.000Z_events.jsonl");
        fs::write(directory.path().join(name), "{\"v\":1}\n").expect("room");
    }
    let day = Rotation {
        keep_days: Some(1),
        ..Rotation::default()
    };
    let mut log = Log::open(&path, FORM, day.rules()).expect("it is new");
    log.tend().expect("they can go");
    let left = names(directory.path());
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left[0].ends_with("2026-01-04T00-00-00.000Z_events.jsonl"));
}

#[test]
fn a_file_that_is_old_enough_is_closed() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let path = directory.path().join("events.jsonl");
    let rules = Rules {
        oldest: Some(std::time::Duration::from_millis(50)),
        ..Rotation::default().rules()
    };
    let mut log = Log::open(&path, FORM, rules).expect("it is new");
    log.tend().expect("room");
    assert_eq!(names(directory.path()).len(), 1);
    log.append(b"{\"v\":1}\n").expect("room");
    std::thread::sleep(std::time::Duration::from_millis(60));
    log.tend().expect("room");
    let left = names(directory.path());
    assert_eq!(left.len(), 2);
    assert_eq!(size(&left[1]), 0);
}
