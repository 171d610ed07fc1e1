//! What must not drift: formatting, lints, rustdoc, sizes, and which room knows which.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch::skipped;

const LONGEST_FUNCTION: usize = 70;
const LONGEST_FILE: usize = 400;

fn rust_files(under: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(under)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .expect("the folder is there")
            .flatten()
        {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|it| it == "rs") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    files
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("source files are text")
}

/// Runs cargo where the cargo that runs this test has built, so that the libraries' build scripts,
/// which take minutes, need not run again.
fn cargo(arguments: &[&str], environment: &[(&str, &str)]) {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .envs(environment.iter().copied());
    let output = command.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "cargo {arguments:?}:\n{printed}{said}"
    );
}

fn has_clippy() -> bool {
    let version = Command::new(env!("CARGO"))
        .args(["clippy", "--version"])
        .output();
    version.is_ok_and(|it| it.status.success())
}

#[test]
fn the_code_is_formatted() {
    cargo(&["fmt", "--check"], &[]);
}

/// One after the other, because they wait for each other anyway. Without its features, otus must
/// still compile.
#[test]
fn clippy_and_rustdoc_have_nothing_to_say() {
    if !has_clippy() {
        return skipped("this toolchain has no clippy (Debian's has none)");
    }
    cargo(
        &["clippy", "--all-targets", "--quiet", "--", "-D", "warnings"],
        &[],
    );
    let bare = ["clippy", "--quiet", "--no-default-features"];
    cargo(&[&bare[..], &["--", "-D", "warnings"]].concat(), &[]);
    cargo(
        &["doc", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    );
}

#[test]
fn files_open_with_what_they_are_for_and_stay_small() {
    for file in ["src", "tests"].into_iter().flat_map(rust_files) {
        let text = read(&file);
        assert!(
            text.starts_with("//!"),
            "{file:?} does not say what it is for"
        );
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{file:?} has {lines} lines");
        for (number, line) in text.lines().enumerate() {
            assert!(
                !line.contains(concat!("TO", "DO")),
                "{file:?}:{}: do it, or leave it",
                number + 1
            );
        }
    }
}

/// Goes by the indentation that rustfmt gives: a function ends at the brace below its start.
#[test]
fn functions_fit_on_a_screen() {
    for file in ["src", "tests"].into_iter().flat_map(rust_files) {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            let is_function = [
                "fn ",
                "pub fn ",
                "pub(crate) fn ",
                "pub const fn ",
                "const fn ",
                "async fn ",
            ]
            .iter()
            .any(|it| code.starts_with(it));
            if !is_function || code.ends_with(';') || code.ends_with('}') {
                continue;
            }
            let closing = format!("{indent}}}");
            let length = lines[start..]
                .iter()
                .take_while(|line| ***line != *closing)
                .count()
                + 1;
            assert!(
                length <= LONGEST_FUNCTION,
                "{file:?}:{}: {length} lines",
                start + 1
            );
        }
    }
}

/// Imports point down this list only: a room knows those after it.
#[test]
fn rooms_know_only_those_below_them() {
    const ROOMS: [&str; 6] = ["cli", "service", "nodes", "inference", "pipeline", "media"];
    for (at, room) in ROOMS.iter().enumerate() {
        for file in rust_files(&format!("src/{room}")) {
            // Tests of a room may use nodes to drive it.
            let text = read(&file);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for above in &ROOMS[..at] {
                let path = format!("crate::{above}");
                assert!(
                    !code.contains(&path),
                    "{file:?} knows {path}, which is above it"
                );
            }
        }
    }
}

#[test]
fn nothing_outside_tests_unwraps() {
    for file in rust_files("src") {
        let text = read(&file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(
            !code.contains(".unwrap()"),
            "{file:?} unwraps: say why it cannot fail"
        );
    }
}
