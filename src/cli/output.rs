//! What all commands say in the same way: a wrong pipeline file, documents for programs, failures.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::nodes::NODES;
use crate::pipeline::contract::secret::redact_json;
use crate::pipeline::contract::stdout;
use crate::pipeline::file::problem::Severity;
use crate::pipeline::file::{self, Plan, Remarks};

/// The pipeline file is wrong: EX_CONFIG of sysexits.h, as systemd knows it.
const EX_CONFIG: u8 = 78;

/// A checked plan, or the exit code after everything wrong with it has been said.
pub fn load(file: &Path) -> Result<Plan, ExitCode> {
    file::load(file, NODES).map_err(|remarks| reject(&remarks))
}

/// Says everything wrong with a pipeline file; gives the exit code for that.
pub fn reject(remarks: &Remarks) -> ExitCode {
    if stdout::is_for_programs() {
        print_json(&json!({ "ok": false, "problems": remarks.placed() }));
    } else {
        say(remarks);
    }
    ExitCode::from(EX_CONFIG)
}

/// Says to a person what is to be said of a pipeline file.
pub fn say(remarks: &Remarks) {
    let noun = match (remarks.severity, remarks.problems.len()) {
        (Severity::Error, 1) => "problem",
        (Severity::Error, _) => "problems",
        (Severity::Warning, 1) => "warning",
        (Severity::Warning, _) => "warnings",
    };
    let stderr = std::io::stderr();
    let coloured = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint!("{}", remarks.render(coloured));
    eprintln!("\n{} {noun} in {}", remarks.problems.len(), remarks.file);
}

/// Text of the other side, without what a terminal might obey.
pub fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Prints a document for programs, in one line.
pub fn print_json(value: &serde_json::Value) {
    let mut value = value.clone();
    redact_json(&mut value);
    let _ = writeln!(std::io::stdout(), "{value}");
}

/// Says why a command failed, to programs too; gives the exit code for that.
pub fn failed(message: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {message}");
    if stdout::is_for_programs() {
        print_json(&json!({ "ok": false, "error": message.to_string() }));
    }
    ExitCode::FAILURE
}
