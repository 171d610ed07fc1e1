//! `otus check`: is a pipeline file right?

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

pub fn check(file: &Path, json: bool) -> ExitCode {
    let plan = match super::load(file, json) {
        Ok(plan) => plan,
        Err(code) => return code,
    };
    if json {
        let nodes: Vec<_> = plan.nodes.iter().map(|node| &*node.id).collect();
        super::print_json(&json!({ "ok": true, "nodes": nodes }));
    } else {
        println!("{} is right: {} nodes", file.display(), plan.nodes.len());
    }
    ExitCode::SUCCESS
}
