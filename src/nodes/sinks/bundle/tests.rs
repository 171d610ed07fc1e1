//! What is in a bundle, what a kill leaves, what is deleted, and that every change is seen.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::media::events::{Alert, Severity};
use crate::media::packet::Packet;
use crate::nodes::parts::evidence::MANIFEST;
use crate::nodes::parts::evidence::chain::CHAIN;
use crate::nodes::parts::evidence::key::tests::PRIVATE;
use crate::nodes::parts::evidence::manifest::{Entry, Manifest};
use crate::nodes::parts::evidence::order;
use crate::nodes::parts::evidence::verify::{self, Checked};
use crate::nodes::parts::folder::retention::Retention;
use crate::pipeline::contract::catalogue::sink;
use crate::pipeline::contract::testing::{context, drive, gap};

fn event(at: f64, body: impl Into<crate::media::events::Body>) -> Packet {
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
        label: None,
        track: None,
        subject: None,
    };
    event(at, saved)
}

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

#[test]
fn what_belongs_to_an_alert_is_in_its_bundle_and_nothing_else() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = |name: &str| {
        let path = scratch.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(&path, name).expect("room");
        path
    };
    let [one, other, clip] = ["a/sight.jpg", "b/sight.jpg", "clip.mp4"].map(file);
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

#[test]
fn a_byte_that_is_changed_anywhere_is_named() {
    for signed in [true, false] {
        let scratch = tempfile::tempdir().expect("a directory");
        let key = signed.then(|| key(&scratch));
        let folder = filled(&scratch, 1, key.as_deref());
        let bundle = bundles(&folder).remove(0);
        let files: BTreeSet<PathBuf> = fs::read_dir(&bundle)
            .expect("it is there")
            .map(|it| it.expect("it can be read").path())
            .collect();
        assert_eq!(files.len(), if signed { 5 } else { 3 });
        for file in files {
            let name = file
                .file_name()
                .expect("it has one")
                .to_string_lossy()
                .into_owned();
            let bytes = fs::read(&file).expect("it is there");
            let changed = |content: &[u8]| {
                fs::write(&file, content).expect("room");
                let Checked { flaws, .. } = verify::bundle(&bundle, &[]);
                assert!(
                    flaws.iter().any(|it| it.contains(&name)),
                    "{name}: {flaws:?}"
                );
            };
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 1;
                changed(&other);
            }
            changed(&bytes[1..]);
            changed(&[&bytes[..], b"\n"].concat());
            fs::remove_file(&file).expect("it is ours");
            let Checked { flaws, .. } = verify::bundle(&bundle, &[]);
            assert!(
                flaws
                    .iter()
                    .any(|it| it.contains(&format!("{name} is missing"))),
                "{flaws:?}"
            );
            fs::write(&file, &bytes).expect("room");
        }
        fs::write(bundle.join("more.jpg"), "").expect("room");
        assert_eq!(flaws(&folder).len(), 1);
        assert!(flaws(&folder)[0].ends_with("_1: more.jpg was added"));
    }
}

/// What is said after something was done to the second of four bundles.
fn after(tamper: impl FnOnce(&[PathBuf])) -> Vec<String> {
    let scratch = tempfile::tempdir().expect("a directory");
    let key = key(&scratch);
    let folder = filled(&scratch, 4, Some(&key));
    assert_eq!(flaws(&folder), [""; 0]);
    tamper(&bundles(&folder));
    flaws(&folder)
}

#[test]
fn a_bundle_that_is_left_out_or_in_anothers_place_is_named() {
    let remove = |it: &Path| fs::remove_dir_all(it).expect("it is ours");
    let [second, third] = [
        "2020-01-01T00-01-00.000Z_porch_2",
        "2020-01-01T00-02-00.000Z_porch_3",
    ];
    assert_eq!(
        after(|it| remove(&it[1])),
        [format!("{third}: 2 is missing: left out or taken away")]
    );
    assert_eq!(
        after(|it| remove(&it[0])),
        ["chain.json: 1 is missing: left out or taken away"]
    );
    assert_eq!(
        after(|it| it[2..].iter().for_each(|it| remove(it))),
        ["chain.json: 3 to 4 are missing: left out or taken away"]
    );
    let swapped = after(|it| {
        let aside = it[0].with_file_name("aside");
        fs::rename(&it[1], &aside).expect("it is ours");
        fs::rename(&it[2], &it[1]).expect("it is ours");
        fs::rename(&aside, &it[2]).expect("it is ours");
    });
    let expected = [(third, second), (second, third)].map(|(is, was)| {
        format!("{is}: it was written as {was}: it was renamed, or put in the place of another")
    });
    assert_eq!(swapped, expected);
    let files =
        after(|it| fs::rename(it[1].join("clip.mp4"), it[2].join("clip.mp4")).expect("it is ours"));
    assert_eq!(
        files,
        [
            format!("{second}: clip.mp4 is missing"),
            format!("{third}: clip.mp4 was changed")
        ]
    );
    let unsigned = after(|it| fs::remove_file(it[1].join("evidence.sig")).expect("it is ours"));
    assert_eq!(
        unsigned,
        [format!(
            "{second}: it is not signed any more: evidence.sig is missing"
        )]
    );
    let noted = after(|it| fs::remove_file(it[0].with_file_name(CHAIN)).expect("it is ours"));
    assert!(
        noted.len() == 1 && noted[0].contains("cannot be seen"),
        "{noted:?}"
    );
}

/// Who has another key writes a chain of the same content, which is whole by itself.
#[test]
fn a_chain_of_another_key_is_seen_by_who_knows_the_right_one() {
    let scratch = tempfile::tempdir().expect("a directory");
    let right = SigningKey::read(&key(&scratch))
        .expect("a key")
        .public()
        .clone();
    let forged = filled(&scratch, 2, None);
    assert_eq!(flaws(&forged), [""; 0]);
    let checked = order::folder(&forged, std::slice::from_ref(&right)).expect("it can be read");
    let said: Vec<&str> = checked.flaws.iter().map(|it| &it.1[..]).collect();
    assert_eq!(
        said,
        [
            "it is not signed",
            "it is not signed",
            "it was changed: no key here has signed it"
        ]
    );
}
