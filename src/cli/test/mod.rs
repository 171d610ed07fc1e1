//! `otus test`: whether a pipeline decides over recordings what its tests say.

mod junit;
mod outcome;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde_json::json;
use toml::{Table, Value};

use self::outcome::Run;
use self::verdict::Verdict;
use crate::cli::output::{failed, print_json, printable, reject};
use crate::cli::replay::parts;
use crate::cli::replay::play::{Trouble, play};
use crate::cli::replay::whole::write_whole;
use crate::nodes::{Expression, NODES};
use crate::pipeline::file::own_tests::{PlannedTest, Test};
use crate::pipeline::file::{self, Plan};

/// Which tests are run, and how it is told.
#[derive(Args)]
pub struct Tests {
    /// The pipeline file, with `[[test]]` in it.
    file: PathBuf,
    /// Only tests whose names have this in them.
    filter: Option<String>,
    /// What came of it, for machines that build and test, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub fn test(wish: &Tests, json: bool) -> ExitCode {
    let all = match file::load_tests(&wish.file, NODES) {
        Ok(all) => all,
        Err(remarks) => return reject(&remarks),
    };
    let chosen = |it: &&PlannedTest| {
        let filter = wish.filter.as_deref().unwrap_or_default();
        it.test.name.contains(filter)
    };
    let tests: Vec<&PlannedTest> = all.iter().filter(chosen).collect();
    if tests.is_empty() {
        return failed(none(&wish.file, &all));
    }
    let mut runs = Vec::new();
    for planned in tests {
        if !json {
            println!("test {} ...", printable(&planned.test.name));
        }
        let begun = Instant::now();
        let wrong = match run(&wish.file, &planned.test) {
            Ok(wrong) => wrong,
            Err(Trouble::Wrong(remarks)) => return reject(&remarks),
            Err(Trouble::Failed(message)) => vec![message],
        };
        let (name, took) = (planned.test.name.clone(), begun.elapsed());
        let run = Run { name, took, wrong };
        if !json {
            run.print();
        }
        runs.push(run);
    }
    let written = wish.junit.as_ref().map_or(Ok(()), |path| {
        let suite = wish.file.display().to_string();
        write_whole(path, junit::document(&suite, &runs).as_bytes())
    });
    if let Err(message) = written {
        return failed(message);
    }
    conclude(&runs, all.len(), json)
}

fn none(file: &Path, all: &[PlannedTest]) -> String {
    let names: Vec<&str> = all.iter().map(|it| &*it.test.name).collect();
    match names.is_empty() {
        true => format!(
            "{} has no tests: write `[[test]]` with `name`, `media` and `expect`",
            file.display()
        ),
        false => format!("no test has such a name; there are: {}", names.join(", ")),
    }
}

/// Plays what a test gives; gives what is wrong with what comes of it.
fn run(file: &Path, test: &Test) -> Result<Vec<String>, Trouble> {
    let sources = file::sources(file, NODES).map_err(Trouble::Wrong)?;
    let (media, base) = (test.media.iter(), file::base_of(file));
    let media = media.map(|(name, path)| (name.clone(), vec![base.join(path)]));
    let parts = parts(&sources, &media.collect(), false).map_err(Trouble::Failed)?;
    let mut verdicts = Verdict::of(test).map_err(Trouble::Failed)?;
    let sections = test.options.iter().map(|(section, nodes)| {
        let nodes = nodes
            .iter()
            .map(|(name, it)| (name.clone(), Value::Table(it.clone())));
        (section.clone(), Value::Table(nodes.collect()))
    });
    let options: Table = sections.collect();
    play(file, &parts, options, |event| {
        verdicts.iter_mut().for_each(|it| it.hear(event));
        Ok(())
    })?;
    Ok(verdicts.iter().flat_map(Verdict::wrong).collect())
}

/// Conditions of tests that cannot be asked of an event, each with its place.
pub fn mistakes(plan: &Plan) -> Vec<file::problem::Problem> {
    let mut problems = Vec::new();
    for planned in &plan.tests {
        for (way, pattern) in planned.patterns() {
            let Some(condition) = &pattern.r#where else {
                continue;
            };
            if let Err(mistake) = Expression::parse(condition) {
                let place = planned.place(&format!("{way}.where"));
                problems.push(file::problem::Problem::new(
                    place,
                    mistake.message,
                    mistake.help,
                ));
            }
        }
    }
    problems
}

fn conclude(runs: &[Run], all: usize, json: bool) -> ExitCode {
    let bad = runs.iter().filter(|it| !it.wrong.is_empty()).count();
    let left_out = all - runs.len();
    if json {
        let tests = runs.iter().map(|it| {
            json!({ "name": it.name, "ok": it.wrong.is_empty(), "seconds": it.took.as_secs_f64(), "wrong": it.wrong })
        });
        let tests: Vec<_> = tests.collect();
        print_json(&json!({ "ok": bad == 0, "tests": tests, "left_out": left_out }));
    } else {
        let good = runs.len() - bad;
        println!("\n{good} ok, {bad} failed, {left_out} left out");
    }
    match bad {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
