//! Bundles of evidence, and what `otus verify` and OpenSSL say of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::bad_input::{check, says};
use crate::recorded::ffmpeg;
use crate::samples::{stubborn_model, sum};
use crate::scratch::{Ended, Running, Scratch, shared};
use crate::tools::installed;

const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");

pub fn verify(scratch: &Scratch, arguments: &[&str]) -> Ended {
    let arguments: Vec<&str> = ["verify"].iter().chain(arguments).copied().collect();
    Running::start(scratch.otus(&arguments)).wait()
}

fn openssl(scratch: &Scratch, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    command
        .args(arguments.split(' '))
        .current_dir(scratch.path(""));
    command.output().is_ok_and(|it| it.status.success())
}

/// A key as OpenSSL makes it, `key.pem`, and the public one, `public.pem`.
pub fn keys(scratch: &Scratch) -> bool {
    installed("openssl", "apt install openssl").is_some()
        && openssl(scratch, "genpkey -algorithm ed25519 -out key.pem")
        && openssl(scratch, "pkey -in key.pem -pubout -out public.pem")
}

pub fn bundles(scratch: &Scratch) -> Vec<PathBuf> {
    let entries = fs::read_dir(scratch.path("evidence"))
        .into_iter()
        .flatten()
        .flatten();
    let visible = |it: &PathBuf| !it.ends_with("chain.json") && !name(it).starts_with('.');
    let mut all: Vec<PathBuf> = entries.map(|it| it.path()).filter(visible).collect();
    all.sort();
    all
}

pub fn name(path: &Path) -> String {
    path.file_name()
        .expect("it has one")
        .to_string_lossy()
        .into_owned()
}

/// Somebody is seen and heard at once at second 23; a clip, a picture and the events of that are in a signed bundle.
#[test]
fn an_alert_is_kept_with_all_that_it_rests_on_and_every_change_is_named() {
    let (scratch, Some(shared)) = (Scratch::new(), shared()) else {
        return;
    };
    let film = shared.join("media/joint_people_speech.mp4");
    let part = format!("-t 42 -i {} -c copy film.mp4", film.display());
    if !keys(&scratch) || !ffmpeg(&part, &scratch) {
        return;
    }
    let pipeline = "[sources.porch]\ntype = 'camera'\nuri = 'film.mp4'\nfps = 2\n\
         [transforms.see]\ntype = 'detect'\ninputs = ['porch']\nmodel = 'otus-person'\n\
         [transforms.people]\ntype = 'track'\ninputs = ['see']\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['porch']\n\
         [transforms.both]\ntype = 'join'\ninputs = ['people', 'speech']\nwithin_s = 1\nsay = 'somebody speaks'\n\
         all = [{ name = 'somebody', when = \"kind == 'track'\" }, { name = 'speech', when = \"kind == 'speech'\" }]\n\
         [sinks.clips]\ntype = 'clip'\ninputs = ['porch', 'both']\nfolder = 'clips'\nmin_free_mb = 0\n\
         [sinks.pictures]\ntype = 'snapshot'\ninputs = ['people']\nfolder = 'pictures'\nmin_free_mb = 0\n\
         [sinks.keep]\ntype = 'bundle'\nfolder = 'evidence'\nkey = 'key.pem'\nmin_free_mb = 0\n\
         inputs = ['both', 'people', 'speech', 'see', 'clips', 'pictures']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['keep', 'both']\npath = 'log.jsonl'\n";
    let ended = scratch.run(pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let all = bundles(&scratch);
    let [bundle] = &all[..] else {
        panic!("{all:?}")
    };
    let told = scratch.events("log.jsonl");
    let told = told
        .iter()
        .find(|it| it["what"] == "bundle")
        .expect("it is told");
    let manifest = fs::read(bundle.join("evidence.json")).expect("it is there");
    assert_eq!(
        (&told["path"], &told["sha256"]),
        (&bundle.to_str().into(), &sum(&manifest).into())
    );
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    holds_all(&scratch, &manifest);
    let whole = verify(&scratch, &["evidence", "--key", "public.pem"]);
    assert_eq!(whole.code, Some(0), "{}", whole.stdout);
    says(&whole.stdout, "1 … somebody speaks … whole");
    says(
        &verify(&scratch, &["evidence"]).stdout,
        "which nobody here vouches for",
    );
    let place = bundle.display();
    let signed = format!(
        "pkeyutl -verify -pubin -inkey public.pem -rawin -in {place}/evidence.json -sigfile {place}/evidence.sig"
    );
    assert!(openssl(&scratch, &signed));
    let mut sums = Command::new("sha256sum");
    let sums = sums
        .args(["-c", "evidence.sha256"])
        .current_dir(bundle)
        .output();
    assert!(sums.is_ok_and(|it| it.status.success()));
    assert!(openssl(
        &scratch,
        "genpkey -algorithm ed25519 -out other.pem"
    ));
    assert!(openssl(
        &scratch,
        "pkey -in other.pem -pubout -out others.pem"
    ));
    let other = verify(&scratch, &["evidence", "--key", "others.pem"]);
    assert_eq!(other.code, Some(1));
    says(&other.stdout, "BROKEN at … which is not trusted");
    changes_are_named(&scratch, bundle);
}

fn holds_all(scratch: &Scratch, manifest: &Value) {
    let count = |list: &str| manifest[list].as_array().map(Vec::len);
    let pipeline = fs::read(scratch.path("pipeline.toml")).expect("it is there");
    assert_eq!(manifest["pipeline"], sum(&pipeline));
    assert_eq!(
        (&manifest["number"], &manifest["previous"]),
        (&1.into(), &Value::Null)
    );
    assert_eq!(manifest["event"]["kind"], "alert");
    assert_eq!(
        (count("models"), count("missing")),
        (Some(2), Some(0)),
        "{manifest}"
    );
    let model = &manifest["models"][0];
    assert!(
        model["model"]
            .as_str()
            .is_some_and(|it| it.starts_with("otus-person@"))
    );
    assert_eq!(model["provider"], "cpu");
    let events = manifest["events"].as_array().expect("a list");
    for kind in ["track", "speech", "detection"] {
        assert!(
            events.iter().any(|it| it["kind"] == kind),
            "no {kind}: {manifest}"
        );
    }
    let seconds = |it: &Value| it.as_f64().expect("seconds");
    let (start, end) = (seconds(&manifest["start"]), seconds(&manifest["end"]));
    assert!(
        events
            .iter()
            .all(|it| seconds(&it["t"]) >= start - 20.0 && seconds(&it["t"]) <= end)
    );
    let files = manifest["files"].as_array().expect("a list");
    for what in ["clip", "picture"] {
        assert!(
            files.iter().any(|it| it["told"]["what"] == what),
            "no {what}: {manifest}"
        );
    }
}

/// Bytes at random places of all files of a bundle are changed one after the other.
fn changes_are_named(scratch: &Scratch, bundle: &Path) {
    for entry in fs::read_dir(bundle).expect("it is there").flatten() {
        let bytes = fs::read(entry.path()).expect("it is there");
        // The sinks' own files have the same bytes.
        fs::remove_file(entry.path()).expect("it is ours");
        for _ in 0..2 {
            let mut changed = bytes.clone();
            let at = fastrand::usize(0..bytes.len());
            changed[at] ^= 1 << fastrand::u8(0..8);
            fs::write(entry.path(), changed).expect("room");
            let seen = verify(scratch, &["evidence", "--json"]);
            let said: Value = serde_json::from_str(&seen.stdout).expect("JSON");
            assert_eq!((seen.code, &said["ok"]), (Some(1), &false.into()));
            let flaws = said["checked"][0]["flaws"].as_array().expect("a list");
            let name = name(&entry.path());
            let is_named = |it: &Value| it["what"].as_str().is_some_and(|it| it.contains(&name));
            assert!(flaws.iter().any(is_named), "{name}, byte {at}: {said}");
        }
        fs::write(entry.path(), bytes).expect("room");
    }
    assert_eq!(verify(scratch, &["evidence"]).code, Some(0));
}

/// A street in which each frame is worth a bundle.
pub fn busy(scratch: &Scratch, options: &str) -> String {
    let model = stubborn_model([0.25, 0.5, 0.5_f32.ln(), 0.0, 1.0, 1.0]);
    let sum = sum(&model);
    scratch.write("model.onnx", model);
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\npace = 'realtime'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['street']\n\
         [sinks.pictures]\ntype = 'snapshot'\ninputs = ['see']\nfolder = 'pictures'\nevery_ms = 0\nmin_free_mb = 0\n\
         [sinks.keep]\ntype = 'bundle'\ninputs = ['see', 'pictures']\nfolder = 'evidence'\nmin_free_mb = 0\n\
         when = \"kind == 'detection'\"\npre_s = 0.3\npost_s = 0\nwait_s = 0.2\n{options}"
    )
}

