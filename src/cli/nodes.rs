//! `otus nodes` and `otus schema`: the option reference, for people and for editors.

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use super::columns::Columns;
use super::table::table;
use crate::cli::output::print_json;
use crate::nodes::NODES;
use crate::pipeline::contract::catalogue::{Entry, NodeType};
use crate::pipeline::file::problem::suggest;
use crate::pipeline::file::reference::{self, OptionRow, schema};

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
    let present = chosen.iter().filter_map(|entry| match entry {
        Entry::Present(ty) => Some(ty),
        Entry::Absent { .. } => None,
    });
    if name.is_some() && present.clone().count() == chosen.len() {
        for ty in present {
            match stdout().is_terminal() {
                true => print!("{}", shown(ty)),
                false => print!("{}", reference::node(ty)),
            }
        }
        return ExitCode::SUCCESS;
    }
    let row = |entry: &&Entry| match entry {
        Entry::Present(ty) => [ty.name, ty.role.name(), ty.about].map(str::to_owned),
        Entry::Absent { name, feature } => {
            let why = format!("not in this build: it lacks the feature `{feature}`");
            [(*name).to_owned(), String::new(), why]
        }
    };
    let rows = chosen.iter().map(|it| row(it).to_vec()).collect();
    print!("{}", table(&[], rows));
    ExitCode::SUCCESS
}

/// The reference of one node for a terminal, where Markdown of wide tables is hard to read.
fn shown(ty: &NodeType) -> String {
    let mut said = format!("{}: {}\n{}", ty.name, ty.about, reference::flow(ty));
    if ty.redacts {
        said = said + "\n" + reference::REDACTS;
    }
    let options = reference::rows(&(ty.schema)());
    let row = |it: OptionRow| {
        let about = match &*it.default {
            "required" | "none" => it.about,
            default => format!("{} Default: {default}.", it.about),
        };
        let is_required = it.default == "required";
        let kind = if is_required {
            format!("{}, required", it.kind)
        } else {
            it.kind
        };
        vec![it.name, kind, about.replace('\n', " ")]
    };
    format!(
        "{}\n\n{}\n\n{}",
        Columns::here().fold(&said),
        reference::example(ty),
        table(
            &["OPTION", "IS", "MEANING"],
            options.into_iter().map(row).collect()
        )
    )
    .replace('`', "")
}

pub fn schema() -> ExitCode {
    println!("{:#}", schema::pipeline(NODES));
    ExitCode::SUCCESS
}
