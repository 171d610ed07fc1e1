//! What `otus check` says of files that a pipeline names: missing or unfit ones are warnings, as a run would fail.

use std::path::Path;

use otus::inference::onnx::{declared, session};
use otus::pipeline::contract::testing::context;
use serde_json::Value;

use crate::samples::{picture, stubborn_model, sum, tiny_model, with_text};
use crate::scratch::{Ended, Running, Scratch, skipped};

const ROW: [f32; 6] = [0.5, 0.5, 0.0, 0.0, 0.9, 0.9];

fn check(scratch: &Scratch, pipeline: &str, arguments: &[&str]) -> Ended {
    scratch.write("pipeline.toml", pipeline);
    let all = [&["check", "pipeline.toml"], arguments].concat();
    Running::start(scratch.otus(&all)).wait()
}

/// A detector with a model file of this content, and these options more.
fn detector(scratch: &Scratch, model: &[u8], more: &str) -> String {
    scratch.write("picture.bmp", picture());
    scratch.write("model.onnx", model);
    format!(
        "[sources.cam]\ntype = 'camera'\nuri = 'picture.bmp'\n\
         [transforms.see]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{}'\ninputs = ['cam']\n{more}\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'log.jsonl'\n",
        sum(model)
    )
}

#[test]
fn what_is_missing_is_a_warning_at_its_place_and_an_error_if_asked() {
    let scratch = Scratch::new();
    let pipeline = "[sources.film]\ntype = 'camera'\nuri = 'film.mp4'\n\
         [sources.photos]\ntype = 'camera'\nuri = 'photos/*.jpg'\n\
         [sources.talk]\ntype = 'audio_file'\npath = 'talk.wav'\n\
         [transforms.see]\ntype = 'detect'\nmodel = 'otus-person'\nlabels_file = 'names.txt'\n\
         inputs = ['film', 'photos']\n\
         [transforms.speech]\ntype = 'vad'\nmodel = './vad.onnx'\ninputs = ['talk']\n\
         sha256 = '0000000000000000000000000000000000000000000000000000000000000000'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['see', 'speech']\npath = 'log.jsonl'\n";
    let ended = check(&scratch, pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for said in [
        "warning: ./film.mp4: No such file",
        "--> pipeline.toml:3:7",
        "warning: there is no picture ./photos/*.jpg",
        "--> pipeline.toml:6:7",
        "warning: there is no file ./talk.wav",
        "--> pipeline.toml:9:8",
        "warning: ./names.txt: No such file",
        "--> pipeline.toml:13:15",
        "warning: cannot read ././vad.onnx: No such file",
        "--> pipeline.toml:17:9",
        "help: put the file there or name another",
        "5 warnings in pipeline.toml",
    ] {
        assert!(ended.stderr.contains(said), "{said}\n{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("error:"), "{}", ended.stderr);
    let strict = check(&scratch, pipeline, &["--strict"]);
    assert_eq!(strict.code, Some(78));
    assert!(strict.stderr.contains("error: there is no file ./talk.wav"));
    let told = check(&scratch, pipeline, &["--json"]);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(
        (&told["ok"], &told["warnings"][2]["line"]),
        (&true.into(), &9.into())
    );
    assert!(!scratch.path("log.jsonl").exists(), "nothing was written");
}

#[test]
fn a_model_that_no_decoder_knows_is_told_before_the_run_in_the_same_words() {
    let scratch = Scratch::new();
    let pipeline = detector(&scratch, &tiny_model(), "");
    let checked = check(&scratch, &pipeline, &[]);
    let said = "no decoder knows outputs like these: y [1, 3, 8, 8]";
    assert_eq!(checked.code, Some(0));
    assert!(checked.stderr.contains(said) && checked.stderr.contains("pipeline.toml:6:9"));
    let ran = scratch.run(&pipeline, &[]);
    assert!(
        ran.code == Some(1) && ran.stderr.contains(said),
        "{}",
        ran.stderr
    );
    let fitting = detector(&scratch, &stubborn_model(ROW), "");
    let checked = check(&scratch, &fitting, &["--strict"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    scratch.write("model.onnx", b"another");
    let other = check(&scratch, &fitting, &[]);
    let said = "is not the file it should be";
    assert!(other.stderr.contains(said), "{}", other.stderr);
}

/// As Ultralytics writes them; a file of names goes before, and what is no list of names is passed over.
#[test]
fn classes_have_the_names_that_the_model_tells() {
    let scratch = Scratch::new();
    let label = |text: &str, more: &str| {
        let model = with_text(&stubborn_model(ROW), b"names", text.as_bytes());
        let pipeline = detector(&scratch, &model, more);
        let checked = check(&scratch, &pipeline, &["--strict"]);
        assert_eq!(checked.code, Some(0), "{text}: {}", checked.stderr);
        let _ = std::fs::remove_file(scratch.path("log.jsonl"));
        let ended = scratch.run(&pipeline, &[]);
        assert_eq!(ended.code, Some(0), "{text}: {}", ended.stderr);
        scratch.events("log.jsonl")[0]["objects"][0]["label"].clone()
    };
    assert_eq!(label("{0: 'person'}", "labels = ['person']"), "person");
    assert_eq!(label("{0: 'person'", ""), "0", "cut off");
    scratch.write("names.txt", "owl\n");
    assert_eq!(label("{0: 'person'}", "labels_file = 'names.txt'"), "owl");
}

#[test]
fn names_of_other_classes_than_the_model_has_are_a_warning() {
    let scratch = Scratch::new();
    let model = with_text(&stubborn_model(ROW), b"names", b"{0: 'a', 1: 'b'}");
    let checked = check(&scratch, &detector(&scratch, &model, ""), &[]);
    for said in ["has 1 classes and 2 labels", "name them in `classes`"] {
        assert!(checked.stderr.contains(said), "{said}\n{}", checked.stderr);
    }
    let told = detector(&scratch, &model, "classes = ['owl']");
    assert_eq!(check(&scratch, &told, &["--strict"]).code, Some(0));
    let ended = scratch.run(&told, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(scratch.events("log.jsonl")[0]["objects"][0]["label"], "owl");
}

#[test]
fn a_label_that_the_model_does_not_tell_of_is_a_warning() {
    let scratch = Scratch::new();
    let model = with_text(&stubborn_model(ROW), b"names", b"['person']");
    let checked = check(
        &scratch,
        &detector(&scratch, &model, "labels = ['persn']"),
        &[],
    );
    for said in [
        "knows no `persn`",
        "did you mean `person`?",
        "pipeline.toml:9:10",
    ] {
        assert!(checked.stderr.contains(said), "{said}\n{}", checked.stderr);
    }
}

#[test]
fn what_is_read_of_a_model_is_what_onnx_runtime_reads() {
    for name in ["otus-person", "silero-vad", "yamnet", "yunet", "yolox-nano"] {
        let Ok(read) = declared::at_hand(name, None, Path::new("/")) else {
            continue;
        };
        let Ok(session) = session::open(name, None, &context()) else {
            return skipped("there is no ONNX Runtime on this machine");
        };
        let (mine, theirs) = (read.about, session.about);
        assert_eq!(mine.inputs, theirs.inputs, "{name}");
        if read.is_complete {
            assert_eq!(mine.outputs, theirs.outputs, "{name}");
        }
        assert_eq!(
            (mine.name, mine.labels),
            (theirs.name, theirs.labels),
            "{name}"
        );
    }
}

#[test]
fn a_label_that_the_models_own_file_does_not_name_is_a_warning() {
    let scratch = Scratch::new();
    let model = with_text(&stubborn_model(ROW), b"names", b"{0: 'owl'}");
    let behind = |label: &str| {
        detector(&scratch, &model, "")
            + &format!(
                "\n[transforms.near]\ntype = 'redact'\ninputs = ['see']\nlabels = ['{label}']\n\
                 [sinks.near_by]\ntype = 'snapshot'\ninputs = ['near']\nfolder = 'near'\n"
            )
    };
    let told = check(&scratch, &behind("own"), &[]).stderr;
    let never = "what `near` is given is never called `own`";
    assert!(
        told.contains(never) && told.contains("did you mean `owl`?"),
        "{told}"
    );
    let right = check(&scratch, &behind("owl"), &[]).stderr;
    assert!(!right.contains("never called"), "{right}");
}
