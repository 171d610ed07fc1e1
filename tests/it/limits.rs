//! Too few open files, threads or too little address space end with a sentence.

use std::os::unix::process::CommandExt;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::samples::picture;
use crate::scratch::{Ended, Scratch, skipped};

const PIPELINE: &str = "[sources.cam]\ntype = 'camera'\nuri = 'picture.bmp'\n\
     [transforms.see]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['cam']\n\
     [sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'log.jsonl'\n\
     [status]\nlisten = 'off'\n";

/// A command of otus that may have so much of something; none if it cannot be started.
fn limited(arguments: &[&str], resource: Resource, most: u64) -> Option<Ended> {
    let scratch = Scratch::new();
    scratch.write("picture.bmp", picture());
    scratch.write("pipeline.toml", PIPELINE);
    let mut command = scratch.otus(arguments);
    // Root may have any number of threads.
    if resource == Resource::Nproc && rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // SAFETY: the child calls nothing but the system between fork and exec.
    unsafe { command.pre_exec(move || Ok(setrlimit(resource, limit)?)) };
    let output = command.output().ok()?;
    Some(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[test]
fn too_little_ends_with_a_sentence() {
    let run = &["run", "pipeline.toml"][..];
    let check = &["check", "pipeline.toml"][..];
    for (arguments, resource, most, said) in [
        (
            run,
            Resource::Nofile,
            8,
            "may open 8 files at a time, and 40 are needed",
        ),
        (run, Resource::Nofile, 32, "`ulimit -n 40`"),
        (
            run,
            Resource::As,
            300_000 << 10,
            "292 MiB of address space, and 1024 MiB are needed",
        ),
        (run, Resource::As, 900_000 << 10, "`ulimit -v unlimited`"),
        (
            check,
            Resource::Nofile,
            6,
            "may open 6 files at a time, and 8 are needed",
        ),
        (
            check,
            Resource::As,
            90_000 << 10,
            "MiB of address space, and 128 MiB are needed",
        ),
    ] {
        let ended = limited(arguments, resource, most).expect("it starts");
        let error = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{most}: {error}");
        assert!(error.contains(said), "{said}\n{error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn no_room_for_a_thread_is_a_failure_and_no_panic() {
    let Some(ended) = limited(&["run", "pipeline.toml"], Resource::Nproc, 1) else {
        return skipped("this checkout is shut to the user `nobody`");
    };
    let error = &ended.stderr;
    assert_eq!(ended.code, Some(1), "{error}");
    let said = "no room for one more thread";
    assert!(
        error.contains(said) && error.contains("TasksMax="),
        "{error}"
    );
    assert!(!error.contains("panicked"), "{error}");
}

#[test]
fn what_is_enough_is_enough() {
    let checked = limited(&["check", "pipeline.toml"], Resource::Nofile, 8).expect("it starts");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let ran = limited(&["run", "pipeline.toml"], Resource::Nofile, 40).expect("it starts");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
