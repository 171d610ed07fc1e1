//! Shipped pipelines that decide over what is seen and heard, on films whose truth is known: what they tell, and nothing else.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::scratch::{Scratch, shared};

/// Beeps of a smoke detector, at these seconds, each for four seconds.
fn beeps(at: &[f64]) -> String {
    let beep = |it: &f64| format!("between(t\\,{it}\\,{})", it + 4.0);
    let when: Vec<String> = at.iter().map(beep).collect();
    format!(
        "aevalsrc=exprs=0.7*sin(2*PI*3150*t)*lt(mod(t\\,0.6)\\,0.35)*({}):sample_rate=16000",
        when.join("+")
    )
}

/// The pictures of a film with other sound.
fn with_sound(film: &Path, sound: &str, to: &Path) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i"]).arg(film);
    ffmpeg.args(["-f", "lavfi", "-i", sound]);
    ffmpeg.args("-map 0:v -map 1:a -c:v copy -c:a aac -shortest".split(' '));
    let made = ffmpeg.arg(to).status().expect("ffmpeg is installed");
    assert!(made.success());
}

/// What `pipelines/NAME.toml` logs of a film instead of its camera.
fn run(
    scratch: &Scratch,
    name: &str,
    film: &Path,
    change: impl Fn(String) -> String,
) -> Vec<Value> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pipelines/{name}.toml"));
    let shipped = std::fs::read_to_string(shipped).expect("it is shipped");
    let is_address = |line: &&str| line.starts_with("uri ");
    let address = shipped.lines().find(is_address).expect("it has a camera");
    let text = shipped.replace(address, &format!("uri = '{}'", film.display()));
    let ended = scratch.run(&change(text), &[]);
    assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    scratch.events("events.jsonl")
}

/// Seconds at which alerts were told, and what they say.
fn alerts(events: &[Value]) -> Vec<f64> {
    let alerts = events.iter().filter(|it| it["kind"] == "alert");
    let alerts: Vec<f64> = alerts
        .map(|it| it["t"].as_f64().expect("seconds"))
        .collect();
    println!("alerts at {alerts:?}");
    alerts
}

#[track_caller]
fn near(told: &[f64], truth: &[f64], by: f64) {
    assert_eq!(told.len(), truth.len(), "{told:?} instead of {truth:?}");
    for (told, truth) in told.iter().zip(truth) {
        assert!((told - truth).abs() < by, "{told} instead of {truth}");
    }
}

/// Nobody is in view at 45, 87 and 119 seconds, and somebody at 28 and 60.
#[test]
fn an_alarm_in_an_empty_shop_is_told_and_in_a_full_one_not() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = scratch.path("film.mp4");
    let at = [28.0, 46.0, 60.0, 88.0, 120.0];
    with_sound(
        &shared.join("media/joint_people_speech.mp4"),
        &beeps(&at),
        &film,
    );
    let events = run(&scratch, "shop", &film, |it| {
        // The rooms of this film are never empty for longer.
        it.replace("within_s = 5 ", "within_s = 0.3\ncooldown_s = 5 ")
    });
    near(&alerts(&events), &[46.0, 88.0, 120.0], 1.5);
    let clips = events.iter().filter(|it| it["what"] == "clip").count();
    assert_eq!(clips, 3);
}

/// Faces from 2.9 to 8.8 and from 14.6 to 20.4 seconds; it rings once for each, and once for nobody.
#[test]
fn who_rings_and_shows_a_face_is_told() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = scratch.path("film.mp4");
    with_sound(
        &shared.join("media/joint_faces_speech.mp4"),
        &beeps(&[4.0, 16.0]),
        &film,
    );
    let events = run(&scratch, "bell", &film, |it| it);
    near(&alerts(&events), &[4.0, 16.0], 2.0);
}

/// Two of the four sentences are said while somebody is in view.
#[test]
fn what_is_said_while_people_are_in_view_is_written_down() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = shared.join("media/joint_people_speech.mp4");
    run(&scratch, "interview", &film, |it| {
        // The film's truth tells of one at least.
        it.replace(">= 2", ">= 1")
            + "[sinks.all]\ntype = 'jsonl'\ninputs = ['words']\npath = 'events.jsonl'\n"
    });
    let written = std::fs::read_to_string(scratch.path("minutes.txt")).expect("it is written");
    println!("{written}");
    let said = |words: &str| written.to_lowercase().contains(words);
    assert!(
        said("excuse me") && said("what you can do for your country"),
        "{written}"
    );
    assert!(
        !said("eighteen") && !said("1813") && !said("living room"),
        "{written}"
    );
}

/// Four seconds instead of an hour: nobody is in view at first, and between the visits.
#[test]
fn a_room_that_is_empty_for_too_long_is_told_each_time() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let film = shared.join("media/joint_people_speech.mp4");
    let events = run(&scratch, "ward", &film, |it| it.replace("3600", "4"));
    near(&alerts(&events), &[4.0, 48.5, 73.5, 90.5, 122.5], 1.5);
}
