//! What `.ci/run` makes of what changed, of a part that fails and of a cache that is of no use. `make` is a stand-in that
//! writes down what it is asked for, as this is about which parts run.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::faults::Disk;
use crate::scratch::Scratch;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// The scripts, and what they read.
const FILES: [&str; 14] = [
    ".ci/kept",
    ".ci/run",
    ".ci/seen",
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Makefile",
    "cross/Makefile",
    "cross/kernels.sh",
    "cross/reads.txt",
    "src/opencv/Cargo.toml",
    "tests/fuzz/Cargo.lock",
    "tests/fuzz/Cargo.toml",
    "tests/fuzz/reads.txt",
];

/// A clone with the scripts and what they read, in which every check has passed, and then `changed` changed.
fn clone(changed: &str) -> Scratch {
    let scratch = Scratch::new();
    for file in FILES {
        copy(file, &scratch);
    }
    let make = "#!/bin/sh\n[ \"$1\" != \"$BROKEN\" ] || exit 1\necho \"made: $*\"\n\
                [ $1 = build-tests ] && [ ! -e target/debug/crate ] || exit 0\n\
                mkdir -p target/debug\nhead -c 300000 /dev/urandom >target/debug/crate\necho compiled\n";
    std::fs::create_dir(scratch.path("bin")).expect("the scratch directory is writable");
    let make = scratch.write("bin/make", make);
    std::fs::set_permissions(make, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    scratch.write(".gitignore", "/target\n/cache\n/disk\n");
    let (begun, said) = shell(
        &scratch,
        "git init -q; rows() { grep -hv '^#' cross/reads.txt tests/fuzz/reads.txt; }; \
         for path in $(rows | cut -d' ' -f2- | tr ' ' '\\n' | grep -v '^+'); do [ -e $path ] || case $path in \
         *.*) mkdir -p $(dirname $path) && touch $path ;; *) mkdir -p $path && touch $path/any ;; esac; done; \
         for check in $(rows | cut -d' ' -f1); do .ci/seen note $check || exit 1; done",
    );
    assert!(begun, "{said}");
    let folder = Path::new(changed).parent().expect("it is in a folder");
    std::fs::create_dir_all(scratch.path(&folder.to_string_lossy())).expect("it is writable");
    scratch.write(changed, "changed");
    scratch
}

fn copy(file: &str, scratch: &Scratch) {
    let to = scratch.path(file);
    std::fs::create_dir_all(to.parent().expect("it has one")).expect("it is writable");
    std::fs::copy(Path::new(TOP).join(file), to).expect("the file is there");
}

/// Runs a line of shell in the clone, and gives whether it succeeded with all that it said.
fn shell(scratch: &Scratch, line: &str) -> (bool, String) {
    let path = std::env::var("PATH").expect("there is one");
    let ran = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {line}")])
        .current_dir(scratch.path("."))
        .env("PATH", format!("{}:{path}", scratch.path("bin").display()))
        .env("OTUS_CI_CACHE", scratch.path("cache"))
        .envs(["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
            [
                (format!("GIT_{who}_NAME"), "a"),
                (format!("GIT_{who}_EMAIL"), "a@localhost"),
            ]
        }))
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    (ran.status.success(), said)
}

#[test]
fn only_what_a_change_can_break_is_run_and_the_rest_is_named() {
    let page = clone("models/README.md");
    let (passed, said) = shell(&page, ".ci/run");
    assert!(passed, "{said}");
    assert!(said.contains("made: test\n"), "{said}");
    assert!(
        said.contains("made-up input (make fuzz): NOT RUN: "),
        "{said}"
    );
    let native_only = said.contains("ARM: NOT RUN: this kernel");
    assert!(
        native_only || said.contains("all tests as ARM code (make test-arm64): NOT RUN: "),
        "{said}"
    );
    assert!(
        native_only || said.contains("(make check-arm64): NOT RUN: none of it is kept"),
        "{said}"
    );
    let kept = "mkdir -p target/aarch64-unknown-linux-gnu target/cross; .ci/kept keep arm64; rm -r target; .ci/run";
    let (passed, said) = shell(&page, kept);
    assert!(passed, "{said}");
    assert!(native_only || said.contains("made: check-arm64"), "{said}");

    let reader = clone("src/inference/onnx/file.rs");
    let (passed, said) = shell(&reader, ".ci/run");
    assert!(passed, "{said}");
    assert!(said.contains("FUZZ_TARGETS=onnx tflite\n"), "{said}");
    assert!(native_only || said.contains("made: test-arm64"), "{said}");
}

