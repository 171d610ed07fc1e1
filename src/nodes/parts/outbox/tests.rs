//! What an outbox keeps through restarts, damage and want of room.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use tempfile::TempDir;

use super::*;

const MEGABYTE: u64 = 1 << 20;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a scratch directory")
}

fn open(folder: &TempDir, most: u64) -> Outbox {
    Outbox::open(folder.path().join("a/b"), most).expect("it is writable")
}

fn put(outbox: &Outbox, texts: &[&str]) {
    for text in texts {
        outbox.push(text.as_bytes().to_vec());
    }
}

/// What a new sender would send, in order.
fn waiting(outbox: &Outbox) -> Vec<(u64, String)> {
    let mut reading = Reading::default();
    let next = || outbox.take(&mut reading).expect("it can be read");
    let text = |(number, it): Numbered| (number, String::from_utf8_lossy(&it).into_owned());
    std::iter::from_fn(next).map(text).collect()
}

fn texts(outbox: &Outbox) -> Vec<String> {
    waiting(outbox).into_iter().map(|it| it.1).collect()
}

fn files(outbox: &Outbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(outbox.folder())
        .expect("it is there")
        .flatten();
    let paths = entries.map(|it| it.path());
    paths.filter(|it| it.extension().is_some()).collect()
}

#[test]
fn what_is_sent_before_it_is_settled_is_never_written() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    put(&outbox, &["a", "b"]);
    let mut reading = Reading::default();
    while let Some((number, _)) = outbox.take(&mut reading).expect("it can be read") {
        outbox.delivered(number).expect("writable");
    }
    assert!(outbox.is_sent());
    outbox.settle().expect("writable");
    assert_eq!(files(&outbox), Vec::<PathBuf>::new());
    assert_eq!(outbox.counts(), Counts::default());
}

#[test]
fn what_was_settled_outlives_the_process_in_its_order() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    put(&outbox, &["a", "b", "c"]);
    outbox.settle().expect("writable");
    put(&outbox, &["d", "e"]);
    outbox.settle().expect("writable");
    put(&outbox, &["never settled"]);
    assert_eq!(texts(&outbox), ["a", "b", "c", "d", "e", "never settled"]);
    outbox.delivered(0).expect("writable");
    outbox.delivered(1).expect("writable");
    // As a kill: what was not settled is given again by nobody.
    drop(outbox);
    let outbox = open(&folder, MEGABYTE);
    assert_eq!(texts(&outbox), ["c", "d", "e"]);
    assert_eq!(outbox.counts().queued, 3);
    put(&outbox, &["f"]);
    outbox.settle().expect("writable");
    for (number, _) in waiting(&outbox) {
        outbox.delivered(number).expect("writable");
    }
    assert_eq!(outbox.counts(), Counts::default());
    outbox.settle().expect("writable");
    assert_eq!(files(&outbox), Vec::<PathBuf>::new());
}

#[test]
fn a_sender_that_begins_anew_gets_what_was_not_told_of() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    put(&outbox, &["a", "b"]);
    outbox.settle().expect("writable");
    let mut reading = Reading::default();
    let taken = outbox.take(&mut reading).expect("it can be read");
    assert_eq!(taken.map(|it| it.0), Some(0));
    let taken = outbox.take(&mut reading).expect("it can be read");
    outbox.delivered(0).expect("writable");
    assert_eq!(taken.map(|it| it.0), Some(1));
    assert!(outbox.take(&mut reading).is_ok_and(|it| it.is_none()));
    put(&outbox, &["c"]);
    let taken = outbox.take(&mut reading).expect("it can be read");
    assert_eq!(taken.map(|it| it.0), Some(2));
    assert_eq!(texts(&outbox), ["b", "c"]);
}

#[test]
fn half_a_record_is_cut_off_and_damage_is_counted() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    put(&outbox, &["a", "b", "c"]);
    outbox.settle().expect("writable");
    let file = files(&outbox).remove(0);
    let whole = fs::read(&file).expect("it is there");
    drop(outbox);
    fs::write(&file, [&whole[..], &whole[..10]].concat()).expect("writable");
    let outbox = open(&folder, MEGABYTE);
    assert_eq!(texts(&outbox), ["a", "b", "c"]);
    assert_eq!(fs::read(&file).expect("it is there"), whole);
    // A disk that forgets while it is in use.
    let damaged = OpenOptions::new().write(true).open(&file);
    let damaged = damaged.expect("it is there");
    damaged.write_all_at(b"X", 17 + 16).expect("writable");
    put(&outbox, &["d"]);
    assert_eq!(texts(&outbox), ["a", "d"]);
    let counts = outbox.counts();
    assert_eq!((counts.queued, counts.lost), (2, 2));
}

#[test]
fn the_oldest_go_where_there_is_no_room_and_are_counted() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    let long = "x".repeat(9_000);
    for number in 0..300 {
        outbox.push(format!("{number} {long}").into_bytes());
        outbox.settle().expect("writable");
    }
    let counts = outbox.counts();
    let numbers: Vec<u64> = waiting(&outbox).iter().map(|it| it.0).collect();
    assert_eq!(counts.queued + counts.lost, 300);
    assert_eq!(numbers, (counts.lost..300).collect::<Vec<_>>());
    let bytes: u64 = files(&outbox)
        .iter()
        .map(|it| fs::metadata(it).map_or(0, |it| it.len()))
        .sum();
    assert!(bytes <= MEGABYTE && bytes > MEGABYTE / 8 * 7, "{bytes}");
    drop(outbox);
    assert_eq!(open(&folder, MEGABYTE).counts(), counts);
}

#[test]
fn a_folder_is_for_one_process() {
    let folder = folder();
    let outbox = open(&folder, MEGABYTE);
    let second = Outbox::open(outbox.folder().to_owned(), MEGABYTE);
    let said = second.err().map(|it| it.to_string());
    assert_eq!(said.as_deref(), Some("another process uses it"));
    put(&outbox, &["a"]);
    outbox.settle().expect("writable");
    // A sender that hangs keeps nobody out, and changes nothing any more.
    outbox.close();
    let next = open(&folder, MEGABYTE);
    outbox.delivered(0).expect("it is ignored");
    assert_eq!(
        (texts(&outbox), texts(&next)),
        (vec![], vec!["a".to_owned()])
    );
}
