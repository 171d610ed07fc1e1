//! What is seen and heard stays on the machine, and native libraries keep nothing aside.

use std::path::Path;

use otus::inference::onnx::library;
use otus::pipeline::contract::runtime_options::Runtime;

use crate::samples::picture;
use crate::scratch::{Running, Scratch, skipped};

/// ONNX Runtime from 1.31 on keeps an identifier of the machine and a database of what it did in the
/// home directory, to be sent to its makers.
#[test]
fn onnx_runtime_keeps_nothing_in_the_home_directory() {
    let Some(runtime) = library::find(&Runtime::default(), Path::new(".")) else {
        return skipped("there is no ONNX Runtime on this machine");
    };
    let scratch = Scratch::new();
    scratch.write("picture.bmp", picture());
    scratch.write(
        "pipeline.toml",
        "[sources.a]\ntype = 'camera'\nuri = 'picture.bmp'\n\
         [transforms.b]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['a']\n\
         [sinks.c]\ntype = 'console'\ninputs = ['b']\n[status]\nlisten = 'off'\n",
    );
    let home = scratch.path("home");
    std::fs::create_dir(&home).expect("the scratch directory is writable");
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    otus.env("HOME", &home).env("XDG_CACHE_HOME", &home);
    // On a build server ONNX Runtime keeps nothing by itself.
    otus.env_remove("CI").env("ORT_DYLIB_PATH", runtime);
    let ended = Running::start(otus).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let kept: Vec<_> = std::fs::read_dir(&home)
        .expect("it is there")
        .flatten()
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
}
