//! `motion` before a detector: nothing that moves is missed, and where nothing moves nothing is looked at.

use std::process::Command;

use serde_json::Value;

use crate::scratch::Scratch;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");

fn pipeline(uri: &str, fps: u32, gate: &str, input: &str) -> String {
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{uri}'\nfps = {fps}\n{gate}\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['{input}']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people', '{input}']\npath = 'events.jsonl'\n"
    )
}

const GATE: &str = "[transforms.moves]\ntype = 'motion'\ninputs = ['street']\n";

/// What a run tells, and how many frames `motion` let through.
fn events(pipeline: &str, scratch: &Scratch) -> (Vec<Value>, u64) {
    let ended = scratch.run(pipeline, &["--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    let nodes = said["pipeline"]["nodes"].as_array().cloned();
    let gate = nodes.into_iter().flatten().find(|it| it["id"] == "moves");
    let passed = gate.map_or(0, |it| it["made"]["frame"].as_u64().unwrap_or_default());
    (scratch.events("events.jsonl"), passed)
}

#[test]
fn nothing_of_the_people_in_the_street_is_missed() {
    let seen = |pipeline: &str| -> Vec<u64> {
        let (events, _) = events(pipeline, &Scratch::new());
        let seen = events.iter().filter(|it| it["kind"] == "detection");
        seen.filter_map(|it| it["seq"].as_u64()).collect()
    };
    let street = format!("{DEMO}/vtest.avi");
    let all = seen(&pipeline(&street, 2, "", "street"));
    let gated = seen(&pipeline(&street, 2, GATE, "moves"));
    assert!(all.len() > 140, "{} of them", all.len());
    assert_eq!(gated, all);
}

/// Ten seconds of an empty street, as noisy as cameras are at night; then people walk for four seconds,
/// and stop where they are.
#[test]
fn where_nothing_moves_nothing_is_looked_at() {
    let scratch = Scratch::new();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-ss", "20", "-t", "4", "-i"])
        .arg(format!("{DEMO}/vtest.avi"))
        .arg("-vf")
        .arg("tpad=start_duration=10:start_mode=clone:stop_duration=16:stop_mode=clone,noise=alls=8:allf=t")
        .args(["-c:v", "mjpeg", "-q:v", "2"])
        .arg(scratch.path("night.avi"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    let (events, passed) = events(&pipeline("night.avi", 5, GATE, "moves"), &scratch);
    let motions: Vec<&Value> = events.iter().filter(|it| it["kind"] == "motion").collect();
    let [start, end] = &motions[..] else {
        panic!("{motions:?}");
    };
    assert_eq!(
        (&start["phase"], &end["phase"]),
        (&"start".into(), &"end".into())
    );
    let seconds = |of: &Value, what: &str| of[what].as_f64().expect("a number");
    assert!((10.0..10.6).contains(&seconds(start, "t")), "{start}");
    // What has stopped belongs to the scene after some seconds.
    assert!((13.5..22.0).contains(&seconds(end, "end")), "{end}");
    let let_through = (seconds(end, "end") + 3.0 - seconds(start, "t")) * 5.0;
    assert!((passed as f64) < let_through + 4.0, "{passed} frames");
    let seen = |from: f64, to: f64| {
        let within =
            |it: &&Value| it["kind"] == "detection" && (from..to).contains(&seconds(it, "t"));
        events.iter().filter(within).count()
    };
    assert!(seen(0.3, 9.9) == 0 && seen(10.4, 14.0) > 12);
}

/// Of two cameras each has a scene of its own: one that stands still is not disturbed by the other.
#[test]
fn two_cameras_are_two_scenes() {
    let scratch = Scratch::new();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-ss", "20", "-t", "8", "-i"])
        .arg(format!("{DEMO}/vtest.avi"))
        .args("-vf select=eq(n\\,0),loop=80:1,setpts=N/10/TB -r 10 -c:v mjpeg -q:v 2".split(' '))
        .arg(scratch.path("still.avi"))
        .status();
    assert!(made.is_ok_and(|it| it.success()));
    let ended = scratch.run(
        &format!(
            "[sources.still]\ntype = 'camera'\nuri = 'still.avi'\nfps = 5\n\
             [sources.street]\ntype = 'camera'\nuri = '{DEMO}/vtest.avi'\nfps = 5\n\
             [transforms.moves]\ntype = 'motion'\ninputs = ['still', 'street']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['moves']\npath = 'events.jsonl'\n"
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Vec<(Value, Value)> = scratch
        .events("events.jsonl")
        .into_iter()
        .map(|mut it| (it["source"].take(), it["phase"].take()))
        .collect();
    let of_street = |phase: &str| (Value::from("street"), Value::from(phase));
    assert_eq!(told, [of_street("start"), of_street("end")]);
}