/// A library that draws tables is not what an hour of ARM code is for.
#[test]
fn of_all_crates_those_count_that_the_table_names() {
    let differs = |scratch: &Scratch, line: &str| {
        let (passed, said) = shell(scratch, &format!("{line}; .ci/seen differs arm64"));
        assert!(passed, "{said}");
        said.trim().to_owned()
    };
    let package = |name| format!("printf '\\n[[package]]\\nname = \"{name}\"\\n' >>Cargo.lock");
    let scratch = clone("models/README.md");
    assert_eq!(differs(&scratch, &package("a-table")), "");
    let other_clap = "sed -i 's/^clap = .*/clap = \"9\"/' Cargo.toml";
    assert_eq!(differs(&scratch, other_clap), "");
    assert_eq!(differs(&scratch, &package("ort-sys")), "Cargo.lock");
    let other_profile = "sed -i 's/^opt-level = 2/opt-level = 1/' Cargo.toml";
    assert_eq!(
        differs(&clone("models/README.md"), other_profile),
        "Cargo.toml"
    );
}

#[test]
fn where_nobody_has_seen_it_pass_everything_runs() {
    for unknown in ["rm .ci/seen.txt", "rm -r .git"] {
        let landed = clone("models/README.md");
        shell(&landed, unknown);
        let (passed, said) = shell(&landed, ".ci/run");
        assert!(passed, "{said}");
        assert!(
            said.contains("FUZZ_TARGETS=config ggml http onnx sound tflite wire\n"),
            "{unknown}: {said}"
        );
        let arm = said.contains("made: test-arm64") || said.contains("ARM: NOT RUN: this kernel");
        assert!(arm, "{unknown}: {said}");
    }
}

/// A path that moved would be one that is never seen to change.
#[test]
fn what_the_tables_name_is_there() {
    for table in ["cross/reads.txt", "tests/fuzz/reads.txt"] {
        let table = std::fs::read_to_string(Path::new(TOP).join(table)).expect("it is ours");
        for row in table.lines().filter(|line| !line.starts_with('#')) {
            let words = row.split(' ').skip(1);
            for path in words.filter(|it| !it.starts_with('+')) {
                assert!(Path::new(TOP).join(path).exists(), "{path}");
            }
        }
    }
}

#[test]
fn a_part_that_fails_is_the_last_line() {
    let (passed, said) = shell(&clone("models/README.md"), "BROKEN=lint .ci/run");
    assert!(!passed);
    assert_eq!(
        said.lines().last(),
        Some("FAILED: lints and documents"),
        "{said}"
    );
    assert!(!said.contains("made: test\n"), "{said}");
}

/// And a cache that is of no use is passed over.
#[test]
fn what_is_kept_is_not_compiled_again() {
    let scratch = clone("models/README.md");
    let run = |line: &str| {
        let (passed, said) = shell(&scratch, &format!("rm -rf target; {line}"));
        assert!(passed, "{line}: {said}");
        said
    };
    assert!(run(".ci/run").contains("compiled\n"));
    let again = run(".ci/run");
    assert!(
        again.contains("kept crates: taken from ") && !again.contains("compiled\n"),
        "{again}"
    );

    let off = run("OTUS_CI_CACHE=off .ci/run");
    assert!(
        off.contains("passed over: OTUS_CI_CACHE is off") && off.contains("compiled\n"),
        "{off}"
    );
    let damaged = run("truncate -s -9 cache/crates-*; .ci/run");
    assert!(
        damaged.contains("is damaged") && damaged.contains("compiled\n"),
        "{damaged}"
    );
    let other = run("echo '# another' >>Cargo.lock; .ci/run");
    assert!(
        other.contains("passed over: none of this Cargo.lock") && other.contains("compiled\n"),
        "{other}"
    );
    let nowhere = run("OTUS_CI_CACHE=/proc/nowhere .ci/run");
    assert!(
        nowhere.contains("/proc/nowhere cannot be written"),
        "{nowhere}"
    );
    let Some(_disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let full = run("OTUS_CI_CACHE=$PWD/disk .ci/run");
    assert!(
        full.contains("passed over: no archive could be written into "),
        "{full}"
    );
    let left = std::fs::read_dir(scratch.path("disk"))
        .expect("it is there")
        .count();
    assert_eq!(left, 0);
}
