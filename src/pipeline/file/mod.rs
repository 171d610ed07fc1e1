//! Pipeline files: TOML in, a checked plan out. Touches no device, model or network.

pub mod graph;
pub mod input;
mod interpolation;
mod kinds;
mod labels;
mod needs;
mod node;
mod parser;
mod path;
mod plan;
mod privacy;
pub mod problem;
pub mod reference;
mod sections;
pub mod shape;
mod slips;
pub mod status;
mod syntax;
mod table;
mod types;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use self::interpolation::Interpolation;
use self::parser::Parser;
pub use self::plan::{Plan, PlannedNode};
use self::problem::{Placed, Problem, Severity};
use self::status::Status;
use crate::pipeline::contract::catalogue::Entry;
use crate::pipeline::contract::runtime_options::{Privacy, Runtime};
use crate::pipeline::contract::{secret, uri};

/// No pipeline file that a person wrote is larger.
const LARGEST_FILE: u64 = 1024 * 1024;
/// More problems than a person reads: a file that is no pipeline at all has one in every line.
const MOST_PROBLEMS: usize = 50;

/// What is to be said of a pipeline file.
#[derive(Debug)]
pub struct Remarks {
    /// Path as given.
    pub file: String,
    /// Its text, if it could be read at all.
    pub text: String,
    /// All problems, in the order of the file.
    pub problems: Vec<Problem>,
    /// How bad they are.
    pub severity: Severity,
}

impl Remarks {
    /// All problems as a person reads them.
    pub fn render(&self) -> String {
        let render = |it: &Problem| it.render(self.severity, &self.file, &self.text);
        let rendered: Vec<String> = self.problems.iter().map(render).collect();
        secret::redact(&rendered.join("\n"))
    }

    /// All problems with their places, for programs.
    pub fn placed(&self) -> Vec<Placed> {
        let problems = self.problems.iter();
        problems
            .map(|it| it.placed(&self.file, &self.text))
            .collect()
    }
}

/// Reads and checks a pipeline file.
///
/// # Errors
/// Everything that is wrong with it, also if it cannot be read.
pub fn load(path: &Path, nodes: &'static [Entry]) -> Result<Plan, Remarks> {
    Ok(read_and_parse(path, nodes)?.0)
}

/// The same, and what is missing or does not fit among the files that it names.
///
/// # Errors
/// As those of [`load`].
pub fn look(path: &Path, nodes: &'static [Entry]) -> Result<(Plan, Remarks), Remarks> {
    let (plan, text) = read_and_parse(path, nodes)?;
    let mut problems = plan.at_hand();
    problems.sort_by_key(|it| it.span.start);
    let remarks = remarks(path, text, problems, Severity::Warning);
    Ok((plan, remarks))
}

fn read_and_parse(path: &Path, nodes: &'static [Entry]) -> Result<(Plan, String), Remarks> {
    let base = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let text = read(path).map_err(|(message, help)| {
        let problem = Problem::new(0..0, message, help);
        remarks(path, String::new(), vec![problem], Severity::Error)
    })?;
    match parse(&text, &base, nodes) {
        Ok(plan) => Ok((plan, text)),
        Err(problems) => Err(remarks(path, text, problems, Severity::Error)),
    }
}

fn remarks(path: &Path, text: String, mut problems: Vec<Problem>, severity: Severity) -> Remarks {
    uri::remember_those_in(&text);
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    problems.truncate(MOST_PROBLEMS);
    if more > 0 {
        let message = format!("and {more} problems more");
        let end = text.len()..text.len();
        problems.push(Problem::new(end, message, "is this the right file?"));
    }
    Remarks {
        file: path.display().to_string(),
        text,
        problems,
        severity,
    }
}

fn read(path: &Path) -> Result<String, (String, String)> {
    let trouble = |error: std::io::Error| {
        let help = "name a pipeline file that you can read".to_owned();
        (format!("cannot read the pipeline file: {error}"), help)
    };
    let file = File::open(path).map_err(trouble)?;
    let mut bytes = Vec::new();
    // What says that it is empty, such as /dev/zero, may yet never end.
    let mut file = file.take(LARGEST_FILE + 1);
    file.read_to_end(&mut bytes).map_err(trouble)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let help = "is this the right file?".to_owned();
        return Err(("the pipeline file is larger than 1 MiB".to_owned(), help));
    }
    String::from_utf8(bytes).map_err(|_| {
        let help = "a pipeline file is TOML, which is UTF-8 text".to_owned();
        ("the pipeline file is not text".to_owned(), help)
    })
}

fn sum(text: &str) -> Arc<str> {
    let digest = Sha256::digest(text);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    Arc::from(digits.collect::<String>())
}

/// Checks the text of a pipeline file.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn parse(text: &str, base: &Path, nodes: &'static [Entry]) -> Result<Plan, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax::problems(&errors, text));
    }
    let mut document = document;
    let mut interpolation = Interpolation::default();
    for (_, value) in document.get_mut().iter_mut() {
        interpolation.interpolate(value);
    }
    let mut parser = Parser {
        text,
        base,
        meanings: &interpolation.meanings,
        catalogue: nodes,
        problems: interpolation.problems,
        untyped: Vec::new(),
        lost: false,
    };
    let mut plan = Plan {
        nodes: Vec::new(),
        runtime: Runtime::default(),
        status: Status::default(),
        base: base.to_path_buf(),
        sha256: sum(text),
    };
    for (key, value) in document.into_inner() {
        parser.section(&key, value, &mut plan);
    }
    plan.nodes.sort_by_key(|node| node.span.start);
    kinds::spread(&mut plan.nodes);
    let mut problems = parser.problems;
    if plan.nodes.is_empty() && parser.untyped.is_empty() && !parser.lost {
        let help = "start with `[sources.NAME]`; `otus nodes` lists the types";
        problems.push(Problem::new(0..0, "the pipeline has no nodes", help));
    }
    let doubt = |name: &str| parser.lost || parser.untyped.iter().any(|it| it == name);
    problems.extend(graph::check(&plan.nodes, doubt, nodes));
    // Inputs that are in doubt would make their producers look unused.
    if problems.is_empty() {
        problems = graph::complete(&mut plan.nodes);
        privacy::spread(&mut plan.nodes);
    }
    if problems.is_empty() && plan.runtime.privacy == Privacy::Required {
        problems = privacy::check(&plan.nodes, nodes);
    }
    problems.sort_by_key(|problem| problem.span.start);
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}
