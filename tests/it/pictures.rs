//! Folders of pictures as people have them: some are broken, some are no pictures, some are far too large.

use serde_json::Value;

use crate::samples::picture;
use crate::scratch::Scratch;

/// A folder with two good pictures, an empty one, half of one and a page of notes.
fn album() -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("photos")).expect("it is writable");
    let whole = picture();
    scratch.write("photos/a.bmp", &whole);
    scratch.write("photos/b.bmp", "");
    scratch.write("photos/c.BMP", &whole[..whole.len() / 2]);
    scratch.write("photos/d.BMP", &whole);
    scratch.write("photos/notes.txt", "of a walk");
    scratch
}

/// How a run over `uri` ended, with its summary's count of frames and its gaps.
fn run(scratch: &Scratch, uri: &str, more: &str) -> (Option<i32>, u64, Vec<Value>) {
    let _ = std::fs::remove_file(scratch.path("log.jsonl"));
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{uri}'\n{more}\n\
         [transforms.faces]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['cam']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['cam', 'faces']\npath = 'log.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &["--json"]);
    let said: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    let frames = said["summary"]["frames"].as_u64().expect("it is counted");
    let events = match scratch.path("log.jsonl").exists() {
        true => scratch.events("log.jsonl"),
        false => Vec::new(),
    };
    let gaps = events.into_iter().filter(|it| it["kind"] == "gap");
    (ended.code, frames, gaps.collect())
}

#[test]
fn broken_pictures_are_told_of_and_passed_over_whatever_the_pattern() {
    let scratch = album();
    for uri in [
        "photos",
        "photos/",
        "photos/*",
        "photos/*.[bB]*",
        "photos/?.*",
    ] {
        let (code, frames, gaps) = run(&scratch, uri, "");
        assert_eq!((code, frames, gaps.len()), (Some(0), 2, 2), "{uri}");
        let reason = gaps[0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("photos/b.bmp is no picture"), "{reason}");
    }
    let whole = format!("file://{}", scratch.path("photos/a.bmp").display());
    assert_eq!(run(&scratch, &whole, ""), (Some(0), 1, Vec::new()));
}

#[test]
fn a_folder_without_one_good_picture_is_a_failure() {
    let scratch = album();
    let (code, frames, _) = run(&scratch, "photos/[bc].*", "");
    assert_eq!((code, frames), (Some(1), 0));
}

/// The headers of a picture of 30,000 x 30,000 pixels in two colours, without one of them.
fn bomb() -> Vec<u8> {
    let side = 30_000u32.to_le_bytes();
    let mut file = b"BM\x3e\0\0\0\0\0\0\0\x3e\0\0\0\x28\0\0\0".to_vec();
    file.extend([side, side].concat());
    file.extend([1, 0, 1, 0]);
    file.resize(62, 0);
    file
}

#[test]
fn pictures_of_too_many_pixels_are_refused_by_their_header() {
    let scratch = album();
    scratch.write("photos/e.bmp", bomb());
    let (code, frames, gaps) = run(&scratch, "photos/[ae].bmp", "");
    assert_eq!((code, frames, gaps.len()), (Some(0), 1, 1));
    let reason = gaps[0]["reason"].as_str().unwrap_or_default();
    let expected = "30000 x 30000 pixels are more than `max_pixels` (50000000) allows";
    assert!(reason.contains(expected), "{reason}");
}
