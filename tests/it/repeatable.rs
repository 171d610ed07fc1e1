//! The same pipeline on the same files gives the same events, apart from wall-clock labels.

use serde_json::Value;

use crate::scratch::{Scratch, shared};

/// Sight and hearing into one log, the log's lines without their wall-clock time.
fn log(media: &std::path::Path, workers: usize) -> Vec<String> {
    let scratch = Scratch::new();
    let (clip, talk) = (
        media.join("one-by-one-person-detection.mp4"),
        media.join("silero_test.wav"),
    );
    let pipeline = format!(
        "[sources.cam]\ntype = 'camera'\nuri = {clip:?}\nfps = 3\n\
         [sources.mic]\ntype = 'audio_file'\npath = {talk:?}\n\
         [transforms.people]\ntype = 'detect'\ninputs = ['cam']\nmodel = 'yolox-nano'\nworkers = {workers}\n\
         [transforms.faces]\ntype = 'detect'\ninputs = ['cam']\nmodel = 'yunet'\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'faces', 'speech', 'cam', 'mic']\npath = 'events.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("nothing dropped"), "{}", ended.stdout);
    let without_wall_time = |mut event: Value| {
        let fields = event.as_object_mut().expect("an event is an object");
        assert!(fields.remove("time").is_some());
        event.to_string()
    };
    scratch
        .events("events.jsonl")
        .into_iter()
        .map(without_wall_time)
        .collect()
}

#[test]
fn two_runs_write_the_same_log_whatever_the_scheduler_does() {
    let Some(shared) = shared() else { return };
    let media = shared.join("media");
    let first = log(&media, 1);
    let kinds =
        ["detection", "speech"].map(|kind| first.iter().filter(|it| it.contains(kind)).count());
    assert!(kinds.iter().all(|&count| count > 10), "{kinds:?}");
    let second = log(&media, 2);
    for (line, (first, second)) in first.iter().zip(&second).enumerate() {
        assert_eq!(first, second, "line {line}");
    }
    assert_eq!(first.len(), second.len());
}
