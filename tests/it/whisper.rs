//! Speech to text by whisper.cpp: a full-size model with random weights, and a real one if named.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::scratch::{Scratch, shared, skipped};

fn sum(file: &Path) -> String {
    let bytes = std::fs::read(file).expect("the model is readable");
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Runs speech through the VAD and the model; gives the transcripts.
fn transcripts(model: &Path, speech: &Path) -> Vec<serde_json::Value> {
    let scratch = Scratch::new();
    let sum = sum(model);
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = {speech:?}\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\nmin_silence_ms = 700\n\
         [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = {model:?}\nsha256 = '{sum}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'events.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scratch.events("events.jsonl")
}

#[test]
fn a_full_size_model_with_random_weights_runs_from_sound_to_event() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let model = scratch.path("random.bin");
    let made = Command::new("/usr/bin/python3")
        .arg(shared.join("tools/make_random_whisper.py"))
        .arg(shared.join("models/for-tests-ggml-tiny.en.bin"))
        .arg(&model)
        .output();
    if !made.as_ref().is_ok_and(|it| it.status.success()) {
        return skipped("making a model needs the package python3-numpy");
    }
    let events = transcripts(&model, &shared.join("media/ami_ES2011a_40-46s.wav"));
    assert!(
        !events.is_empty(),
        "every stretch of speech has its transcript"
    );
    for event in &events {
        assert_eq!(event["kind"], "transcript");
        let name = event["model"].as_str().expect("a name");
        assert!(name.starts_with("random.bin@"), "{name}");
        assert!(event["text"].is_string() && event["accepted"].is_boolean());
        assert!(
            event["avg_logprob"].as_f64().is_some_and(|it| it <= 0.0),
            "{event}"
        );
        let length = event["end"]
            .as_f64()
            .zip(event["start"].as_f64())
            .map(|(end, start)| end - start);
        assert!(
            length.is_some_and(|length| length > 0.5 && length < 4.0),
            "{event}"
        );
        assert!(event.get("lag_ms").is_none(), "a file has no lag");
    }
}

#[test]
fn a_real_model_writes_down_the_known_sentence() {
    let Some(model) = std::env::var_os("OTUS_WHISPER_MODEL") else {
        return skipped("OTUS_WHISPER_MODEL names no real Whisper model");
    };
    let Some(shared) = shared() else { return };
    let events = transcripts(Path::new(&model), &shared.join("media/jfk.wav"));
    let texts: Vec<&str> = events
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect();
    let text = texts.join(" ").to_lowercase().replace([',', '.', '!'], "");
    assert!(
        text.contains("ask not what your country can do for you"),
        "{text}"
    );
    assert!(
        text.contains("ask what you can do for your country"),
        "{text}"
    );
}
