//! What all commands say in the same way: a wrong pipeline file, documents for programs, failures.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::nodes::NODES;
use crate::pipeline::contract::secret::redact_json;
use crate::pipeline::contract::stdout;
use crate::pipeline::file::{self, Plan};

/// The pipeline file is wrong: EX_CONFIG of sysexits.h, as systemd knows it.
const EX_CONFIG: u8 = 78;

/// A checked plan, or the exit code after everything wrong with it has been said.
pub fn load(file: &Path) -> Result<Plan, ExitCode> {
    file::load(file, NODES).map_err(|rejected| {
        if stdout::is_for_programs() {
            let problems = rejected.problems.iter();
            let placed: Vec<_> = problems
                .map(|it| it.placed(&rejected.file, &rejected.text))
                .collect();
            print_json(&json!({ "ok": false, "problems": placed }));
        } else {
            eprint!("{}", rejected.render());
            let count = rejected.problems.len();
            let noun = if count == 1 { "problem" } else { "problems" };
            eprintln!("\n{count} {noun} in {}", rejected.file);
        }
        ExitCode::from(EX_CONFIG)
    })
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
