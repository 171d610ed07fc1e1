//! What a person calls: one file a command.
//!
//! Exit codes: 0 done, 1 failed while running, 2 usage, 78 the pipeline file is wrong.

mod check;
mod client;
mod devices;
mod doctor;
mod events;
mod graph;
mod import;
mod inspect;
mod limits;
mod log;
mod models;
mod nodes;
mod output;
mod reload;
mod replay;
mod run;
mod status;
mod test;
mod top;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};

use self::output::failed;
use crate::inference::{self, worker};
use crate::pipeline::contract::stdout;

/// Edge vision and audio runtime: cameras and microphones in, events out.
#[derive(Parser)]
#[command(name = "otus", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print for programs: JSON on standard output.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run a pipeline until its files end or it is stopped.
    Run {
        /// The pipeline file.
        file: PathBuf,
        /// Stop after this time, such as `10s` or `5m`.
        #[arg(long = "for", value_name = "TIME", value_parser = time)]
        duration: Option<Duration>,
    },
    /// Find everything wrong with a pipeline file, and what it names that is missing or does not fit.
    Check {
        /// The pipeline file.
        file: PathBuf,
        /// Take warnings as errors.
        #[arg(long)]
        strict: bool,
    },
    /// Draw a pipeline.
    Graph {
        /// The pipeline file.
        file: PathBuf,
        /// The language to draw it in.
        #[arg(long, value_enum, default_value_t = graph::Format::Mermaid)]
        format: graph::Format,
    },
    /// Explain node types and their options.
    Nodes {
        /// One type; all if left out.
        name: Option<String>,
    },
    /// Print the JSON Schema of pipeline files, by which editors complete and check them.
    Schema,
    /// List, fetch, convert, verify and look into models.
    Models {
        #[command(subcommand)]
        action: models::Action,
    },
    /// List cameras, microphones and inference providers.
    Devices,
    /// Measure what a pipeline stands on, and say what to do about what is wrong.
    Doctor {
        /// The pipeline file; without one, every device of this machine is looked at.
        file: Option<PathBuf>,
    },
    /// Play recordings through a pipeline in place of its cameras and microphones, and print what it decides.
    ///
    /// It is read at full speed on its own clock, the same events come of it each time, and the pipeline's own sinks are left out.
    Replay {
        #[command(flatten)]
        wish: replay::Wish,
    },
    /// Run the tests that stand in a pipeline file.
    Test {
        #[command(flatten)]
        wish: test::Tests,
    },
    /// Search the history that a pipeline keeps.
    Events {
        #[command(flatten)]
        search: events::Search,
    },
    /// Check that evidence is as it was written, and name the first bundle that is not.
    Verify {
        #[command(flatten)]
        what: verify::What,
    },
    /// Ask a running instance how it is.
    Status {
        #[command(flatten)]
        place: client::Place,
    },
    /// Have a running instance read its pipeline file again.
    Reload {
        #[command(flatten)]
        place: client::Place,
    },
    /// Run one model for another otus process, which starts this by itself.
    #[command(hide = true)]
    Worker,
    /// Try to open one stream for another otus process, which starts this by itself.
    #[command(hide = true)]
    Trial,
    /// Watch a running instance; q quits.
    Top {
        #[command(flatten)]
        place: client::Place,
    },
}

/// The command line, for those who describe it: the manual and the shell completions.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let Arguments { command, json } = Arguments::parse();
    if let Err(message) = log::start() {
        eprintln!("error: {message}");
        return ExitCode::from(2);
    }
    if json {
        stdout::give_to_programs();
    }
    if let Err(message) = limits::of_a_command() {
        return failed(message);
    }
    if !matches!(command, Command::Run { .. }) {
        // A reader that has seen enough, such as `head`, ends the program quietly.
        // SAFETY: the default action runs no code of ours.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    match command {
        Command::Run { file, duration } => run::run(&file, duration),
        Command::Check { file, strict } => check::check(&file, strict, json),
        Command::Graph { file, format } => graph::graph(&file, format, json),
        Command::Nodes { name } => nodes::nodes(name.as_deref(), json),
        Command::Schema => nodes::schema(),
        Command::Models { action } => models::models(&action, json),
        Command::Devices => devices::devices(json),
        Command::Doctor { file } => doctor::doctor(file.as_deref(), json),
        Command::Replay { wish } => replay::replay(&wish, json),
        Command::Test { wish } => test::test(&wish, json),
        Command::Events { search } => events::events(&search, json),
        Command::Verify { what } => verify::verify(&what, json),
        Command::Status { place } => status::status(&place, json),
        Command::Reload { place } => reload::reload(&place, json),
        Command::Top { place } => top::top(&place, json),
        Command::Worker => worker(),
        Command::Trial => crate::nodes::sit_trial(),
    }
}

fn worker() -> ExitCode {
    match worker::serve(inference::ENGINES) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(format!("this is no worker of otus: {error}")),
    }
}

/// A length of time as people write it.
fn time(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let parsed = parsed.and_then(|it| Duration::try_from(it).ok());
    parsed.ok_or_else(|| "it must be a time such as 10s, 5m or 24h".to_owned())
}
