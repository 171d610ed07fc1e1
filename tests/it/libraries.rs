//! Files that are no ONNX Runtime, or none for this machine: named when running and by the doctor,
//! with what to do about them, and never handed to a loader that would crash.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::bad_input::{check, detect, says, tiny};
use crate::doctor::{problem, report};
use crate::samples::{TEXT, world};
use crate::scratch::{Running, Scratch, skipped};

/// This machine as the messages call it, and another with its number in ELF.
const HERE: &str = if cfg!(target_arch = "aarch64") {
    "aarch64"
} else {
    "x86-64"
};
const OTHER: (&str, u8) = if cfg!(target_arch = "aarch64") {
    ("x86-64", 62)
} else {
    ("aarch64", 183)
};
const PULL: &str = " … otus models pull onnxruntime";

/// The beginning of a library for this machine.
fn library() -> Vec<u8> {
    let program = fs::read(env!("CARGO_BIN_EXE_otus")).expect("it was built");
    program[..100_000].to_vec()
}

/// Has `library.so` taken for ONNX Runtime by a run and by the doctor. Both must say so.
fn refused(scratch: &Scratch, said: &str) {
    let pipeline = detect(&tiny()) + "\nruntime.onnxruntime = 'library.so'\nstatus.listen = 'off'";
    scratch.write("pipeline.toml", pipeline);
    let otus = |arguments: &[&str]| Running::start(scratch.otus(arguments)).wait();
    let run = otus(&["run", "pipeline.toml"]);
    check(&run, 1, &format!("library.so{said}{PULL}"));
    named_by_the_doctor(scratch, said);
}

fn named_by_the_doctor(scratch: &Scratch, said: &str) {
    let otus = scratch.otus(&["doctor", "pipeline.toml", "--json"]);
    let (code, report) = report(Running::start(otus).wait());
    assert_eq!(code, Some(1), "{report:#}");
    says(&problem(&report, "ONNX Runtime"), said);
    let providers = report["checks"].to_string().contains("provider cpu");
    assert!(!providers, "nobody can tell which providers it has");
}

fn file(content: &[u8], said: &str) {
    let scratch = world();
    scratch.write("library.so", content);
    refused(&scratch, said);
}

/// Compiles `code` with `$TARGET_CC` or `cc`; none where there is no such compiler.
pub fn compiled(scratch: &Scratch, name: &str, code: &str, more: &[&str]) -> Option<()> {
    let source = scratch.write(&format!("{name}.c"), code);
    let mut cc = Command::new(std::env::var("TARGET_CC").unwrap_or("cc".into()));
    cc.args(["-w", "-shared", "-fPIC", "-o"])
        .arg(scratch.path(name));
    cc.arg(source).args(more).current_dir(scratch.path("."));
    // Where another machine is emulated, the compiler may be for this one.
    let machine = |file: Vec<u8>| file[18..20].to_vec();
    let is_right =
        || fs::read(scratch.path(name)).is_ok_and(|it| machine(it) == machine(library()));
    let built = cc.status().is_ok_and(|it| it.success()) && is_right();
    if !built {
        skipped("there is no C compiler for the machine that otus is for");
    }
    built.then_some(())
}

/// A library that needs another one, which is not there.
pub fn lacking(scratch: &Scratch, name: &str, needed: &str) -> Option<()> {
    let soname = format!("-Wl,-soname,{needed}");
    compiled(scratch, needed, "int needed;", &["-nostdlib", &soname])?;
    let linked = ["-nostdlib", "-Wl,--no-as-needed", needed];
    compiled(scratch, name, "int needing;", &linked)?;
    fs::remove_file(scratch.path(needed)).ok()
}

fn code(code: &str, said: &str) {
    let scratch = world();
    if compiled(&scratch, "library.so", code, &[]).is_some() {
        refused(&scratch, said);
    }
}

