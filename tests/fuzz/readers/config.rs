//! Any text as a pipeline file: it is taken or refused in words, and nothing is touched.

use std::path::Path;

use otus::nodes::NODES;
use otus::pipeline::file;

pub fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(problems) = file::parse(text, Path::new("/nowhere"), NODES) {
        assert!(!problems.is_empty(), "a refusal has a reason");
        for problem in problems {
            assert!(
                text.get(problem.span.clone()).is_some(),
                "{problem:?} is no place in the file"
            );
        }
    }
}
