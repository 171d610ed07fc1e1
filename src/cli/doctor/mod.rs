//! `otus doctor`: measures what a pipeline stands on, and says what to do about what it finds.
//!
//! Everything is bounded in time; a device or disk that hangs is a finding, not the end.

mod disks;
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
use std::sync::mpsc::channel;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::media::clock::Clock;
use crate::nodes::{self, NODES};
use crate::pipeline::config::{self, Plan, PlannedNode};
use crate::pipeline::context::Context;
use crate::pipeline::metrics::NodeStats;
use crate::pipeline::node::Error;
use crate::pipeline::options::{Runtime, Status};
use crate::pipeline::secret::redact;
use crate::pipeline::stop::Stop;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Problem,
}

/// What one check came to.
#[derive(Debug, Serialize)]
struct Finding {
    verdict: Verdict,
    /// What was looked at.
    check: String,
    /// What it is like.
    found: String,
    /// What to do, unless all is well.
    remedy: Option<String>,
    /// Lines for the pipeline file that suit what was found.
    config: Option<String>,
}

impl Finding {
    fn ok(check: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Ok,
            check: check.into(),
            found: found.into(),
            remedy: None,
            config: None,
        }
    }

    /// A problem. Errors say what is so, then after a semicolon what to do; `otherwise` is for those
    /// that do not.
    fn failed(check: impl Into<String>, error: &Error, otherwise: &str) -> Finding {
        let said = error.to_string();
        let (found, remedy) = said.split_once("; ").unwrap_or((&said, otherwise));
        Finding::ok(check, found).problem(remedy)
    }

    fn warning(self, remedy: impl Into<String>) -> Finding {
        self.but(Verdict::Warning, remedy)
    }

    fn problem(self, remedy: impl Into<String>) -> Finding {
        self.but(Verdict::Problem, remedy)
    }

    /// A run can do without an optional node.
    fn of(self, node: &PlannedNode) -> Finding {
        match node.optional {
            true => self.at_most_a_warning(),
            false => self,
        }
    }

    fn at_most_a_warning(self) -> Finding {
        match self.verdict {
            Verdict::Problem => Finding {
                verdict: Verdict::Warning,
                ..self
            },
            _ => self,
        }
    }

    fn but(self, verdict: Verdict, remedy: impl Into<String>) -> Finding {
        Finding {
            verdict,
            remedy: Some(remedy.into()),
            ..self
        }
    }

    fn recommend(self, config: impl Into<String>) -> Finding {
        Finding {
            config: Some(config.into()),
            ..self
        }
    }
}

pub fn doctor(file: Option<&Path>, json: bool) -> ExitCode {
    let plan = match file {
        Some(file) => match super::load(file, json) {
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
        super::print_json(&json!({ "ok": healthy, "checks": findings, "config": config }));
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
    config::parse(&text, Path::new("."), NODES).unwrap_or_else(|_| Plan {
        nodes: Vec::new(),
        runtime: Runtime::default(),
        status: Status::default(),
        base: PathBuf::from("."),
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

/// What a node is opened with.
fn context(id: &str, base: &Path, runtime: Runtime) -> Context {
    Context {
        id: Arc::from(id),
        clock: Clock::start(),
        stop: Stop::default(),
        base: base.to_path_buf(),
        runtime: Arc::new(runtime),
        captured: Arc::default(),
        stats: Arc::new(NodeStats::default()),
    }
}

/// Runs `task` on a thread of its own; none if it takes longer than `limit` or panics. What hangs
/// is left behind: the process ends soon.
fn within<T: Send + 'static>(
    limit: Duration,
    task: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || drop(sender.send(task())));
    receiver.recv_timeout(limit).ok()
}
