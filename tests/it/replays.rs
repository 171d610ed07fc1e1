//! `otus replay`: what `record` has written, through a pipeline in place of what is live in it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::recorded::{CLAP, camera, ffmpeg, films, record};
use crate::scratch::{Ended, Running, Scratch, events, shared};

/// A camera that nobody could reach.
const LIVE: &str =
    "[sources.cam]\ntype = 'camera'\nuri = 'rtsp://me:${NOBODYS_PASSWORD}@192.0.2.1/live'\n";
const MOVES: &str = "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n\
     [sinks.log]\ntype = 'jsonl'\ninputs = ['moves']\npath = 'real.jsonl'\n";

fn replay(scratch: &Scratch, pipeline: &str, arguments: &[&str]) -> Ended {
    scratch.write("live.toml", pipeline);
    let words = [&["replay", "live.toml"], arguments].concat();
    Running::start(scratch.otus(&words)).wait()
}

/// Films of four seconds of a square that comes at second 6 and is gone at second 9.
fn recorded(scratch: &Scratch) -> Option<Vec<PathBuf>> {
    let coded = format!("{CLAP} -c:v libx264 -g 25 -bf 2 -pix_fmt yuv420p -c:a aac film.mp4");
    if !ffmpeg(&coded, scratch) {
        return None;
    }
    let ended = scratch.run(&(camera("film.mp4") + &record("segment_s = 4")), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let films = films(&scratch.path("films"));
    assert!(films.len() > 3, "{films:?}");
    Some(films)
}

fn told(scratch: &Scratch, name: &str) -> Vec<Value> {
    events(&scratch.path(name))
}

/// When motion begins, of each source.
fn starts(events: &[Value]) -> Vec<(String, f64)> {
    let starts = events
        .iter()
        .filter(|it| it["kind"] == "motion" && it["phase"] == "start");
    let start = |it: &Value| {
        let source = it["source"].as_str().expect("a name").to_owned();
        (source, it["t"].as_f64().expect("seconds"))
    };
    starts.map(start).collect()
}

/// The time in a film's name, as events write it.
fn label(film: &Path) -> jiff::Timestamp {
    let name = film.file_name().expect("a file").to_string_lossy();
    let (day, clock) = name["".len().."2026-11-29T16-40-00.480Z".len()]
        .split_once('T')
        .expect("a time");
    format!("{day}T{}", clock.replace('-', ":"))
        .parse()
        .expect("a time")
}

#[test]
fn films_follow_each_other_on_the_clock_of_their_names() {
    let scratch = Scratch::new();
    let Some(films) = recorded(&scratch) else {
        return;
    };
    let pipeline = format!("{LIVE}{MOVES}");
    let ended = replay(
        &scratch,
        &pipeline,
        &["--at", "films", "--out", "out.jsonl"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let out = told(&scratch, "out.jsonl");
    let [(source, start)] = &starts(&out)[..] else {
        panic!("{out:?}")
    };
    assert!(source == "cam" && (5.8..6.5).contains(start), "{out:?}");
    let wall: jiff::Timestamp = out[0]["time"]
        .as_str()
        .and_then(|it| it.parse().ok())
        .expect("a time");
    let apart = wall.duration_since(label(&films[0])).as_secs_f64() - start;
    assert!(apart.abs() < 0.002, "{apart}");
    assert!(
        !scratch.path("real.jsonl").exists(),
        "the pipeline's own sink has written"
    );
    let same = replay(&scratch, &pipeline, &["--at", "films"]);
    let out = fs::read_to_string(scratch.path("out.jsonl")).expect("it is there");
    assert_eq!(same.stdout, out, "the same to the terminal");
}

#[test]
fn what_is_missing_of_a_recording_is_named() {
    let scratch = Scratch::new();
    let Some(films) = recorded(&scratch) else {
        return;
    };
    let pipeline = format!("{LIVE}{MOVES}");
    let name = |at: usize| {
        films[at]
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned()
    };
    let whole = fs::read(&films[1]).expect("it is there");
    fs::write(&films[1], &whole[..whole.len() / 2]).expect("it can be written");
    let torn = replay(
        &scratch,
        &pipeline,
        &["--at", "films", "--out", "out.jsonl"],
    );
    assert_eq!(torn.code, Some(1), "{}", torn.stderr);
    assert!(
        torn.stderr.contains(&name(1)) && torn.stderr.contains("is incomplete"),
        "{}",
        torn.stderr
    );
    assert!(!scratch.path("out.jsonl").exists());
    fs::remove_file(&films[1]).expect("it can be removed");
    let missing = replay(&scratch, &pipeline, &["--at", "films"]);
    assert_eq!(missing.code, Some(1), "{}", missing.stderr);
    assert!(
        missing.stderr.contains("4.0 s are missing between")
            && missing.stderr.contains(&name(0))
            && missing.stderr.contains(&name(2)),
        "{}",
        missing.stderr
    );
    let nevertheless = ["--at", "films", "--allow-gaps", "--out", "out.jsonl"];
    let played = replay(&scratch, &pipeline, &nevertheless);
    assert_eq!(played.code, Some(0), "{}", played.stderr);
    let out = told(&scratch, "out.jsonl");
    let gap = out
        .iter()
        .find(|it| it["kind"] == "gap")
        .expect("it is told");
    let lasts = gap["end"].as_f64().expect("seconds") - gap["start"].as_f64().expect("seconds");
    assert!((3.9..4.2).contains(&lasts), "{gap}");
}

/// Films of another source begin two and a half seconds later.
#[test]
fn several_sources_share_one_clock() {
    let scratch = Scratch::new();
    let Some(films) = recorded(&scratch) else {
        return;
    };
    for film in &films {
        let later = label(film) + jiff::SignedDuration::from_millis(2500);
        let name = format!("{later:.3}_yard.mp4").replace(':', "-");
        fs::copy(film, scratch.path("films").join(name)).expect("it can be copied");
    }
    let yard = LIVE.replace("sources.cam", "sources.yard");
    let others = "[transforms.others]\ntype = 'motion'\ninputs = ['yard']\nhold_ms = 500\n";
    let sink = "[sinks.other_log]\ntype = 'jsonl'\ninputs = ['others']\npath = 'others.jsonl'\n";
    let pipeline = format!("{LIVE}{yard}{MOVES}{others}{sink}");
    let ended = replay(
        &scratch,
        &pipeline,
        &["--at", "films", "--out", "out.jsonl"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let [(first, at), (second, later)] = &starts(&told(&scratch, "out.jsonl"))[..] else {
        panic!("{}", ended.stderr)
    };
    assert!(
        first == "cam" && second == "yard" && (later - at - 2.5).abs() < 0.002,
        "{at} {later}"
    );
    let one = replay(&scratch, &pipeline, &["--at", "cam=films"]);
    assert_eq!(one.code, Some(1));
    assert!(
        one.stderr
            .contains("`yard` is live and gets nothing to play"),
        "{}",
        one.stderr
    );
    let unclear = replay(&scratch, &pipeline, &["--at", "film.mp4"]);
    assert!(
        unclear.stderr.contains("which source plays film.mp4?"),
        "{}",
        unclear.stderr
    );
    let unknown = replay(&scratch, &pipeline, &["--at", "films", "gate=films"]);
    assert!(
        unknown.stderr.contains("there is no source `gate`"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn what_is_decided_otherwise_is_told() {
    let scratch = Scratch::new();
    if recorded(&scratch).is_none() {
        return;
    }
    let pipeline = format!("{LIVE}{MOVES}");
    let ended = replay(
        &scratch,
        &pipeline,
        &["--at", "films", "--out", "old.jsonl"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let same = replay(
        &scratch,
        &pipeline,
        &["--at", "films", "--against", "old.jsonl"],
    );
    assert!(
        same.stdout.contains("nothing is decided otherwise"),
        "{}{}",
        same.stdout,
        same.stderr
    );
    let blind = pipeline.replace("hold_ms = 500", "hold_ms = 500\nmin_area = 0.9");
    let other = [
        "--at",
        "films",
        "--against",
        "old.jsonl",
        "--page",
        "page.html",
    ];
    let other = replay(&scratch, &blind, &other);
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    let row = other
        .stdout
        .lines()
        .find(|it| it.starts_with("motion"))
        .expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(
        cells[..8],
        ["motion", "moves", "cam", "2", "0", "0", "2", "0"],
        "{}",
        other.stdout
    );
    let page = fs::read_to_string(scratch.path("page.html")).expect("it is there");
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 2, "{page}");
}

/// Eyes and ears, whatever the scheduler does.
#[test]
fn decisions_are_the_same_with_any_number_of_workers() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = shared.join("media/joint_people_speech.mp4");
    let film = film.to_str().expect("a plain path");
    let ended = scratch.run(&(camera(film) + &record("segment_s = 60")), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let decide = |workers: usize| {
        let pipeline = format!(
            "{LIVE}fps = 1\n\
             [transforms.people]\ntype = 'detect'\ninputs = ['cam']\nmodel = 'otus-person'\nworkers = {workers}\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['cam']\n\
             [transforms.both]\ntype = 'join'\ninputs = ['people', 'speech']\nwithin_s = 2\ncooldown_s = 20\n\
             all = [{{ name = 'somebody', when = \"kind == 'detection' && objects.exists(it, it.label == 'person')\" }}, \
             {{ name = 'talk', when = \"kind == 'speech'\" }}]\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['both']\npath = 'real.jsonl'\n"
        );
        let ended = replay(&scratch, &pipeline, &["--at", "films"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let first = decide(1);
    assert!(
        first == decide(3),
        "three workers decide otherwise than one"
    );
    let count = |kind: &str| first.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert!(
        count("detection") > 60 && count("speech") >= 4 && count("alert") >= 2,
        "{first}"
    );
    assert_eq!(
        count("gap"),
        0,
        "nothing is missing where films follow each other"
    );
}
