//! A module of whisper.cpp for graphics processors that cannot be used: the doctor and the run say why,
//! and the processor writes down what was said.

use std::fs;
use std::process::Command;

use crate::bad_input::says;
use crate::doctor::{report, said};
use crate::libraries::{compiled, lacking};
use crate::scratch::{Running, Scratch};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");

/// otus as it is installed, with a folder for modules beside it.
fn installed() -> Scratch {
    let scratch = Scratch::new();
    for folder in ["bin", "lib/otus"] {
        fs::create_dir_all(scratch.path(folder)).expect("writable");
    }
    fs::copy(env!("CARGO_BIN_EXE_otus"), scratch.path("bin/otus")).expect("writable");
    scratch.write(
        "pipeline.toml",
        format!(
            "[runtime]\nproviders = ['cuda', 'cpu']\n[status]\nlisten = 'off'\n\
             [sources.voice]\ntype = 'audio_file'\npath = '{DEMO}/Front_Center.wav'\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['voice']\n\
             [transforms.words]\ntype = 'transcribe'\nmodel = 'otus-words'\ninputs = ['speech']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['words']\npath = 'log.jsonl'\n"
        ),
    );
    scratch
}

fn otus(scratch: &Scratch, arguments: &[&str]) -> Command {
    scratch.otus_at(&scratch.path("bin/otus"), arguments)
}

fn found_by_the_doctor(scratch: &Scratch, why: &str) {
    let doctor = otus(scratch, &["doctor", "pipeline.toml", "--json"]);
    let (_, report) = report(Running::start(doctor).wait());
    let (verdict, found) = said(&report, "whisper.cpp on the GPU");
    assert_eq!(verdict, "warning");
    says(found, why);
}

#[test]
fn without_a_module_nothing_is_said_of_it() {
    let scratch = installed();
    let doctor = otus(&scratch, &["doctor", "pipeline.toml"]);
    let ended = Running::start(doctor).wait();
    says(&ended.stdout, "whisper.cpp: ");
    assert!(!ended.stdout.contains("whisper.cpp on the GPU"));
}

#[test]
fn a_file_that_is_no_library_is_named_and_the_processor_hears() {
    let scratch = installed();
    scratch.write("lib/otus/libggml-cuda.so", "moved to another folder");
    let why = "libggml-cuda.so is text, not a shared library";
    found_by_the_doctor(&scratch, why);
    let run = Running::start(otus(&scratch, &["run", "pipeline.toml"])).wait();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    says(
        &run.stderr,
        &format!("{why}; the processor works for Whisper"),
    );
    let events = scratch.events("log.jsonl");
    assert_eq!(events[0]["text"], "front center");
}

#[test]
fn one_that_lacks_a_library_names_it() {
    let scratch = installed();
    let cuda = "libcudart.so.99";
    if lacking(&scratch, "lib/otus/libggml-cuda.so", cuda).is_some() {
        found_by_the_doctor(&scratch, "libcudart.so.99: cannot open shared object file");
    }
}

#[test]
fn one_of_another_whisper_is_told_ours() {
    let scratch = installed();
    let module = "lib/otus/libggml-cuda.so";
    if compiled(&scratch, module, "int nothing;", &["-nostdlib"]).is_some() {
        found_by_the_doctor(&scratch, "is of another whisper.cpp than this otus has (1.");
    }
}
