//! The two models that the program carries see and hear, measured on what any machine can have.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use otus::inference::sight::nms::iou;
use serde_json::Value;

use crate::scratch::{Scratch, shared};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");
const TEACHER: &str = include_str!("../golden/vtest_teacher.json");

/// Recordings of one kind as sources of one pipeline; gives the text of each, in their order.
fn texts(recordings: &[PathBuf]) -> Vec<String> {
    let scratch = Scratch::new();
    let (mut pipeline, mut cut) = (String::new(), Vec::new());
    for (at, path) in recordings.iter().enumerate() {
        write!(
            pipeline,
            "[sources.r{at}]\ntype = 'audio_file'\npath = {path:?}\n\
             [transforms.s{at}]\ntype = 'vad'\ninputs = ['r{at}']\nmin_silence_ms = 500\n"
        )
        .expect("memory is writable");
        cut.push(format!("'s{at}'"));
    }
    let ended = scratch.run(
        &format!(
            "{pipeline}[transforms.words]\ntype = 'transcribe'\nmodel = 'otus-words'\ninputs = [{}]\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'events.jsonl'\n",
            cut.join(", ")
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("events.jsonl");
    let said = |at: usize| {
        let of = |event: &&Value| event["source"] == format!("r{at}").as_str();
        let texts: Vec<&str> = events
            .iter()
            .filter(of)
            .filter_map(|event| event["text"].as_str())
            .collect();
        texts.join(" ").trim().to_owned()
    };
    (0..recordings.len()).map(said).collect()
}

/// Says each text with a voice of espeak-ng; gives the files.
fn spoken(scratch: &Scratch, texts: &[&str], voice: &str) -> Vec<PathBuf> {
    let speak = |(at, text): (usize, &&str)| {
        let path = scratch.path(&format!("{at}.wav"));
        let mut say = Command::new("espeak-ng");
        say.args(["-v", voice, "-w"]).arg(&path).arg(text);
        let made = say.output().expect("the package espeak-ng is installed");
        assert!(made.status.success(), "{made:?}");
        path
    };
    texts.iter().enumerate().map(speak).collect()
}

fn right(wanted: &[&str], heard: &[String]) -> usize {
    wanted.iter().zip(heard).filter(|(a, b)| a == b).count()
}

/// Real people in street frames that no training has seen, against the teacher's boxes.
#[test]
fn people_are_found_in_the_street() {
    let golden: Value = serde_json::from_str(TEACHER).expect("the file is JSON");
    let scratch = Scratch::new();
    let ended = scratch.run(
        &format!(
            "[sources.street]\ntype = 'camera'\nuri = '{DEMO}/vtest.avi'\nfps = 0.5\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'events.jsonl'\n"
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("events.jsonl");
    let (mut hits, mut found, mut wanted) = (0, 0, 0);
    for frame in golden["frames"].as_array().expect("a list") {
        let event = events.iter().find(|event| event["seq"] == frame["frame"]);
        let mut mine: Vec<[f32; 4]> = event.map(corners).unwrap_or_default();
        found += mine.len();
        for theirs in frame["boxes"].as_array().expect("a list") {
            let side = |at: usize| theirs[at].as_f64().expect("a number") as f32;
            let theirs = [side(0), side(1), side(2), side(3)];
            wanted += 1;
            if let Some(at) = mine.iter().position(|it| iou(*it, theirs) >= 0.5) {
                mine.swap_remove(at);
                hits += 1;
            }
        }
    }
    let f1 = 2.0 * f64::from(hits) / (found as f64 + f64::from(wanted));
    assert!(f1 >= 0.84, "F1 {f1:.3}: {hits} of {wanted}, {found} found");
}

/// Which picture it was is told with what was seen in it.
#[test]
fn a_detection_in_a_picture_names_its_file() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("photos")).expect("writable");
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-ss", "20", "-i"])
        .arg(format!("{DEMO}/vtest.avi"))
        .args(["-frames:v", "2"])
        .arg(scratch.path("photos/%d.jpg"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    let ended = scratch.run(
        "[sources.street]\ntype = 'camera'\nuri = 'photos/*.jpg'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'events.jsonl'\n",
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("events.jsonl");
    let files: Vec<&str> = events.iter().filter_map(|it| it["file"].as_str()).collect();
    assert_eq!(files, ["photos/1.jpg", "photos/2.jpg"]);
}

fn corners(event: &Value) -> Vec<[f32; 4]> {
    let corners = |object: &Value| {
        let side = |at: usize| object["box"][at].as_f64().expect("a number") as f32;
        [side(0), side(1), side(0) + side(2), side(1) + side(3)]
    };
    let objects = event["objects"].as_array().expect("a list");
    objects.iter().map(corners).collect()
}

/// Recordings of a person that no training has heard.
#[test]
fn the_channel_names_of_alsa_are_heard() {
    let names = [
        "Front_Center",
        "Front_Left",
        "Front_Right",
        "Rear_Center",
        "Rear_Left",
        "Rear_Right",
        "Side_Left",
        "Side_Right",
    ];
    let path = |name: &str| Path::new(DEMO).join(format!("{name}.wav"));
    let files: Vec<PathBuf> = names.iter().map(|it| path(it)).collect();
    let wanted = names.map(|it| it.replace('_', " ").to_lowercase());
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let heard = texts(&files);
    let right = right(&wanted, &heard);
    assert!(right == 8, "{right} of {}: {heard:?}", wanted.len());
    assert_eq!(texts(&[path("Noise")]), [""]);
}

/// A voice of espeak-ng that no training has heard.
#[test]
fn digits_and_orders_are_heard_from_a_new_voice() {
    let wanted = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "stop",
        "help",
        "fire",
        "yes",
        "open the door",
        "lights on",
        "front left",
        "rear right",
    ];
    let scratch = Scratch::new();
    let heard = texts(&spoken(&scratch, &wanted, "en-gb+rob"));
    let right = right(&wanted, &heard);
    assert!(right >= 16, "{right} of {}: {heard:?}", wanted.len());
}

/// Words outside the vocabulary, by a variant of espeak-ng that no training has heard.
#[test]
fn other_words_are_no_alarm() {
    let wanted = [
        "banana",
        "wonderful",
        "history",
        "government",
        "tomorrow",
        "keyboard",
        "mountain",
        "yellow",
        "elephant",
        "language",
        "kitchen",
        "paper",
        "music",
        "orange",
        "sister",
        "garden",
        "holiday",
        "magazine",
        "table",
        "butter",
    ];
    let scratch = Scratch::new();
    let files = spoken(&scratch, &wanted, "en-us+linda");
    let alarms = ["help", "fire", "stop", "alarm"];
    let heard = texts(&files);
    let false_alarms = heard
        .iter()
        .filter(|text| text.split(' ').any(|it| alarms.contains(&it)));
    assert!(false_alarms.count() <= 1, "{heard:?}");
}

/// A real speaker who was left out of the training.
#[test]
fn digits_of_a_person_left_out_are_heard() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let names: Vec<String> = (0..10)
        .flat_map(|digit| (0..4).map(move |at| format!("{digit}_jackson_{at}.wav")))
        .collect();
    let unpacked = Command::new("tar")
        .arg("-xf")
        .arg(shared.join("data/spoken-digits.tar"))
        .arg("-C")
        .arg(scratch.path(""))
        .arg("--wildcards")
        .args(names.iter().map(|name| format!("*{name}")))
        .args(["--transform", "s,.*/,,"])
        .status();
    assert!(
        unpacked.is_ok_and(|it| it.success()),
        "the archive holds the digits"
    );
    let files: Vec<PathBuf> = names.iter().map(|name| scratch.path(name)).collect();
    let digits = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    let wanted: Vec<&str> = digits.iter().flat_map(|digit| [*digit; 4]).collect();
    let heard = texts(&files);
    let right = right(&wanted, &heard);
    assert!(right >= 30, "{right} of {}: {heard:?}", wanted.len());
}
