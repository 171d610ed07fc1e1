//! Detections and speech against references that `tests/reference` made with other tools.

use std::path::Path;

use otus::inference::onnx::session;
use otus::inference::sight::nms::iou;
use otus::inference::speech::silero::{Silero, WINDOW};
use otus::media::frame::{Frame, PixelFormat};
use otus::media::packet::Packet;
use otus::pipeline::contract::testing;
use serde_json::Value;

use crate::formats::samples;
use crate::scratch::{Scratch, shared};

/// Weaker reference boxes come and go with the last bit of a decoder: they may be missing.
const SURE: f64 = 0.32;

struct Found {
    label: String,
    score: f64,
    corners: [f32; 4],
}

fn reference(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn objects(of: &Value) -> Vec<Found> {
    let found = |object: &Value| {
        let side = |at: usize| object["box"][at].as_f64().expect("four numbers") as f32;
        Found {
            label: object["label"].as_str().expect("a label").to_owned(),
            score: object["score"].as_f64().expect("a score"),
            corners: [side(0), side(1), side(0) + side(2), side(1) + side(3)],
        }
    };
    of["objects"]
        .as_array()
        .into_iter()
        .flatten()
        .map(found)
        .collect()
}

/// Every sure box of one side has its like on the other.
#[track_caller]
fn same_objects(place: &str, expected: &[Found], found: &[Found], overlap: f32) {
    let like = |one: &Found, other: &Found| {
        one.label == other.label
            && (one.score - other.score).abs() <= 0.02
            && iou(one.corners, other.corners) > overlap
    };
    for (name, these, those) in [("missing", expected, found), ("invented", found, expected)] {
        for one in these.iter().filter(|one| one.score >= SURE) {
            let matched = those.iter().any(|other| like(one, other));
            assert!(
                matched,
                "{place}: {name}: {} {:.3} {:?}",
                one.label, one.score, one.corners
            );
        }
    }
}

/// Runs `detect` on what the reference saw, and compares frame by frame.
fn check_detector(golden: &str, model: &str, count: usize, overlap: f32) {
    let Some(shared) = shared() else { return };
    let golden = reference(golden);
    let frames = golden["frames"].as_array().expect("a list");
    let mut files: Vec<&str> = frames
        .iter()
        .filter_map(|frame| frame["file"].as_str())
        .collect();
    files.dedup();
    let mut compared = 0;
    for file in files {
        let scratch = Scratch::new();
        let uri = shared.join(file);
        // The clip has ten frames a second: this takes every twentieth.
        let pipeline = format!(
            "[sources.cam]\ntype = 'camera'\nuri = {uri:?}\nfps = 0.5\n\
             [transforms.see]\ntype = 'detect'\ninputs = ['cam']\nmodel = '{model}'\nscore = 0.3\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'events.jsonl'\n"
        );
        let ended = scratch.run(&pipeline, &["--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let events = scratch.events("events.jsonl");
        for frame in frames.iter().filter(|frame| frame["file"] == file) {
            let event = events.iter().find(|event| event["seq"] == frame["frame"]);
            let found = event.map(objects).unwrap_or_default();
            same_objects(
                &format!("{file} frame {}", frame["frame"]),
                &objects(frame),
                &found,
                overlap,
            );
            compared += 1;
        }
        let seen: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
        let expected = frames.iter().filter(|frame| frame["file"] == file).count();
        assert_eq!(seen["summary"]["frames"], expected, "{file}");
    }
    assert_eq!(compared, count);
}

/// What works on objects must hear of every frame, also of one in which there is nothing.
#[test]
fn a_frame_without_people_is_objects_without_any_and_no_event() {
    let mut frame = Frame::empty();
    (frame.seq, frame.file) = (7, Some("night/7.jpg".into()));
    frame.reshape(320, 240, PixelFormat::Rgb8);
    let ty = otus::nodes::find("detect").expect("it is always there");
    let inputs = [Packet::Frame(std::sync::Arc::new(frame))];
    let made = testing::drive(ty, "model = 'otus-person'", inputs).expect("it looks");
    let [Packet::Objects(objects)] = &made[..] else {
        panic!("{made:?}");
    };
    assert!(objects.found.is_empty());
    assert_eq!((objects.seq, objects.size), (7, [320, 240]));
    assert_eq!(objects.file.as_deref(), Some("night/7.jpg"));
    assert!(objects.frame.is_some() && objects.without_frame().frame.is_none());
}

#[test]
fn yolox_finds_what_the_reference_finds() {
    check_detector("detect_yolox_nano.json", "yolox-nano", 71, 0.95);
}

#[test]
fn yunet_finds_what_the_reference_finds() {
    // Small faces in photos: a pixel of 20, from another JPEG decoder, is a tenth of the box.
    check_detector("detect_yunet.json", "yunet", 6, 0.9);
}

#[test]
fn silero_hears_what_the_reference_hears() {
    let Some(shared) = shared() else { return };
    let golden = reference("vad_probabilities.json");
    let model = shared.join("models/silero_vad.onnx");
    let sum = golden["sha256"].as_str();
    let context = testing::context();
    let session = session::open(model.to_str().expect("a path"), sum, &context).expect("it opens");
    let mut silero = Silero::new(session).expect("it is a Silero VAD");
    for file in golden["files"].as_array().expect("a list") {
        let name = file["file"].as_str().expect("a name");
        let expected = file["probabilities"].as_array().expect("a list");
        let mut samples = samples(&shared.join(name));
        samples.resize(samples.len().next_multiple_of(WINDOW), 0.0);
        let (windows, _) = samples.as_chunks::<WINDOW>();
        assert_eq!(windows.len(), expected.len(), "{name}");
        silero.reset();
        for (at, (window, expected)) in windows.iter().zip(expected).enumerate() {
            let heard = f64::from(silero.probability(window).expect("it runs"));
            let off = (heard - expected.as_f64().expect("a number")).abs();
            assert!(off <= 1e-4, "{name} window {at}: off by {off}");
        }
    }
}

/// The words of the clip, by its authors' annotation.
#[test]
fn speech_in_the_meeting_is_where_people_say_it_is() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let clip = shared.join("media/ami_ES2011a_40-46s.wav");
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = {clip:?}\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['speech']\npath = 'events.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut events = scratch.events("events.jsonl");
    events.retain(|event| event["kind"] == "speech");
    let bounds = |event: &Value| ["start", "end"].map(|key| event[key].as_f64().expect("seconds"));
    let found: Vec<_> = events.iter().map(bounds).collect();
    let expected = [[1.46, 2.82], [3.36, 4.36]];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!(
            (found - expected).abs() <= 0.15,
            "{found} instead of {expected}"
        );
    }
}
