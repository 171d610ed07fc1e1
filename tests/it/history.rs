//! Events in a database: on full and on read-only disks, searched while they are written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use libc::SIGTERM;
use rusqlite::{Connection, OpenFlags};

use crate::bad_input::check;
use crate::faults::Disk;
use crate::namespace;
use crate::samples::{stubborn_model, sum};
use crate::scratch::{Running, Scratch, has_opencv, skipped, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

/// A street, a detector that always finds the same, and a history of it.
pub fn street(scratch: &Scratch, options: &str) -> Option<String> {
    if !has_opencv() {
        skipped("there is no libotus_opencv.so");
        return None;
    }
    let model = stubborn_model([0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    Some(format!(
        "[sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['street']\n\
         [sinks.book]\ntype = 'sqlite'\ninputs = ['see']\nmin_free_mb = 0\n{options}\n",
        env!("CARGO_MANIFEST_DIR")
    ))
}

/// Opens a database as any program may, while it is written.
pub fn reader(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("it is a database")
}

fn number(path: &Path, query: &str) -> i64 {
    reader(path)
        .query_row(query, [], |row| row.get(0))
        .unwrap_or_else(|it| panic!("{query}: {it}"))
}

/// None while it is being made.
fn count(path: &Path) -> i64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let opened = Connection::open_with_flags(path, flags);
    let counted =
        opened.and_then(|it| it.query_row("SELECT count(*) FROM events", [], |row| row.get(0)));
    counted.unwrap_or(0)
}

fn grows(path: &Path) {
    let before = count(path);
    wait_for("more events", PATIENCE, || {
        (count(path) > before + 2).then_some(())
    });
}

/// That the database is sound, and that no frame of a run is in it twice.
fn sound(path: &Path) {
    let read = reader(path);
    let state: String = read
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("it can be checked");
    assert_eq!(state, "ok");
    let twice = "SELECT count(*) - count(DISTINCT json) FROM events";
    assert_eq!(number(path, twice), 0);
    let untallied = "SELECT (SELECT count(*) FROM events) - (SELECT sum(events) FROM tally)";
    assert_eq!(number(path, untallied), 0);
}

/// F9, F10: the disk is read-only, then full, and has room again.
#[test]
fn a_disk_that_takes_nothing_is_waited_for_and_no_event_is_lost_or_there_twice() {
    let scratch = Scratch::new();
    let Some(text) = street(&scratch, "path = 'disk/history.db'") else {
        return;
    };
    let Some(disk) = Disk::of(scratch.path("disk"), "1m") else {
        return;
    };
    let path = scratch.path("disk/history.db");
    assert!(disk.call(&["-o", "remount,ro"]));
    let running = scratch.start(&text, &[]);
    std::thread::sleep(Duration::from_secs(2));
    assert!(disk.call(&["-o", "remount,rw"]));
    grows(&path);
    let filler = scratch.path("disk/filler");
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    std::thread::sleep(Duration::from_secs(3));
    fs::remove_file(&filler).expect("it is there");
    grows(&path);
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for said in ["No space left", "Read-only file system"] {
        assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
    }
    let gaps = "SELECT count(*) FROM (SELECT json ->> 'seq' - lag(json ->> 'seq') OVER (ORDER BY id) AS step \
                FROM events) WHERE step NOT IN (1, 2)";
    assert_eq!(number(&path, gaps), 0);
    sound(&path);
}

/// F10: somebody removes the folder while it is written.
#[test]
fn a_history_that_was_removed_is_begun_anew() {
    let scratch = Scratch::new();
    let Some(text) = street(&scratch, "path = 'kept/history.db'") else {
        return;
    };
    let path = scratch.path("kept/history.db");
    let running = scratch.start(&text, &[]);
    grows(&path);
    fs::rename(scratch.path("kept"), scratch.path("old")).expect("it is ours");
    grows(&path);
    running.signal(SIGTERM);
    assert_eq!(running.wait().code, Some(0));
    sound(&path);
    sound(&scratch.path("old/history.db"));
}

#[test]
fn what_is_no_history_or_cannot_be_written_is_named() {
    let scratch = Scratch::new();
    scratch.write("notes.db", "five years of notes, which are no database");
    scratch.write("tone.wav", crate::samples::wav(16_000, 16_000));
    let pipeline = |path: &str| {
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
             [sinks.book]\ntype = 'sqlite'\ninputs = ['mic']\npath = '{path}'\n\
             [status]\nlisten = 'off'\n"
        )
    };
    scratch.write("pipeline.toml", pipeline("notes.db"));
    let otus = |arguments: &[&str]| Running::start(scratch.otus(arguments)).wait();
    let said = "it is no database … pipeline.toml:7:8 … name a file of its own";
    check(&otus(&["check", "pipeline.toml"]), 0, said);
    let said = "cannot write ./notes.db: it is no database … choose another `path` … node=book";
    check(&otus(&["run", "pipeline.toml"]), 1, said);
    scratch.write("pipeline.toml", pipeline("/proc/history.db"));
    let said = "cannot write /proc/history.db: … choose a `path` that this user can write to";
    check(&otus(&["run", "pipeline.toml"]), 1, said);
    scratch.write("pipeline.toml", pipeline("new.db"));
    let run = scratch.otus(&["run", "pipeline.toml", "--for", "1s"]);
    if let Some(ended) = namespace::run(&namespace::read_only(), false, &run) {
        let said = "Read-only file system … choose a `path` elsewhere, such as a tmpfs";
        check(&ended, 1, said);
    }
}
