//! Shipped pipelines that people ask for, with a film or a recording in place of the camera or microphone: each does what its
//! first line says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use otus::inference::store::sum::sum;
use serde_json::Value;

use crate::broker::STREET;
use crate::scratch::{Ended, Scratch, shared, skipped};
use crate::webhooks::{KEY, Receiver};

const SPOKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/Front_Center.wav");
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/otus-person.onnx");

fn shipped(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{name}.toml"));
    fs::read_to_string(file).expect("it is shipped")
}

/// The pipeline, with every camera's address another.
fn seeing(name: &str, film: &Path) -> String {
    let of_film = format!("uri  = '{}'\n", film.display());
    let shipped = shipped(name);
    let is_camera = |it: &&str| it.starts_with("uri  = \"rtsp:") || it.starts_with("uri  = \"/dev");
    let lines = shipped.lines().map(|it| match is_camera(&it) {
        true => of_film.clone(),
        false => format!("{it}\n"),
    });
    lines.collect()
}

fn run(scratch: &Scratch, pipeline: &str) -> Ended {
    let ended = scratch.run(pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

/// The first seconds of a film.
fn cut(scratch: &Scratch, film: &Path) -> PathBuf {
    let film_here = scratch.path("film.mkv");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "error", "-t", "10", "-i"])
        .arg(film);
    let made = ffmpeg.args(["-c", "copy"]).arg(&film_here).status();
    assert!(made.expect("ffmpeg is installed").success());
    film_here
}

fn street(scratch: &Scratch) -> Option<PathBuf> {
    let street = Path::new(STREET);
    if !street.exists() {
        skipped("no video: make setup-demo");
        return None;
    }
    Some(cut(scratch, street))
}

fn phases<'a>(events: &'a [Value], source: &'a str) -> impl Iterator<Item = &'a str> {
    let of_source = move |it: &&Value| it["kind"] == "track" && it["source"] == *source;
    events
        .iter()
        .filter(of_source)
        .filter_map(|it| it["phase"].as_str())
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = found.map(|it| it.path());
    found
        .filter(|it| it.to_string_lossy().ends_with(ending))
        .collect()
}

#[test]
fn persons_before_two_cameras_are_in_one_file() {
    let scratch = Scratch::new();
    let Some(street) = street(&scratch) else {
        return;
    };
    run(&scratch, &seeing("people", &street));
    let events = scratch.events("events.jsonl");
    for camera in ["porch", "yard"] {
        let (starts, ends): (Vec<&str>, Vec<&str>) = phases(&events, camera)
            .filter(|it| *it != "update")
            .partition(|it| *it == "start");
        assert!(starts.len() > 4 && starts.len() == ends.len(), "{camera}");
    }
}

#[test]
fn there_are_two_pictures_of_each_person() {
    let scratch = Scratch::new();
    let Some(street) = street(&scratch) else {
        return;
    };
    let said = run(&scratch, &seeing("visitors", &street)).stdout;
    let cut_out = files(&scratch.path("visitors"), "_crop.jpg").len();
    assert!(cut_out > 4, "{said}");
    assert_eq!(files(&scratch.path("visitors"), ".jpg").len(), 2 * cut_out);
}

#[test]
fn a_model_of_ones_own_finds_what_it_knows() {
    let scratch = Scratch::new();
    let Some(street) = street(&scratch) else {
        return;
    };
    let model = fs::read(OWN).expect("it is part of the program");
    scratch.write("my.onnx", &model);
    let pipeline = seeing("own_model", &street).replace(&"0".repeat(64), &sum(&model));
    run(&scratch, &pipeline);
    assert!(phases(&scratch.events("events.jsonl"), "cam").count() > 8);
}

#[test]
fn a_web_hook_is_told_who_comes_and_goes_and_nothing_between() {
    let scratch = Scratch::new();
    let Some(street) = street(&scratch) else {
        return;
    };
    let mut receiver = Receiver::new(&scratch);
    receiver.start();
    let address = format!(
        "http://127.0.0.1:{}/hook\"\nsecret = \"{KEY}",
        receiver.port
    );
    let pipeline = seeing("web_hook", &street);
    let shipped = "http://127.0.0.1:8123/api/webhook/somebody-at-the-door";
    assert!(pipeline.contains(shipped));
    run(&scratch, &pipeline.replace(shipped, &address));
    let events = receiver.events();
    let (starts, others): (Vec<&str>, Vec<&str>) =
        phases(&events, "door").partition(|it| *it == "start");
    assert!(starts.len() > 4, "{starts:?}");
    assert!(others.iter().all(|it| *it == "end"), "{others:?}");
    assert_eq!(starts.len() + others.len(), events.len());
}

#[test]
fn what_is_said_is_plain_text() {
    let scratch = Scratch::new();
    let sound = Path::new(SPOKEN);
    if !sound.exists() {
        return skipped("no speech: make setup-demo");
    }
    let microphone = "type = \"microphone\"";
    let of_file = format!("type = \"audio_file\"\npath = \"{}\"", sound.display());
    let pipeline = shipped("notes").replace(microphone, &of_file);
    run(
        &scratch,
        &pipeline.replace("whisper-base-q8_0", "otus-words"),
    );
    let notes = fs::read_to_string(scratch.path("notes.txt")).expect("it was written");
    assert!(notes.contains("front center"), "{notes}");
}

/// That no face is found in what is left is tested in `looks.rs`.
#[test]
fn faces_are_covered_in_the_recording() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = cut(&scratch, &shared.join("media/joint_faces_speech.mp4"));
    let model = shared.join("models/yunet_n_320_320.onnx");
    let bytes = fs::read(&model).expect("it is there");
    let of_file = format!(
        "model  = \"{}\"\nsha256 = \"{}\"",
        model.display(),
        sum(&bytes)
    );
    run(
        &scratch,
        &seeing("faces_covered", &film).replace("model  = \"yunet\"", &of_file),
    );
    assert!(!files(&scratch.path("recording"), ".mp4").is_empty());
}
