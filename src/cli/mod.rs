//! What a person calls: one file a command.
//!
//! Exit codes: 0 done, 1 failed while running, 2 usage, 78 the pipeline file is wrong.

mod check;
mod client;
mod columns;
mod completions;
mod convert;
mod demo;
mod devices;
mod doctor;
mod events;
mod graph;
mod here;
mod import;
mod init;
mod inspect;
mod limits;
mod log;
mod meter;
mod models;
mod nodes;
mod onvif;
mod output;
mod patience;
mod port;
mod reload;
mod replay;
mod run;
mod save;
mod secrets;
mod snapshot;
mod status;
mod table;
mod tap;
mod test;
mod top;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::engine::ArgValueCandidates;

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
    /// Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Log errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// How the log is written to standard error.
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = log::Form::Text)]
    log: log::Form,
}

#[derive(Subcommand)]
enum Command {
    /// Find cameras and microphones, ask a few questions, and write a pipeline file.
    Init {
        #[command(flatten)]
        wish: init::Init,
    },
    /// See and hear at once what otus does, with what is built in: people in a street, and spoken names.
    ///
    /// At a terminal it says where its page is, and plays on until Ctrl-C; without one it plays a film and sounds once. Both are
    /// out of packages of Debian, which are fetched once.
    Demo {
        /// Stop after this time, such as `30s`.
        #[arg(long = "for", value_name = "TIME", value_parser = time)]
        duration: Option<Duration>,
    },
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
        /// The pipeline file; `-` is standard input.
        file: PathBuf,
        /// Take warnings as errors.
        #[arg(long)]
        strict: bool,
    },
    /// Make a pipeline file of a configuration of Frigate, and list what could not be carried over.
    Convert {
        /// Frigate's configuration, such as `config.yml`.
        file: PathBuf,
        /// The pipeline file to write. Default: of the same name, here.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
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
        #[arg(add = ArgValueCandidates::new(completions::types))]
        name: Option<String>,
    },
    /// Print the JSON Schema of pipeline files, by which editors complete and check them.
    Schema,
    /// List, fetch, convert, verify and look into models.
    Models {
        #[command(subcommand)]
        action: models::Action,
    },
    /// List cameras, microphones and inference providers, with lines for a pipeline file.
    Devices {
        /// Ask the cameras of this network who they are too: ONVIF, one question by multicast.
        #[arg(long)]
        find: bool,
    },
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
    /// Print the events of a running instance as they come.
    Tap {
        #[command(flatten)]
        tap: tap::Tap,
    },
    /// Save what a camera of a running instance sees.
    Snapshot {
        #[command(flatten)]
        wish: snapshot::Snapshot,
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
    /// Print what a shell needs to complete commands, node types, models, and the nodes of what runs here.
    ///
    /// `otus completions bash > ~/.local/share/bash-completion/completions/otus`; zsh reads `_otus` in its `fpath`, fish
    /// `~/.config/fish/completions/otus.fish`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
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

/// The script by which a shell asks otus what a word can be.
///
/// # Errors
/// If there is none for this shell.
pub fn completion_script(shell: clap_complete::Shell) -> std::io::Result<Vec<u8>> {
    completions::script(shell)
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    completions::answer(command);
    let Arguments {
        command,
        json,
        verbose,
        quiet,
        log,
    } = Arguments::parse();
    if let Err(message) = log::start(log::Level::of(verbose, quiet), log) {
        eprintln!("error: {message}");
        return ExitCode::from(2);
    }
    if json {
        stdout::give_to_programs();
    }
    if let Err(message) = limits::of_a_command() {
        return failed(message);
    }
    let runs = matches!(
        command,
        Command::Run { .. } | Command::Init { .. } | Command::Demo { .. }
    );
    if !runs {
        // A reader that has seen enough, such as `head`, ends the program quietly.
        // SAFETY: the default action runs no code of ours.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    match command {
        Command::Init { wish } => init::init(&wish, json),
        Command::Demo { duration } => demo::demo(duration),
        Command::Run { file, duration } => run::run(&file, duration),
        Command::Check { file, strict } => check::check(&file, strict, json),
        Command::Convert { file, to } => convert::convert(&file, to.as_deref(), json),
        Command::Graph { file, format } => graph::graph(&file, format, json),
        Command::Nodes { name } => nodes::nodes(name.as_deref(), json),
        Command::Schema => nodes::schema(),
        Command::Models { action } => models::models(&action, json),
        Command::Devices { find } => devices::devices(find, json),
        Command::Doctor { file } => doctor::doctor(file.as_deref(), json),
        Command::Replay { wish } => replay::replay(&wish, json),
        Command::Test { wish } => test::test(&wish, json),
        Command::Events { search } => events::events(&search, json),
        Command::Tap { tap } => tap::tap(tap, json),
        Command::Snapshot { wish } => snapshot::snapshot(wish, json),
        Command::Verify { what } => verify::verify(&what, json),
        Command::Status { place } => status::status(&place, json),
        Command::Reload { place } => reload::reload(&place, json),
        Command::Top { place } => top::top(&place, json),
        Command::Completions { shell } => completions::completions(shell),
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
