//! `otus check`: is a pipeline file right?

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::output::{load, print_json};

pub fn check(file: &Path, json: bool) -> ExitCode {
    let plan = match load(file) {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if json {
        let nodes: Vec<_> = plan.nodes.iter().map(|node| &*node.id).collect();
        print_json(&json!({ "ok": true, "nodes": nodes }));
    } else {
        println!("{} is right: {} nodes", file.display(), plan.nodes.len());
    }
    ExitCode::SUCCESS
}
