//! What must not drift: formatting, lints, rustdoc and sizes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch::skipped;

const LONGEST_FUNCTION: usize = 70;
const LONGEST_FILE: usize = 400;

pub fn rust_files(under: &str) -> Vec<PathBuf> {
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

pub fn read(file: &Path) -> String {
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
    // Of this test's package; what cargo was not started with makes ring's build script run again, and all that stands on it.
    let ours = std::env::vars_os().map(|it| it.0);
    let of_the_package = |it: &std::ffi::OsString| {
        let name = it.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    ours.filter(of_the_package).for_each(|it| {
        command.env_remove(it);
    });
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
    cargo(
        &[
            "clippy",
            "--all-targets",
            "--no-default-features",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    );
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

/// Whether a line of code begins a function, whatever stands before `fn`: `pub(in crate::nodes) async unsafe extern "C" fn`.
fn starts_function(code: &str) -> bool {
    let Some((before, name)) = code.split_once("fn ") else {
        return false;
    };
    let before = match before.strip_prefix("pub(") {
        Some(rest) => rest.split_once(')').map_or(rest, |(_, after)| after),
        None => before,
    };
    let is_word = |it| {
        matches!(it, "pub" | "const" | "async" | "unsafe" | "safe" | "extern")
            || (it.len() > 1 && it.starts_with('"') && it.ends_with('"'))
    };
    before.split_whitespace().all(is_word)
        && name.starts_with(|it: char| it.is_alphabetic() || it == '_')
}

#[test]
fn every_form_of_function_is_seen() {
    let functions = [
        "fn a() {",
        "pub async fn a() {",
        "unsafe fn a() {",
        "extern \"C\" fn a() {",
        "pub(super) fn a() {",
        "pub(in crate::nodes) const unsafe extern fn _a<T>() {",
    ];
    for code in functions {
        assert!(starts_function(code), "{code}");
    }
    for code in [
        "let a: fn (u8) = b;",
        "// fn a",
        "a(fn b",
        "\"fn a",
        "impl Fn for A {",
        "define fn_a {",
    ] {
        assert!(!starts_function(code), "{code}");
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
            if !starts_function(code) || code.ends_with(';') || code.ends_with('}') {
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
