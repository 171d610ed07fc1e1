//! Completion by the shell: what it asks otus when somebody presses Tab, and the script that makes it ask.

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};

use super::client::Place;
use crate::cli::output::failed;
use crate::inference::store::manifest;
use crate::nodes::NODES;
use crate::pipeline::contract::catalogue::Entry;

/// Set by the script to the name of its shell, where it asks what a word can be.
const ASKED: &str = "OTUS_COMPLETE";

/// Answers a shell that asks, and ends; does nothing else.
pub fn answer(whole: fn() -> Command) {
    CompleteEnv::with_factory(whole).var(ASKED).complete();
}

pub fn completions(shell: Shell) -> ExitCode {
    match script(shell) {
        Ok(script) => {
            let _ = stdout().write_all(&script);
            ExitCode::SUCCESS
        }
        Err(error) => failed(format!("there is no script for {shell}: {error}")),
    }
}

/// What a shell is to read so that it asks.
///
/// # Errors
/// If there is none for this shell.
pub fn script(shell: Shell) -> std::io::Result<Vec<u8>> {
    let known = Shells::builtins();
    let asks = known.completer(&shell.to_string());
    let asks = asks.ok_or(std::io::ErrorKind::Unsupported)?;
    let mut script = Vec::new();
    asks.write_registration(ASKED, "otus", "otus", "otus", &mut script)?;
    Ok(script)
}

/// Types of nodes, with what each is.
pub fn types() -> Vec<CompletionCandidate> {
    let about = |it: &Entry| match it {
        Entry::Present(ty) => Some(ty.about.into()),
        Entry::Absent { .. } => None,
    };
    let types = NODES
        .iter()
        .map(|it| CompletionCandidate::new(it.name()).help(about(it)));
    types.collect()
}

/// Models that otus knows by name.
pub fn models() -> Vec<CompletionCandidate> {
    let mut ids: Vec<&str> = manifest::all().iter().map(|it| it.id.as_str()).collect();
    // Some have a file for each kind of processor.
    ids.dedup();
    ids.into_iter().map(CompletionCandidate::new).collect()
}

/// The nodes of the instance that runs here, if one does.
pub fn nodes() -> Vec<CompletionCandidate> {
    let Ok(status) = Place::default().status() else {
        return Vec::new();
    };
    let nodes = status["pipeline"]["nodes"].as_array();
    let names = nodes
        .into_iter()
        .flatten()
        .filter_map(|it| it["id"].as_str());
    names.map(CompletionCandidate::new).collect()
}
