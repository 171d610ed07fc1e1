//! `otus nodes` and `otus schema`: the option reference, for people and for editors.

use std::process::ExitCode;

use crate::cli::output::print_json;
use crate::nodes::NODES;
use crate::pipeline::contract::catalogue::Entry;
use crate::pipeline::file::problem::suggest;
use crate::pipeline::file::reference::{self, schema};

pub fn nodes(name: Option<&str>, json: bool) -> ExitCode {
    let chosen = NODES
        .iter()
        .filter(|entry| name.is_none_or(|name| entry.name() == name));
    let chosen: Vec<&Entry> = chosen.collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        let help = suggest(name, NODES.iter().map(Entry::name));
        eprintln!("error: there is no node type `{name}`; {help}");
        return ExitCode::from(2);
    }
    if json {
        print_json(&chosen.into_iter().map(reference::json).collect());
        return ExitCode::SUCCESS;
    }
    for entry in chosen {
        match (entry, name) {
            (Entry::Present(ty), Some(_)) => print!("{}", reference::node(ty)),
            (Entry::Present(ty), None) => {
                println!("{:<12} {:<10} {}", ty.name, ty.role.name(), ty.about);
            }
            (Entry::Absent { name, feature }, _) => {
                println!("{name:<12} not in this build: it lacks the feature `{feature}`");
            }
        }
    }
    ExitCode::SUCCESS
}

pub fn schema() -> ExitCode {
    println!("{:#}", schema::pipeline(NODES));
    ExitCode::SUCCESS
}
