//! `otus doctor`: what it says about real and missing parts.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::live_microphone::{Sound, rig_is_here};
use crate::samples::wav;
use crate::scratch::{Ended, Running, Scratch, has_opencv, skipped};

/// The exit code, and the report on `pipeline`.
pub fn doctor(
    scratch: &Scratch,
    pipeline: &str,
    environment: &[(&str, &str)],
) -> (Option<i32>, Value) {
    scratch.write("pipeline.toml", pipeline);
    let mut command = scratch.otus(&["doctor", "pipeline.toml", "--json"]);
    command.envs(environment.iter().copied());
    report(Running::start(command).wait())
}

/// What `otus doctor --json` has ended with.
pub fn report(ended: Ended) -> (Option<i32>, Value) {
    let report = serde_json::from_str(&ended.stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    (ended.code, report)
}

/// Verdict and finding of one check.
pub fn said<'a>(report: &'a Value, check: &str) -> (&'a str, &'a str) {
    let checks = report["checks"].as_array().expect("checks are a list");
    let found = checks.iter().find(|it| it["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check} in {report:#}"));
    let text = |key: &str| found[key].as_str().expect("it is a string");
    assert_eq!(
        found["verdict"] == "ok",
        found["remedy"].is_null(),
        "{found}"
    );
    (text("verdict"), text("found"))
}

/// Finding and remedy of a check that came to a problem.
pub fn problem(report: &Value, check: &str) -> String {
    let (verdict, found) = said(report, check);
    assert_eq!(verdict, "problem", "{check}: {found}");
    let checks = report["checks"].as_array().expect("checks are a list");
    let this = checks.iter().find(|it| it["check"] == check);
    let remedy = this.and_then(|it| it["remedy"].as_str());
    format!("{found} -> {}", remedy.expect("a problem has one"))
}

#[test]
fn a_healthy_pipeline_of_files_has_no_problem() {
    let video = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    if !Path::new(video).exists() {
        return skipped("no video: make setup-demo");
    }
    let scratch = Scratch::new();
    let pipeline = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{video}'\nfps = 2\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['street']\npath = 'new/events.jsonl'\n"
    );
    let (code, report) = doctor(&scratch, &pipeline, &[]);
    assert_eq!(
        (code, &report["ok"]),
        (Some(0), &Value::Bool(true)),
        "{report:#}"
    );
    // Every frame of the file counts, not only the two a second that are let through.
    assert_eq!(
        said(&report, "camera street"),
        ("ok", "768 x 576, 10.0 frames/s")
    );
    if has_opencv() {
        let (verdict, found) = said(&report, "key frames of street");
        assert!(verdict == "ok" && found.starts_with("one in "), "{found}");
    }
    let (_, found) = said(&report, "disk of log");
    assert!(found.contains("MB free, takes"), "{found}");
    let (verdict, found) = said(&report, "ONNX Runtime");
    assert!(
        verdict == "ok" && found.contains("runs otus-person; ") && found.contains("CPUExecution"),
        "{found}"
    );
}

#[test]
fn what_is_missing_is_a_problem_with_a_remedy() {
    let scratch = Scratch::new();
    let pipeline = "[sources.porch]\ntype = 'camera'\nuri = '/dev/video97'\n\
         [sources.yard]\ntype = 'camera'\nuri = 'rtsp://u:hunter2@127.0.0.1:9/x'\noptional = true\n\
         [transforms.people]\ntype = 'detect'\ninputs = ['porch', 'yard']\nmodel = 'mine.onnx'\n\
         sha256 = '0000000000000000000000000000000000000000000000000000000000000000'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = '/proc/otus/events.jsonl'\n\
         [runtime]\nthreads = 64\n";
    let (code, report) = doctor(&scratch, pipeline, &[]);
    assert_eq!(code, Some(1), "{report:#}");
    for (check, verdict, part) in [
        ("camera porch", "problem", "there is no /dev/video97"),
        ("camera yard", "warning", "nothing listens at this port"),
        ("model of people", "problem", "mine.onnx"),
        ("disk of log", "problem", "/proc cannot be written to"),
        ("processor", "warning", "cores"),
    ] {
        let (verdict_found, found) = said(&report, check);
        assert!(
            verdict_found == verdict && found.contains(part),
            "{check}: {verdict_found} {found}"
        );
    }
    let config = report["config"].as_str().expect("it is text");
    assert!(config.starts_with("[runtime]\nthreads = "), "{config}");
    assert!(!report.to_string().contains("hunter2"));
}

#[test]
fn a_microphone_that_gives_zeros_is_told_from_one_that_hears() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let sound = Sound::start(&scratch);
    let pipeline = "[sources.mic]\ntype = 'microphone'\n\
                    [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n";
    let (code, report) = doctor(&scratch, pipeline, &sound.environment());
    assert_eq!(code, Some(1));
    assert_eq!(
        said(&report, "microphone mic"),
        ("problem", "nothing but zeros")
    );

    scratch.write("tone.wav", wav(1_600_000, 1_600_000));
    let mut play = Command::new("paplay");
    play.arg("--device=otus_test").arg(scratch.path("tone.wav"));
    play.envs(sound.environment());
    let playing = Running::start(play);
    let (_, report) = doctor(&scratch, pipeline, &sound.environment());
    let (verdict, found) = said(&report, "microphone mic");
    assert!(
        verdict == "warning" && found.contains("0.00 % clipped"),
        "{found}"
    );
    drop(playing);
    sound.stop();
}
