//! Pipeline files: TOML in, a checked plan out. Touches no device, model or network.

pub mod graph;
pub mod input;
mod interpolation;
mod kinds;
mod labels;
mod needs;
mod node;
pub mod own_tests;
mod parser;
mod path;
mod plan;
mod privacy;
pub mod problem;
pub mod reference;
mod replacement;
mod secrets;
mod sections;
pub mod shape;
mod slips;
pub mod status;
mod syntax;
mod table;
mod test_checks;
mod types;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use self::interpolation::Interpolation;
use self::own_tests::PlannedTest;
use self::parser::Parser;
pub use self::plan::{Plan, PlannedNode};
use self::problem::{Placed, Problem, Severity};
use self::replacement::Places;
pub use self::replacement::{Listener, Replacement};
use self::status::Status;
use crate::pipeline::contract::catalogue::Entry;
use crate::pipeline::contract::runtime_options::{Privacy, Runtime};
use crate::pipeline::contract::{secret, uri};

/// No pipeline file that a person wrote is larger.
const LARGEST_FILE: u64 = 1024 * 1024;
/// The path of a pipeline file that comes by standard input.
const STANDARD_INPUT: &str = "-";
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
    /// All problems as a person reads them, for a terminal that shows colours or for what takes plain text.
    pub fn render(&self, coloured: bool) -> String {
        let render = |it: &Problem| it.render(self.severity, &self.file, &self.text, coloured);
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
    // What is known without a look at files was compared when the graph was read.
    problems.extend(labels::check(&plan.nodes, &|it| {
        let named = || (it.names_at_hand)(&plan.base);
        it.names.clone().or_else(named)
    }));
    let wrong: Vec<Problem> = plan
        .tests
        .iter()
        .flat_map(|it| wrong_options(it, &text, &plan.base, nodes))
        .collect();
    if !wrong.is_empty() {
        return Err(remarks(path, text, wrong, Severity::Error));
    }
    problems.sort_by_key(|it| it.span.start);
    let remarks = remarks(path, text, problems, Severity::Warning);
    Ok((plan, remarks))
}

/// What is wrong with the options that a test sets.
fn wrong_options(
    test: &PlannedTest,
    text: &str,
    base: &Path,
    nodes: &'static [Entry],
) -> Vec<Problem> {
    let replacement = Replacement {
        options: test.options(),
        kept: &[],
        place: Some(test.place("options")),
        listener: None,
    };
    let parsed = parse_with(text, base, nodes, Some(&replacement));
    parsed.err().unwrap_or_default()
}

fn read_and_parse(path: &Path, nodes: &'static [Entry]) -> Result<(Plan, String), Remarks> {
    let text = text_of(path)?;
    match parse(&text, &base_of(path), nodes) {
        Ok(plan) => Ok((plan, text)),
        Err(problems) => Err(remarks(path, text, problems, Severity::Error)),
    }
}

fn text_of(path: &Path) -> Result<String, Remarks> {
    read(path).map_err(|(message, help)| {
        let problem = Problem::new(0..0, message, help);
        remarks(path, String::new(), vec![problem], Severity::Error)
    })
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
    let file: Box<dyn Read> = match path == Path::new(STANDARD_INPUT) {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(trouble)?),
    };
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
    parse_with(text, base, nodes, None)
}

fn parse_with(
    text: &str,
    base: &Path,
    nodes: &'static [Entry],
    replacement: Option<&Replacement>,
) -> Result<Plan, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax::problems(&errors, text));
    }
    let mut document = document.into_inner();
    let mut places = Places::behind(text.len());
    let unfit = replacement.map(|it| it.put_into(&mut document, &mut places));
    let mut parsed = parse_document(text, document, base, nodes);
    parsed.problems.extend(unfit.into_iter().flatten());
    let mut problems = complete(&mut parsed, nodes, replacement);
    places.settle(&mut problems);
    problems.sort_by_key(|problem| problem.span.start);
    match problems.is_empty() {
        true => Ok(parsed.plan),
        false => Err(problems),
    }
}

/// The sources of a pipeline file, whatever else is wrong with it.
///
/// # Errors
/// That it cannot be read, or is no TOML.
pub fn sources(path: &Path, nodes: &'static [Entry]) -> Result<Vec<PlannedNode>, Remarks> {
    let (text, base) = (text_of(path)?, base_of(path));
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let problems = syntax::problems(&errors, &text);
        return Err(remarks(path, text, problems, Severity::Error));
    }
    let mut document = document.into_inner();
    // `[runtime]` names the file of their secrets.
    let wanted = ["sources", "runtime"].map(|it| document.remove_entry(it));
    document = wanted.into_iter().flatten().collect();
    let parsed = parse_document(&text, document, &base, nodes);
    Ok(parsed.plan.nodes)
}

