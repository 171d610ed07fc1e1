//! Speech to text by whisper.cpp: a full-size model with random weights, and a real one if named.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::samples::wav;
use crate::scratch::{Running, Scratch, shared, skipped};

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

/// Runs a model of which only the first bytes are right; gives what standard error got.
fn broken(rest: u8, log: &str) -> String {
    let scratch = Scratch::new();
    scratch.write("tone.wav", wav(16_000, 16_000));
    let bytes = [b"lmgg".to_vec(), vec![rest; 3000]].concat();
    let sum = sum(&scratch.write("broken.bin", bytes));
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
             [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = 'broken.bin'\n\
             sha256 = '{sum}'\n[sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n\
             [status]\nlisten = 'off'\n"
        ),
    );
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    otus.env("OTUS_LOG", log);
    let ended = Running::start(otus).wait();
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    ended.stderr
}

#[test]
fn what_whisper_says_of_a_broken_model_becomes_a_sentence() {
    let told = broken(0, "otus=info");
    assert!(
        told.contains("whisper.cpp cannot load broken.bin@"),
        "{told}"
    );
    assert!(told.contains("unknown tensor"), "{told}");
    assert!(!told.contains("whisper_"), "{told}");
    // Even where it gives up, no word of it comes out as it is.
    let told = broken(255, "otus=info");
    assert!(told.contains("ggml ends the process"), "{told}");
    assert!(
        !told.contains("GGML_ASSERT") && !told.contains("whisper_"),
        "{told}"
    );
    let told = broken(0, "otus=debug");
    assert!(told.contains("library=\"whisper.cpp\""), "{told}");
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