/// A library that says it is ONNX Runtime of this version, and has no functions.
fn of_version(version: &str) -> String {
    format!(
        "static const void *api(unsigned v) {{ return 0; }}
         static const char *version(void) {{ return \"{version}\"; }}
         static const void *const base[] = {{ api, version }};
         const void *OrtGetApiBase(void) {{ return base; }}"
    )
}

#[test]
fn one_for_another_machine_is_told_both() {
    let mut library = library();
    library[18] = OTHER.1;
    let said = format!(" is for {}, and this otus is for {HERE}", OTHER.0);
    file(&library, &said);
    // 32 bits, which have another machine number as well.
    (library[4], library[18]) = (1, 40);
    file(
        &library,
        &format!(" is for 32-bit ARM, and this otus is for {HERE}"),
    );
}

#[test]
fn one_that_is_cut_off_does_not_kill_who_loads_it() {
    file(&library(), " is cut off: it has");
    file(&library()[..40], " is cut off: it has only 40 bytes");
}

#[test]
fn what_is_no_library_is_told_what_it_is() {
    file(b"", " is empty");
    file(TEXT, " is text, not a shared library");
    file(&[0; 100], " is something else, not a shared library");
    let scratch = world();
    fs::create_dir(scratch.path("library.so")).expect("writable");
    refused(&scratch, " is a directory");
}

#[test]
fn one_that_is_not_there_is_told_from_a_broken_link() {
    let scratch = world();
    let pipeline = detect(&tiny()) + "\nruntime.onnxruntime = 'library.so'\nstatus.listen = 'off'";
    scratch.write("pipeline.toml", pipeline);
    let run = Running::start(scratch.otus(&["run", "pipeline.toml"])).wait();
    check(&run, 1, &format!("there is no file … library.so{PULL}"));
    named_by_the_doctor(&scratch, "there is no file … library.so -> ");
    symlink("/nowhere/at/all.so", scratch.path("library.so")).expect("writable");
    refused(&scratch, " is a link to /nowhere/at/all.so");
}

#[test]
fn one_that_this_user_must_not_read_says_permission() {
    let scratch = world();
    let library = scratch.write("library.so", library());
    fs::set_permissions(library, Permissions::from_mode(0o000)).expect("it is ours");
    fs::set_permissions(scratch.path("."), Permissions::from_mode(0o777)).expect("it is ours");
    let pipeline = detect(&tiny()) + "\nruntime.onnxruntime = 'library.so'\nstatus.listen = 'off'";
    scratch.write("pipeline.toml", pipeline);
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    // SAFETY: asks for a number. Root may read everything, nobody may not.
    if unsafe { libc::geteuid() } == 0 {
        otus.uid(65534).gid(65534);
    }
    let Ok(output) = otus.output() else {
        return skipped("this checkout is shut to the user `nobody`");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    says(&said, &format!("no permission to read … library.so{PULL}"));
}

/// Where otus itself put it, it is also what otus put there.
#[test]
fn one_in_the_cache_that_was_changed_is_not_loaded() {
    let scratch = world();
    let pipeline = detect(&tiny()) + "\nstatus.listen = 'off'";
    scratch.write("pipeline.toml", pipeline);
    let otus = |arguments: &[&str]| {
        let mut otus = scratch.otus(arguments);
        otus.env_remove("ORT_DYLIB_PATH").env_remove("OTUS_MODELS");
        otus
    };
    let pulled = Running::start(otus(&["models", "pull", "onnxruntime"])).wait();
    let (_, cached) = pulled.stdout.trim().split_once(": ").expect("its place");
    let mut library = fs::read(cached).expect("it was pulled");
    *library.last_mut().expect("it has bytes") ^= 1;
    let cached = Path::new(cached);
    let (sum, name) = (cached.parent().expect("a folder"), cached.file_name());
    let copy = Path::new("otus/models").join(sum.file_name().expect("a sum"));
    fs::create_dir_all(scratch.path(&copy.to_string_lossy())).expect("writable");
    let copy = copy.join(name.expect("a name"));
    scratch.write(&copy.to_string_lossy(), library);
    let mut run = otus(&["run", "pipeline.toml"]);
    run.env("XDG_CACHE_HOME", scratch.path("."));
    let said = "libonnxruntime.so … is not the file it should be … Remove it";
    check(&Running::start(run).wait(), 1, said);
}

#[test]
fn one_that_needs_a_newer_system_is_told_this_one() {
    let scratch = world();
    // A C library of the future to link with.
    scratch.write("versions", "GLIBC_2.99 { global: future; };");
    let options = [
        "-nostdlib",
        "-Wl,-soname,libc.so.6",
        "-Wl,--version-script=versions",
    ];
    let future = compiled(
        &scratch,
        "future.so",
        "int future(void) { return 1; }",
        &options,
    );
    let code = "int future(void); int call(void) { return future(); }";
    let library = || compiled(&scratch, "library.so", code, &["-nostdlib", "future.so"]);
    if future.and_then(|()| library()).is_some() {
        let said = " needs GLIBC_2.99, and this system is too old … (glibc 2.";
        refused(&scratch, said);
    }
}

#[test]
fn other_libraries_and_parts_of_it_are_told_from_it() {
    code("int nothing;", " is no ONNX Runtime");
    let scratch = world();
    let part = "libonnxruntime_providers_shared.so";
    if compiled(&scratch, part, "int nothing;", &[]).is_some() {
        let pipeline = format!("{}\nruntime.onnxruntime = '{part}'", detect(&tiny()));
        let ended = scratch.run(&pipeline, &[]);
        check(
            &ended,
            1,
            "is no ONNX Runtime but a part … `libonnxruntime.so`",
        );
    }
}

#[test]
fn other_versions_are_told_the_oldest() {
    code(
        &of_version("1.10.0"),
        " is ONNX Runtime 1.10.0 … 1.17 is the oldest",
    );
    code(
        &of_version("2.0.0"),
        " is ONNX Runtime 2.0.0, and of 1.x 1.17 is the oldest",
    );
    // New enough by its name, and yet not what was asked for.
    code(
        &of_version("1.99.0"),
        " does not have what ONNX Runtime 1.17 has",
    );
}

#[test]
fn one_that_crashes_does_not_take_the_doctor_with_it() {
    let scratch = world();
    let crash = "__attribute__((constructor)) void crash(void) { __builtin_trap(); }";
    if compiled(&scratch, "library.so", crash, &[]).is_none() {
        return;
    }
    let pipeline = detect(&tiny()) + "\nruntime.onnxruntime = 'library.so'";
    scratch.write("pipeline.toml", pipeline);
    named_by_the_doctor(&scratch, "worker process … died: signal");
}
