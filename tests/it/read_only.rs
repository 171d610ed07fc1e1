//! Machines on which nothing can be written: what needs no disk runs, and what does is named.

use std::process::Command;

use crate::bad_input::{check, says};
use crate::doctor::{doctor, problem, report};
use crate::namespace::{self, read_only};
use crate::samples::world;
use crate::scratch::{Ended, Running, Scratch, skipped};

const NO_ONNX_RUNTIME: &str = "there is no ONNX Runtime on this machine";

fn pipeline(model: &str, sink: &str) -> String {
    format!(
        "[sources.pic]\ntype = 'camera'\nuri = 'picture.bmp'\n\
         [transforms.people]\ntype = 'detect'\ninputs = ['pic']\nmodel = '{model}'\n\
         [sinks.log]\n{sink}\ninputs = ['people']\n[status]\nlisten = 'off'\n"
    )
}

fn console(model: &str) -> String {
    pipeline(model, "type = 'console'")
}

/// Runs `otus` where nothing can be written, without a home.
fn sealed(scratch: &Scratch, arguments: &[&str]) -> Option<Ended> {
    let mut otus = scratch.otus(arguments);
    point_at_the_library(&mut otus);
    otus.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    namespace::run(&read_only(), false, &otus)
}

/// The library is in the cache of this user, which nobody finds without a home.
fn point_at_the_library(otus: &mut Command) {
    let listed = Running::start(Scratch::new().otus(&["devices", "--json"])).wait();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("it is JSON");
    if let Some(library) = listed["onnxruntime"].as_str() {
        otus.env("ORT_DYLIB_PATH", library);
    }
}

#[test]
fn models_of_the_program_run_where_nothing_can_be_written() {
    let scratch = world();
    scratch.write("pipeline.toml", console("otus-person"));
    for isolation in ["none", "process"] {
        let runtime = format!("[runtime]\nisolation = '{isolation}'\n");
        scratch.write("pipeline.toml", console("otus-person") + &runtime);
        let Some(ended) = sealed(&scratch, &["run", "pipeline.toml"]) else {
            return;
        };
        if ended.stderr.contains(NO_ONNX_RUNTIME) {
            return skipped(NO_ONNX_RUNTIME);
        }
        check(&ended, 0, "");
        says(&ended.stdout, "1 frames");
        assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    }
    let ended = sealed(&scratch, &["doctor", "pipeline.toml", "--json"]);
    let (code, report) = report(ended.expect("the runs were made up, too"));
    assert_eq!(code, Some(0), "{report:#}");
}

#[test]
fn a_log_on_a_read_only_disk_is_told_where_else_to_go() {
    let scratch = world();
    let sink = "type = 'jsonl'\npath = 'events.jsonl'";
    scratch.write("pipeline.toml", pipeline("otus-person", sink));
    let Some(ended) = sealed(&scratch, &["run", "pipeline.toml", "--for", "1s"]) else {
        return;
    };
    let said = "events.jsonl: Read-only file system … ; … tmpfs … /var/lib/otus … retrying";
    check(&ended, 1, said);
    let ended = sealed(&scratch, &["doctor", "pipeline.toml", "--json"]);
    let (_, report) = report(ended.expect("the run was made up, too"));
    let said = "Read-only file system … -> … tmpfs … StateDirectory=otus";
    says(&problem(&report, "disk of log"), said);
}

#[test]
fn a_cache_that_cannot_be_written_is_told_how_to_move_it() {
    let scratch = world();
    scratch.write("pipeline.toml", console("yolox-nano"));
    // Nothing can be made in /proc, not even by root.
    let nowhere = [("XDG_CACHE_HOME", "/proc/otus"), ("OTUS_MODELS", "")];
    let said = "cannot get the model `yolox-nano` … cannot write into /proc/otus/otus/models/ … \
                XDG_CACHE_HOME … StateDirectory=otus … OTUS_MODELS";
    for (arguments, code) in [
        (["run", "pipeline.toml"].as_slice(), 1),
        (&["models", "pull", "yolox-nano"], 1),
    ] {
        let mut otus = scratch.otus(arguments);
        otus.envs(nowhere);
        check(&Running::start(otus).wait(), code, said);
    }
    let (code, report) = doctor(&scratch, &console("yolox-nano"), &nowhere);
    assert_eq!(code, Some(1), "{report:#}");
    says(
        &problem(&report, "model of people"),
        "yolox-nano is not here -> … OTUS_MODELS",
    );
    let said = "cannot be written to … -> … XDG_CACHE_HOME … StateDirectory=otus … /usr/lib/otus";
    says(&problem(&report, "disk of models"), said);
}

#[test]
fn without_a_home_the_cache_is_where_services_keep_it() {
    let scratch = world();
    scratch.write("pipeline.toml", console("yolox-nano"));
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    otus.env_remove("HOME")
        .env_remove("XDG_CACHE_HOME")
        .env("OTUS_MODELS", "");
    let Some(ended) = namespace::run(&read_only(), false, &otus) else {
        return;
    };
    check(
        &ended,
        1,
        "cannot write into /var/lib/otus/models/ … Read-only file system",
    );
}
