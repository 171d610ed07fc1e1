//! `tag_sound`: the model against its reference, and what is told of known sounds, from file to log.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use otus::inference::onnx::session;
use otus::inference::onnx::tensor::{Tensor, Values};
use otus::media::audio::{Audio, duration_of};
use otus::media::clock::Time;
use otus::media::events::{InBody, Phase, Sound};
use otus::media::packet::Packet;
use otus::pipeline::contract::testing;
use serde_json::Value;

use crate::bad_input::{check, log, refused};
use crate::formats::samples;
use crate::samples::{sum, tiny_model};
use crate::scratch::{Scratch, shared, skipped};

/// Of `yamnet_wave_w8.onnx`.
const SUM: &str = "91afe2ab2e74ae072b24b961bb88daff05da5c22ac13ed32fa3fa7a7dce23c52";
const RATE: u64 = 16_000;

fn pipeline(clip: &Path, options: &str) -> String {
    format!(
        "sources.clip = {{ type = 'audio_file', path = {clip:?} }}\n\
         transforms.tag = {{ type = 'tag_sound', inputs = ['clip'], {options} }}\n{}",
        log("tag")
    )
}

/// What is told of a file: phase, label, start and end.
fn told(clip: &Path, options: &str, more: &str) -> Option<Vec<(String, String, f64, f64)>> {
    let scratch = Scratch::new();
    let ended = scratch.run(&(pipeline(clip, options) + more), &[]);
    if ended.stderr.contains("there is no ONNX Runtime") {
        skipped("there is no ONNX Runtime on this machine");
        return None;
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let of = |event: Value| {
        let text = |key: &str| event[key].as_str().expect("a text").to_owned();
        let number = |key: &str| event[key].as_f64().expect("a number");
        assert_eq!(event["kind"], "sound");
        (text("phase"), text("label"), number("start"), number("end"))
    };
    Some(scratch.events("events.jsonl").into_iter().map(of).collect())
}

#[test]
fn the_spectrum_is_that_of_the_reference() {
    let Some(shared) = shared() else { return };
    let models = shared.join("models");
    let read = |name: &str| fs::read(models.join(name)).expect("it is in the shared folder");
    let path = models.join("yamnet_wave_w8.onnx");
    let opened = session::open(&path.to_string_lossy(), Some(SUM), &testing::context());
    let Ok(mut session) = opened else {
        return skipped("there is no ONNX Runtime on this machine");
    };
    let audio = read("yamnet_test_audio.bin");
    let (audio, _) = audio.as_chunks::<2>();
    let sample = |it: &[u8; 2]| f32::from(i16::from_le_bytes(*it)) / 32_768.0;
    let audio: Vec<f32> = audio.iter().map(sample).collect();
    let expected = read("yamnet_test_spectra.bin");
    let (expected, _) = expected.as_chunks::<4>();
    let place = session
        .about
        .outputs
        .iter()
        .position(|it| it.name == "log_mel");
    let input = Tensor {
        shape: &[1, 15_600],
        values: Values::Floats(&audio),
    };
    let outputs = session.run(&[input]).expect("it runs");
    let spectrum = outputs.floats(place.expect("it is put out"));
    let spectrum = spectrum.expect("it is of floats");
    assert_eq!((spectrum.len(), expected.len()), (96 * 64, 96 * 64));
    for (found, expected) in spectrum.iter().zip(expected) {
        let difference = (found - f32::from_le_bytes(*expected)).abs();
        assert!(difference < 1e-4, "{difference}");
    }
}

#[test]
fn known_sounds_are_named() {
    let Some(shared) = shared() else { return };
    let labels = "labels = ['music', 'speech', 'whale vocalization', 'Glass']";
    for (clip, label, part) in [
        ("jfk.wav", "Speech", 0.7),
        ("libri-2412-153948-0000.flac", "Speech", 0.7),
        ("music_vibe_ace_CCBY.ogg", "Music", 0.7),
        ("music_brahms_hungarian_dance5_PD.ogg", "Music", 0.7),
        // It sings far away, in a storm.
        ("nonspeech_humpback_PD.ogg", "Whale vocalization", 0.01),
    ] {
        let clip = shared.join("media").join(clip);
        let length = samples(&clip).len() as f64 / RATE as f64;
        let Some(told) = told(&clip, labels, "") else {
            return;
        };
        let of = |phase: &str| {
            let of = told.iter().filter(|it| (&*it.0, &*it.1) == (phase, label));
            of.map(|it| it.3 - it.2).collect::<Vec<_>>()
        };
        let (started, ended) = (of("start"), of("end"));
        assert_eq!(started.len(), ended.len(), "{clip:?}: {told:?}");
        let heard: f64 = ended.iter().sum();
        assert!(
            heard > length * part && heard <= length,
            "{clip:?}: {told:?}"
        );
        assert!(told.iter().all(|it| it.1 != "Glass"), "{clip:?}: {told:?}");
    }
}

/// Three seconds of nothing, eleven of speech, and three of nothing.
fn spoken(scratch: &Scratch, shared: &Path) -> std::path::PathBuf {
    let speech = samples(&shared.join("media/jfk.wav"));
    let silence = vec![0.0; 3 * RATE as usize];
    let all = [&silence[..], &speech, &silence].concat();
    let bytes: Vec<u8> = all
        .iter()
        .flat_map(|it| ((it * 32_767.0) as i16).to_le_bytes())
        .collect();
    let mut wav = crate::samples::wav(0, all.len() as u32);
    wav.extend(bytes);
    scratch.write("spoken.wav", wav)
}

#[test]
fn a_sound_begins_and_ends_where_it_does() {
    let Some(shared) = shared() else { return };
    let scratch = Scratch::new();
    let clip = spoken(&scratch, &shared);
    let options = "labels = ['Speech'], min_silence_ms = 2_000";
    let Some(here) = told(&clip, options, "") else {
        return;
    };
    let [(start, _, begun, _), (end, _, first, last)] = &here[..] else {
        panic!("one sound is told twice: {here:?}");
    };
    assert_eq!((&**start, &**end, begun), ("start", "end", first));
    assert!(
        (first - 3.0).abs() < 0.6 && (last - 14.0).abs() < 1.1,
        "{here:?}"
    );
    let apart = told(&clip, options, "\nruntime.isolation = 'process'\n");
    assert_eq!(apart, Some(here.clone()), "in a process of its own");
    let lax = told(&clip, "labels = ['Speech'], min_sound_ms = 15_000", "");
    assert_eq!(lax, Some(Vec::new()), "it is shorter than that");
    let strict = told(
        &clip,
        "labels = ['Speech'], thresholds = { speech = 0.99 }, threshold = 0.1",
        "",
    );
    assert!(
        strict.is_some_and(|it| it != here),
        "its own threshold counts"
    );
}

/// What is told of chunks of 10 ms, of which each has its number.
fn hear(shared: &Path, chunks: impl Iterator<Item = (u64, Vec<f32>)>) -> Option<Vec<Sound>> {
    let ty = otus::nodes::find("tag_sound").expect("it is always there");
    let model = shared.join("models/yamnet_wave_w8.onnx");
    let options =
        format!("model = {model:?}\nsha256 = '{SUM}'\nlabels = ['Speech']\nmin_silence_ms = 5000");
    let packets = chunks.map(|(first_sample, samples)| {
        Packet::Audio(Arc::new(Audio {
            source: Arc::from("mic"),
            live: true,
            first_sample,
            at: Time::ZERO.after(duration_of(first_sample)),
            samples,
        }))
    });
    let Ok(out) = testing::drive(ty, &options, packets) else {
        skipped("there is no ONNX Runtime on this machine");
        return None;
    };
    let of = |packet: &Packet| match packet {
        Packet::Event(event) => Sound::of(&event.body).expect("it tells of sounds").clone(),
        other => unreachable!("no {} is made", other.kind()),
    };
    Some(out.iter().map(of).collect())
}

#[test]
fn what_was_lost_ends_a_sound_and_the_window() {
    let Some(shared) = shared() else { return };
    let speech = samples(&shared.join("media/jfk.wav"));
    let lost = 60 * RATE;
    let chunk = |(at, it): (usize, &[f32])| {
        let first = at as u64 * 160;
        let late = if first < 4 * RATE { 0 } else { lost };
        (first + late, it.to_vec())
    };
    let chunks = speech.chunks(160).enumerate().map(chunk);
    let Some(told) = hear(&shared, chunks) else {
        return;
    };
    let phases: Vec<Phase> = told.iter().map(|it| it.phase).collect();
    assert_eq!(phases, [Phase::Start, Phase::End, Phase::Start, Phase::End]);
    assert!(told[1].end <= 4.0 && told[1].end > 3.0, "{told:?}");
    assert!(told[2].start >= 64.0 && told[2].start < 65.0, "{told:?}");
    assert!(told[3].end <= 71.0, "{told:?}");
    let nothing = hear(&shared, std::iter::empty());
    assert!(nothing.is_some_and(|it| it.is_empty()));
}

#[test]
fn wrong_options_are_told_what_is_right() {
    let clip = Path::new("clip.wav");
    for (options, said) in [
        (
            "labels = ['Glass', 'Dgo']",
            "no class `Dgo` … pipeline.toml:2:78 … did you mean `Dog`?",
        ),
        (
            "labels = []",
            "nothing is listened for … leave `labels` out",
        ),
        ("labels = ['inside']", "no class `inside` … did you mean"),
        (
            "labels = ['Dog'], thresholds = { Cat = 0.4 }",
            "`Cat` is not listened for … add it to `labels`",
        ),
        (
            "labels = ['Dog'], thresholds = { Dog = 0.4, dog = 0.5 }",
            "`dog` has two thresholds … `Dog` is the same class",
        ),
        (
            "labels = ['Dog'], thresholds = { dog = 1.4 }",
            "threshold of `dog` is out of range … from 0.01 to 0.99",
        ),
        (
            "thresholds = { Glas = 0.4 }",
            "no class `Glas` … did you mean `Glass`?",
        ),
        (
            "threshold = 0",
            "`threshold` is out of range … from 0.01 to 0.99",
        ),
        (
            "every_ms = 2_000",
            "`every_ms` is out of range … from 96 to 975",
        ),
        (
            "model = 'silero-vad'",
            "no model `silero-vad` for this … known here: yamnet",
        ),
    ] {
        refused(pipeline(clip, options), said);
    }
}

#[test]
fn another_model_is_told_from_yamnet() {
    let scratch = crate::samples::world();
    let sum = sum(&tiny_model());
    let options = format!("model = './tiny.onnx', sha256 = '{sum}'");
    scratch.write("pipeline.toml", pipeline(Path::new("clip.wav"), &options));
    let ended = scratch.otus(&["check", "pipeline.toml"]);
    let ended = crate::scratch::Running::start(ended).wait();
    check(
        &ended,
        0,
        "tiny.onnx … is no YAMNet: it takes x [1, 3, 8, 8] … `yamnet` is one",
    );
}

#[test]
fn a_model_that_cannot_be_fetched_is_to_be_brought() {
    let scratch = Scratch::new();
    let mut otus = scratch.otus(&["models", "pull", "yamnet"]);
    otus.env_remove("OTUS_MODELS").env_remove("STATE_DIRECTORY");
    otus.env("XDG_CACHE_HOME", scratch.path("cache"));
    let ended = crate::scratch::Running::start(otus).wait();
    let said =
        "`yamnet` (4717505 bytes) cannot be fetched: put yamnet_wave_w8.onnx … in OTUS_MODELS";
    check(&ended, 1, said);
}
