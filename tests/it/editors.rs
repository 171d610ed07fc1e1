//! Pipeline files as editors with taplo see them, by the schema that is made from the code.

use std::path::Path;
use std::process::Command;

use crate::scratch::Scratch;
use crate::tools::installed;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// What taplo says of a file, if there is one and it is wrong; none if it is right.
fn wrong(taplo: &Path, file: &Path) -> Option<String> {
    let schema = format!("file://{TOP}/pipelines/pipeline.schema.json");
    let mut command = Command::new(taplo);
    let said = command
        .args(["check", "--colors", "never", "--schema", &schema])
        .arg(file)
        .current_dir("/")
        .output()
        .expect("it is installed");
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    (!said.status.success()).then_some(text)
}

#[test]
fn shipped_pipelines_are_right() {
    let Some(taplo) = installed("taplo", "make setup-test") else {
        return;
    };
    for folder in ["pipelines", "cross/pipelines", "tests/rigs"] {
        let files = std::fs::read_dir(Path::new(TOP).join(folder)).expect("it is ours");
        for file in files.flatten().map(|it| it.path()) {
            if file.extension().is_some_and(|it| it == "toml") {
                assert_eq!(wrong(&taplo, &file), None, "{file:?}");
            }
        }
    }
}

#[test]
fn what_check_refuses_is_marked_and_what_it_takes_is_not() {
    let Some(taplo) = installed("taplo", "make setup-test") else {
        return;
    };
    let scratch = Scratch::new();
    let cam = "[sources.cam]\ntype = 'camera'\nuri = '0'\n";
    let people = "[transforms.p]\ntype = 'detect'\nmodel = 'yunet'\ninputs = ['cam']\n";
    for (text, said) in [
        ("[sources.cam]\ntype = 'camra'\n".to_owned(), "camra"),
        (
            "[sources.cam]\nuri = '0'\n".to_owned(),
            "\"type\" is a required",
        ),
        ("[sources.cam]\ntype = 'detect'\n".to_owned(), "detect"),
        ("[source.cam]\ntype = 'camera'\n".to_owned(), "source"),
        (format!("{cam}fsp = 3"), "fsp"),
        (format!("{cam}fps = 'ten'"), "fps"),
        (format!("{cam}workers = 2"), "workers"),
        (format!("{people}score = 7.0"), "score"),
        (people.replace("model", "modle"), "\"model\" is a required"),
        (
            people.replace("inputs", "input"),
            "\"inputs\" is a required",
        ),
        (people.replace("['cam']", "[{ form = 'cam' }]"), "inputs"),
        ("[runtime]\nisolation = 'proces'".to_owned(), "isolation"),
        ("[status]\nlisten = 3".to_owned(), "listen"),
    ] {
        let file = scratch.write("pipeline.toml", &text);
        let marked = wrong(&taplo, &file).unwrap_or_else(|| panic!("nothing is wrong with {text}"));
        assert!(marked.contains(said), "{text}: {marked}");
    }
    for right in [
        format!("{cam}fps = '${{FPS}}'"),
        format!("{cam}stall_timeout_ms = '10s'"),
        format!("{people}workers = 2\nscore = 1"),
        people.replace("['cam']", "[{ from = 'cam', capacity = 3 }]"),
        "[runtime]\nreload_on_change = '${RELOAD}'".to_owned(),
    ] {
        let file = scratch.write("pipeline.toml", &right);
        assert_eq!(wrong(&taplo, &file), None, "{right}");
    }
}
