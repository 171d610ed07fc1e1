//! That every change to a bundle, and to their order, is seen.

use std::collections::BTreeSet;
use std::fs;

use super::super::*;
use super::{bundles, filled, flaws, key};
use crate::nodes::parts::evidence::chain::CHAIN;
use crate::nodes::parts::evidence::order;
use crate::nodes::parts::evidence::verify::{self, Checked};

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
    let cut = after(|it| {
        let chain = it[0].with_file_name(CHAIN);
        let text = fs::read_to_string(&chain).expect("it is there");
        fs::write(chain, text.replace("\"first\":1", "\"first\":2")).expect("room");
        remove(&it[0]);
    });
    assert_eq!(
        cut,
        ["chain.json: it was changed, or another key has signed it"]
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
            "it was changed, or another key has signed it"
        ]
    );
}
