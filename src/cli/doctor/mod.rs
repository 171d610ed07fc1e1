//! `otus doctor`: measures what a pipeline stands on, and says what to do about what it finds.
//!
//! Everything is bounded in time; a device or disk that hangs is a finding, not the end.

mod disks;
mod finding;
mod libraries;
mod machine;
mod models;
mod onnxruntime;
mod permissions;
mod sources;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use self::finding::{Finding, Verdict};
use crate::cli::output::{load, print_json};
use crate::nodes::{self, NODES};
use crate::pipeline::contract::runtime_options::Runtime;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::file::status::Status;
use crate::pipeline::file::{self, Plan};

pub fn doctor(file: Option<&Path>, json: bool) -> ExitCode {
    let plan = match file {
        Some(file) => match load(file) {
            Ok(plan) => plan,
            Err(code) => return code,
        },
        None => everything_here(),
    };
    let groups: [fn(&Plan) -> Vec<Finding>; 7] = [
        onnxruntime::check,
        libraries::check,
        models::check,
        machine::check,
        disks::check,
        permissions::check,
        sources::check,
    ];
    let mut findings = Vec::new();
    for group in groups {
        let found = group(&plan);
        if !json {
            found.iter().for_each(print);
        }
        findings.extend(found);
    }
    let healthy = findings.iter().all(|it| it.verdict != Verdict::Problem);
    let lines: Vec<&str> = findings
        .iter()
        .filter_map(|it| it.config.as_deref())
        .collect();
    let config = lines.join("\n\n");
    if json {
        print_json(&json!({ "ok": healthy, "checks": findings, "config": config }));
    } else {
        conclude(&findings, &config);
    }
    match healthy {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// A pipeline of every device, where no file names some. Nobody has said that they are needed.
fn everything_here() -> Plan {
    let mut text = String::new();
    let mut names = Vec::new();
    for device in nodes::video_devices() {
        let name = device.file_name().unwrap_or_default().to_string_lossy();
        text += &format!(
            "[sources.{name}]\ntype = 'camera'\noptional = true\nuri = '{}'\n",
            device.display()
        );
        names.push(name.into_owned());
    }
    #[cfg(feature = "microphone")]
    if !nodes::audio_devices().is_empty() {
        text += "[sources.microphone]\ntype = 'microphone'\noptional = true\n";
        names.push("microphone".to_owned());
    }
    text += &format!("[sinks.none]\ntype = 'console'\ninputs = {names:?}\n");
    // Without a device there is no pipeline, and the machine is looked at all the same.
    file::parse(&text, Path::new("."), NODES).unwrap_or_else(|_| Plan {
        nodes: Vec::new(),
        runtime: Runtime::default(),
        status: Status::default(),
        tests: Vec::new(),
        base: PathBuf::from("."),
        sha256: Arc::default(),
    })
}

fn print(finding: &Finding) {
    let word = match finding.verdict {
        Verdict::Ok => "ok     ",
        Verdict::Warning => "warning",
        Verdict::Problem => "PROBLEM",
    };
    let mut text = format!("{word}  {}: {}", finding.check, finding.found);
    if let Some(remedy) = &finding.remedy {
        text += &format!("\n         -> {remedy}");
    }
    let _ = writeln!(std::io::stdout(), "{}", redact(&text));
}

fn conclude(findings: &[Finding], config: &str) {
    let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    let mut text = format!("\nproblems: {problems}, warnings: {warnings}");
    if !config.is_empty() {
        text += &format!("\n\nRecommended for the pipeline file:\n\n{config}");
    }
    let _ = writeln!(std::io::stdout(), "{}", redact(&text));
}
