//! `otus graph`: a pipeline as Mermaid or Graphviz.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::json;

use crate::cli::output::{load, print_json};
use crate::pipeline::run::drawing::Drawing;

/// A language for drawings.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For Markdown pages.
    Mermaid,
    /// For `dot`.
    Graphviz,
}

pub fn graph(file: &Path, format: Format, json: bool) -> ExitCode {
    let drawing = match load(file) {
        Ok(plan) => Drawing::of_plan(&plan),
        Err(code) => return code,
    };
    match format {
        _ if json => print_json(&json!(drawing)),
        Format::Mermaid => print!("{}", drawing.mermaid()),
        Format::Graphviz => print!("{}", drawing.graphviz()),
    }
    ExitCode::SUCCESS
}
