//! What fuzzing begins from, through the same readers, and the table of what each of them reads. More inputs are made up
//! by `make fuzz`.

use std::path::{Path, PathBuf};

#[path = "../fuzz/readers/config.rs"]
mod config;
#[path = "../fuzz/readers/ggml.rs"]
mod ggml;
#[path = "../fuzz/readers/http.rs"]
mod http;
#[path = "../fuzz/readers/onnx.rs"]
mod onnx;
#[path = "../fuzz/readers/sound.rs"]
mod sound;
#[path = "../fuzz/readers/tflite.rs"]
mod tflite;
#[path = "../fuzz/readers/wire.rs"]
mod wire;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|it| panic!("{folder:?}: {it}"));
    entries.flatten().map(|it| it.path()).collect()
}

/// Gives each input to the reader, which panics at what it must not let pass.
fn replay(target: &str, read: fn(&[u8])) {
    let inputs = files(&Path::new(TOP).join("tests/fuzz/corpus").join(target));
    assert!(!inputs.is_empty());
    for input in inputs {
        println!("{}", input.display());
        read(&std::fs::read(&input).expect("it is a file"));
    }
}

#[test]
fn pipeline_files() {
    replay("config", config::read);
}

#[test]
fn requests() {
    replay("http", http::read);
}

#[test]
fn models() {
    replay("onnx", onnx::read);
}

#[test]
fn whisper_models() {
    replay("ggml", ggml::read);
}

#[test]
fn tensorflow_lite_models() {
    replay("tflite", tflite::read);
}

#[test]
fn sounds() {
    replay("sound", sound::read);
}

#[test]
fn messages_to_a_worker() {
    replay("wire", wire::read);
}

/// `.ci/run` goes by the table: a row for each target, and nothing in it that is not there.
#[test]
fn the_table_of_what_each_target_reads_is_whole() {
    let table = include_str!("../fuzz/reads.txt");
    let rows = table.lines().filter(|it| !it.starts_with('#'));
    let mut targets = Vec::new();
    for row in rows {
        let mut words = row.split_whitespace();
        targets.extend(words.next().map(PathBuf::from));
        let paths: Vec<_> = words.collect();
        assert!(!paths.is_empty(), "{row}");
        for path in paths {
            assert!(Path::new(TOP).join(path).exists(), "{row}: no {path}");
        }
    }
    let mut corpora = files(&Path::new(TOP).join("tests/fuzz/corpus"));
    corpora.sort();
    let names: Vec<_> = corpora.iter().flat_map(|it| it.file_name()).collect();
    assert_eq!(targets, names);
}
