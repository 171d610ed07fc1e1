//! `otus check`: is a pipeline file right, and is what it names at hand?

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::output::{print_json, reject, say};
use crate::cli::test;
use crate::nodes::NODES;
use crate::pipeline::file::problem::Severity;
use crate::pipeline::file::{self, Remarks};

pub fn check(file: &Path, strict: bool, json: bool) -> ExitCode {
    let (plan, warnings) = match file::look(file, NODES) {
        Ok(looked) => looked,
        Err(remarks) => return reject(&remarks),
    };
    let mistakes = test::mistakes(&plan);
    if !mistakes.is_empty() {
        return reject(&Remarks {
            severity: Severity::Error,
            problems: mistakes,
            ..warnings
        });
    }
    if strict && !warnings.problems.is_empty() {
        let severity = Severity::Error;
        return reject(&Remarks {
            severity,
            ..warnings
        });
    }
    if json {
        let nodes: Vec<_> = plan.nodes.iter().map(|node| &*node.id).collect();
        print_json(&json!({ "ok": true, "nodes": nodes, "warnings": warnings.placed() }));
        return ExitCode::SUCCESS;
    }
    if !warnings.problems.is_empty() {
        say(&warnings);
    }
    println!("{} is right: {} nodes", file.display(), plan.nodes.len());
    ExitCode::SUCCESS
}
