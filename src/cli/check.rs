//! `otus check`: is a pipeline file right, and is what it names at hand?

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::output::{print_json, reject, say};
use crate::cli::test;
use crate::inference::onnx::library;
use crate::nodes::NODES;
use crate::pipeline::file::problem::{Problem, Severity};
use crate::pipeline::file::{self, Plan, PlannedNode, Remarks};

pub fn check(file: &Path, strict: bool, json: bool) -> ExitCode {
    let (plan, mut warnings) = match file::look(file, NODES) {
        Ok(looked) => looked,
        Err(remarks) => return reject(&remarks),
    };
    warnings.problems.extend(without_a_runtime(&plan));
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

/// A node whose model ONNX Runtime is to run, where there is none.
fn without_a_runtime(plan: &Plan) -> Option<Problem> {
    // Whisper is run by whisper.cpp, which is part of otus.
    let runs_a_model = |it: &&PlannedNode| it.ty.infers && it.ty.name != "transcribe";
    let node = plan.nodes.iter().find(runs_a_model)?;
    if library::find(&plan.runtime, &plan.base).is_some() {
        return None;
    }
    let message = format!(
        "there is no ONNX Runtime on this machine, which `{}` needs",
        node.id
    );
    let help = "`otus models pull onnxruntime`";
    Some(Problem::new(node.span.clone(), message, help))
}
