//! `otus completions`: what a shell needs to know to complete commands, node types and models.

use std::io::stdout;
use std::process::ExitCode;

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::{Shell, generate};

use crate::inference::store::manifest;
use crate::nodes::NODES;
use crate::pipeline::contract::catalogue::Entry;

pub fn completions(shell: Shell, whole: Command) -> ExitCode {
    generate(shell, &mut command(whole), "otus", &mut stdout());
    ExitCode::SUCCESS
}

/// The command line for shells: without what is hidden from people, and with the names that arguments can be.
pub fn command(whole: Command) -> Command {
    let shown = Command::new("otus")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .subcommand_required(whole.is_subcommand_required_set())
        .args(whole.get_arguments());
    let shown = shown.subcommands(whole.get_subcommands().filter(|it| !it.is_hide_set()));
    let types: Vec<&str> = NODES.iter().map(Entry::name).collect();
    let mut models: Vec<&str> = manifest::all().iter().map(|it| it.id.as_str()).collect();
    // Some have a file for each kind of processor.
    models.dedup();
    let named = |names: &[&'static str]| PossibleValuesParser::new(names.to_vec());
    let (types, models) = (named(&types), named(&models));
    let ids = |it: Command| it.mut_arg("ids", |arg| arg.value_parser(models.clone()));
    shown
        .mut_subcommand("nodes", |it| {
            it.mut_arg("name", |arg| arg.value_parser(types))
        })
        .mut_subcommand("models", |it| {
            it.mut_subcommand("pull", ids).mut_subcommand("verify", ids)
        })
}