/// The tests of a pipeline file. Of what is wrong with the rest nothing is told: a test may replace it.
///
/// # Errors
/// What is wrong with them, that the file cannot be read, or is no TOML.
pub fn load_tests(path: &Path, nodes: &'static [Entry]) -> Result<Vec<PlannedTest>, Remarks> {
    let (text, base) = (text_of(path)?, base_of(path));
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let problems = syntax::problems(&errors, &text);
        return Err(remarks(path, text, problems, Severity::Error));
    }
    let mut document = document.into_inner();
    let tests = document.remove_entry(own_tests::SECTION).into_iter();
    let tests = parse_document(&text, tests.collect(), &base, nodes);
    let mut rest = parse_document(&text, document, &base, nodes);
    kinds::spread(&mut rest.plan.nodes);
    rest.plan.tests = tests.plan.tests;
    let doubt = |name: &str| rest.lost || rest.untyped.iter().any(|it| it == name);
    let mut problems = tests.problems;
    problems.extend(test_checks::check(&rest.plan, doubt));
    match problems.is_empty() {
        true => Ok(rest.plan.tests),
        false => Err(remarks(path, text, problems, Severity::Error)),
    }
}

/// Where relative paths of a pipeline file start.
pub fn base_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Reads and checks a pipeline file of which something is replaced.
///
/// # Errors
/// As those of [`load`], and what does not fit.
pub fn load_with(
    path: &Path,
    nodes: &'static [Entry],
    replacement: &Replacement,
) -> Result<Plan, Remarks> {
    let (text, base) = (text_of(path)?, base_of(path));
    let parsed = parse_with(&text, &base, nodes, Some(replacement));
    parsed.map_err(|problems| remarks(path, text, problems, Severity::Error))
}

/// What the tables of a document say, each by itself.
struct Parsed {
    plan: Plan,
    problems: Vec<Problem>,
    untyped: Vec<String>,
    lost: bool,
}

fn parse_document(
    text: &str,
    mut document: DeTable<'_>,
    base: &Path,
    nodes: &'static [Entry],
) -> Parsed {
    let mut interpolation = Interpolation::default();
    match secrets::of(&document, base) {
        Ok(secrets) => interpolation.secrets = secrets,
        Err(problem) => interpolation.problems.push(problem),
    }
    for (key, value) in document.iter_mut() {
        // A test that is not run needs nothing of the environment.
        if key.get_ref() != own_tests::SECTION {
            interpolation.interpolate(value);
        }
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
        tests: Vec::new(),
        base: base.to_path_buf(),
        sha256: sum(text),
    };
    for (key, value) in document {
        parser.section(&key, value, &mut plan);
    }
    plan.nodes.sort_by_key(|node| node.span.start);
    Parsed {
        plan,
        problems: parser.problems,
        untyped: parser.untyped,
        lost: parser.lost,
    }
}

/// Checks how the tables fit together, and works out what each node makes and takes.
fn complete(
    parsed: &mut Parsed,
    nodes: &'static [Entry],
    replacement: Option<&Replacement>,
) -> Vec<Problem> {
    let Parsed {
        plan,
        problems,
        untyped,
        lost,
    } = parsed;
    let mut problems = std::mem::take(problems);
    kinds::spread(&mut plan.nodes);
    if plan.nodes.is_empty() && untyped.is_empty() && !*lost {
        let help = "start with `[sources.NAME]`; `otus nodes` lists the types";
        problems.push(Problem::new(0..0, "the pipeline has no nodes", help));
    }
    let doubt = |name: &str| *lost || untyped.iter().any(|it| it == name);
    let listener = replacement.filter(|it| it.listener.is_some());
    if let Some(replacement) = listener {
        replacement.listen(&mut plan.nodes, plan.runtime.privacy);
    } else {
        problems.extend(test_checks::check(plan, doubt));
    }
    problems.extend(graph::check(&plan.nodes, doubt, nodes));
    if listener.is_some() {
        graph::settle(&mut plan.nodes);
        return problems;
    }
    // Inputs that are in doubt would make their producers look unused.
    if problems.is_empty() {
        problems = graph::complete(&mut plan.nodes);
        privacy::spread(&mut plan.nodes);
    }
    if problems.is_empty() && plan.runtime.privacy == Privacy::Required {
        problems = privacy::check(&plan.nodes, nodes);
    }
    problems
}
