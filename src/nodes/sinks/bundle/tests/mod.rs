//! What a kill leaves of bundles, and what is deleted.

mod alert;
mod changes;

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::nodes::parts::evidence::MANIFEST;
use crate::nodes::parts::evidence::chain::CHAIN;
use crate::nodes::parts::evidence::key::tests::PRIVATE;
use crate::nodes::parts::evidence::manifest::{Entry, Manifest};
use crate::nodes::parts::evidence::order;
use crate::nodes::parts::folder::retention::Retention;

fn key(scratch: &TempDir) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = scratch.path().join("key.pem");
    fs::write(&path, PRIVATE).expect("room");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    path
}

fn manifest(bundle: &Path) -> Manifest {
    Manifest::of(&fs::read(bundle.join(MANIFEST)).expect("it is there")).expect("it is whole")
}

fn bundles(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    let mut all: Vec<PathBuf> = entries
        .map(|it| it.path())
        .filter(|it| it.is_dir())
        .collect();
    all.sort();
    all
}

fn flaws(folder: &Path) -> Vec<String> {
    let checked = order::folder(folder, &[]).expect("it can be read");
    let told = checked.flaws.into_iter();
    told.map(|(of, what)| format!("{of}: {what}")).collect()
}

/// The content of a bundle about this minute of a year long past, with a file of so many bytes that is in `part`.
fn content(part: &Path, minute: u64, bytes: usize) -> Content {
    fs::create_dir_all(part).expect("room");
    let held = vec![minute as u8; bytes];
    fs::write(part.join("clip.mp4"), &held).expect("room");
    Content {
        says: "somebody calls for help".to_owned(),
        event: json!({ "source": "porch", "time": format!("2020-01-01T00:{minute:02}:00.000Z") }),
        files: vec![Entry {
            name: "clip.mp4".to_owned(),
            bytes: bytes as u64,
            sha256: crate::inference::store::sum::sum(&held),
            told: Value::Null,
        }],
        ..Content::default()
    }
}

fn shelf(folder: &Path, keep_mb: u64, key: Option<&Path>) -> Shelf {
    let retention = Retention {
        keep_days: None,
        keep_mb,
        min_free_mb: 0,
    };
    let key = key.map(|it| SigningKey::read(it).expect("a key"));
    Shelf::open(folder, retention, key).expect("nobody else uses it")
}

/// A folder of so many bundles with a small file each.
fn filled(scratch: &TempDir, count: u64, key: Option<&Path>) -> PathBuf {
    let folder = scratch.path().join("evidence");
    let mut shelf = shelf(&folder, 100, key);
    for minute in 0..count {
        let part = folder.join(format!(".{minute}.part"));
        let content = content(&part, minute, 60);
        shelf.close(content, &part).expect("room");
    }
    folder
}

#[test]
fn a_chain_that_was_cut_for_room_begins_later_and_is_whole() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = scratch.path().join("evidence");
    for minute in 0..6 {
        // Each by a run of its own.
        let mut shelf = shelf(&folder, 1, None);
        let part = folder.join(".new.part");
        shelf
            .close(content(&part, minute, 300_000), &part)
            .expect("room");
    }
    let checked = order::folder(&folder, &[]).expect("it can be read");
    assert_eq!(checked.flaws, []);
    let numbers: Vec<u64> = checked.bundles.iter().map(order::number).collect();
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(
        checked.notes,
        ["it begins with 4: 1 to 3 were deleted for room, or before"]
    );
    fs::remove_dir_all(&bundles(&folder)[0]).expect("it is ours");
    assert_eq!(
        flaws(&folder),
        ["chain.json: 4 is missing: left out or taken away"]
    );
}

#[test]
fn what_a_kill_has_left_is_completed_or_removed() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = filled(&scratch, 2, None);
    let chain = fs::read(folder.join(CHAIN)).expect("it is there");
    // A draft with a file that it does not know of yet, one that was not begun, and one that only lacks its name.
    let draft = folder.join(".2020-01-01T00-10-00.000Z_porch_x.part");
    let left = content(&draft, 10, 300);
    fs::write(
        draft.join("draft.json"),
        serde_json::to_vec(&left).expect("JSON"),
    )
    .expect("room");
    fs::write(draft.join("half.mp4"), "half").expect("room");
    fs::create_dir(folder.join(".2020-01-01T00-11-00.000Z_porch_y.part")).expect("room");
    let mut closed = shelf(&folder, 100, None).recover(&[]).expect("room");
    assert!(closed.len() == 1 && closed.remove(0).content.interrupted);
    let all = bundles(&folder);
    assert!(all.len() == 3 && flaws(&folder).is_empty(), "{all:?}");
    fs::rename(&all[2], folder.join(".z.part")).expect("it is ours");
    // What tells of the last bundle is written after it.
    fs::write(folder.join(CHAIN), chain).expect("room");
    assert_eq!(
        shelf(&folder, 100, None).recover(&[]).expect("room").len(),
        1
    );
    assert_eq!(bundles(&folder), all);
    // Another bundle of the same place in the chain is none.
    let copy = folder.join(".z.part");
    fs::create_dir(&copy).expect("room");
    fs::copy(all[2].join(MANIFEST), copy.join(MANIFEST)).expect("room");
    assert_eq!(
        shelf(&folder, 100, None).recover(&[]).expect("room").len(),
        0
    );
    assert_eq!(bundles(&folder), all);
    assert_eq!(flaws(&folder), [""; 0]);
}

#[test]
fn two_processes_do_not_write_one_chain() {
    let scratch = tempfile::tempdir().expect("a directory");
    let folder = scratch.path().join("evidence");
    let first = shelf(&folder, 1, None);
    let second = Shelf::open(&folder, Retention::default(), None).err();
    assert_eq!(second.map(|it| it.kind()), Some(ErrorKind::WouldBlock));
    drop(first);
    drop(shelf(&folder, 1, None));
}
