//! `drift` on films of a real street and on real speech: what happens to a camera and a microphone is found within a minute, and what
//! was left alone tells nothing.

use std::process::Command;

use serde_json::Value;

use crate::scratch::{Scratch, shared};

const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
/// Something happens in the middle of a film of 159 seconds.
const WHEN: f64 = 80.0;

fn ffmpeg(scratch: &Scratch, arguments: &[&str], to: &str) {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(arguments)
        .arg(scratch.path(to))
        .status();
    assert!(made.is_ok_and(|it| it.success()), "{arguments:?}");
}

/// What is told of each source, in their order: `condition` and second.
fn told(scratch: &Scratch, pipeline: &str) -> Vec<(String, String, f64)> {
    let sinks = "[sinks.log]\ntype = 'jsonl'\ninputs = ['watch']\npath = 'events.jsonl'\n";
    let ended = scratch.run(&format!("{pipeline}{sinks}"), &["--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = scratch.events("events.jsonl");
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let each = events.iter().map(|it| {
        assert!(it["active"] == true && it["reason"].is_string(), "{it}");
        let second = it["t"].as_f64().expect("a number");
        (text(it, "source"), text(it, "condition"), second)
    });
    let mut told: Vec<_> = each.collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

#[track_caller]
fn assert_found(told: &[(String, String, f64)], expected: &[(&str, &str)]) {
    let found: Vec<_> = told.iter().map(|it| (&*it.0, &*it.1)).collect();
    assert_eq!(found, expected, "{told:?}");
    let in_time = |it: &(_, _, f64)| (WHEN..WHEN + 60.0).contains(&it.2);
    assert!(told.iter().all(in_time), "{told:?}");
}

#[test]
fn a_street_that_is_covered_sprayed_or_turned_away_from_is_told_and_the_street_itself_is_not() {
    let scratch = Scratch::new();
    let mut pipeline = String::new();
    let films = [
        ("covered", "drawbox=t=fill:color=gray:enable='gte(t,80)'"),
        ("left", "null"),
        ("sprayed", "gblur=sigma=8:enable='gte(t,80)'"),
        ("turned", "crop=iw*0.7:ih:x='if(gte(t,80),iw*0.3,0)':y=0"),
    ];
    for (name, filter) in films {
        let filter = format!("fps=2,scale=512:384,{filter}");
        let film = format!("{name}.avi");
        let coded = ["-c:v", "mjpeg", "-q:v", "3"];
        let read = ["-stream_loop", "1", "-i", STREET, "-vf", &filter];
        ffmpeg(&scratch, &[&read[..], &coded[..]].concat(), &film);
        pipeline += &format!("[sources.{name}]\ntype = 'camera'\nuri = '{film}'\n");
    }
    pipeline +=
        "[transforms.watch]\ntype = 'drift'\ninputs = ['covered', 'left', 'sprayed', 'turned']\n";
    let told = told(&scratch, &pipeline);
    assert_found(
        &told,
        &[
            ("covered", "covered"),
            ("sprayed", "blurred"),
            ("turned", "turned"),
        ],
    );
}

/// A sound card's, and that of a camera.
#[test]
fn speech_that_is_muffled_is_told_and_speech_is_not() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let speech = shared.join("media/silero_test.wav");
    let speech = [
        "-stream_loop",
        "9",
        "-i",
        speech.to_str().expect("a plain path"),
    ];
    let muffled = "lowpass=f=600:enable='gte(t,80)',lowpass=f=600:enable='gte(t,80)'";
    let sound = |filter| ["-t", "160", "-ar", "16000", "-af", filter];
    for (name, filter) in [("left", "anull"), ("muffled", muffled)] {
        let arguments = [&speech[..], &sound(filter)].concat();
        ffmpeg(&scratch, &arguments, &format!("{name}.wav"));
    }
    let street = ["-stream_loop", "1", "-i", STREET];
    let coded = [
        "-vf",
        "fps=2,scale=512:384",
        "-c:v",
        "mjpeg",
        "-q:v",
        "3",
        "-c:a",
        "pcm_s16le",
    ];
    let film = [&street[..], &speech, &coded, &sound(muffled)].concat();
    ffmpeg(&scratch, &film, "film.mkv");
    let pipeline = "[sources.camera]\ntype = 'camera'\nuri = 'film.mkv'\n\
        [sources.left]\ntype = 'audio_file'\npath = 'left.wav'\n\
        [sources.muffled]\ntype = 'audio_file'\npath = 'muffled.wav'\n\
        [transforms.watch]\ntype = 'drift'\ninputs = ['camera', 'left', 'muffled']\n\
        only = 'sound'\n";
    let told = told(&scratch, pipeline);
    assert_found(&told, &[("camera", "muffled"), ("muffled", "muffled")]);
}
