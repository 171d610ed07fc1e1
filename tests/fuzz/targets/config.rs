//! Any text as a pipeline file: it is taken or refused in words, and nothing is touched.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use otus::nodes::NODES;
use otus::pipeline::config;

fuzz_target!(|text: &str| {
    if let Err(problems) = config::parse(text, Path::new("/nowhere"), NODES) {
        assert!(!problems.is_empty(), "a refusal has a reason");
        for problem in problems {
            assert!(
                text.get(problem.span.clone()).is_some(),
                "{problem:?} is no place in the file"
            );
        }
    }
});