#[test]
fn what_cannot_be_evidence_is_told_by_check() {
    let scratch = Scratch::new();
    let checked = |more: &str, wrong: u8| {
        let text = busy(&scratch, "").replace("when = \"kind == 'detection'\"\n", "");
        scratch.write("pipeline.toml", text + more);
        let ended = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
        assert_eq!(ended.code, Some(wrong.into()), "{}", ended.stderr);
        ended.stderr
    };
    says(
        &checked("", 78),
        "`keep` waits for `alert` events: none of its inputs gives any … or say with `when`",
    );
    let wrong = checked("when = \"kind = 'zone'\"\n", 78);
    says(&wrong, "this is no condition");
    let detections = "when = \"kind == 'detection'\"\n";
    let two =
        "[sinks.more]\ntype = 'bundle'\ninputs = ['see']\nfolder = './evidence'\nwhen = 'true'\n";
    says(
        &checked(&[detections, two].concat(), 78),
        "`keep` and `more` both want the file",
    );
    let with_key = |mode: u32, content: &str| {
        let key = scratch.write("key.pem", content);
        fs::set_permissions(key, PermissionsExt::from_mode(mode)).expect("it is ours");
        checked(&[detections, "key = 'key.pem'\n"].concat(), 0)
    };
    says(
        &with_key(0o644, "x"),
        "others can read the key … run `chmod 600",
    );
    says(
        &with_key(0o600, "x"),
        "it is no Ed25519 key … make one by `openssl genpkey",
    );
    fs::remove_file(scratch.path("key.pem")).expect("it is ours");
    let missing = checked(&[detections, "key = 'key.pem'\n"].concat(), 0);
    says(&missing, "cannot use the key … No such file … make one by");
    let run = Running::start(scratch.otus(&["run", "pipeline.toml"])).wait();
    check(&run, 1, "cannot use the key");
}

#[test]
fn what_is_no_evidence_is_said() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("empty")).expect("room");
    scratch.write("notes.txt", "five years of notes");
    check(&verify(&scratch, &["empty"]), 1, "empty holds no bundles");
    check(
        &verify(&scratch, &["notes.txt"]),
        1,
        "notes.txt is no bundle and no folder of bundles",
    );
    check(&verify(&scratch, &["nowhere"]), 1, "nowhere: No such file");
    check(
        &verify(&scratch, &["empty", "--key", "notes.txt"]),
        1,
        "notes.txt is no public Ed25519 key … openssl pkey",
    );
    check(&verify(&scratch, &[]), 2, "required");
}
