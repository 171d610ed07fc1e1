//! Where the log goes: to the journal under systemd, else to standard error.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stdout::below_rows;
use crate::service::journal::Journal;

/// How the log is written where it goes to standard error.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines for people.
    Text,
    /// A line of JSON for each.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy)]
pub enum Level {
    /// Errors only.
    Errors,
    /// What somebody has to know.
    Usual,
    /// What otus does.
    More,
    /// Every step.
    Everything,
}

impl Level {
    /// As the command line says it.
    pub fn of(verbose: u8, quiet: bool) -> Level {
        match (verbose, quiet) {
            (_, true) => Level::Errors,
            (0, _) => Level::Usual,
            (1, _) => Level::More,
            _ => Level::Everything,
        }
    }

    fn filter(self) -> &'static str {
        match self {
            Level::Errors => "error,ort=off,symphonia=off",
            Level::Usual => "warn,otus=info,ort=error,symphonia=off",
            Level::More => "warn,otus=debug,ort=warn,symphonia=off",
            Level::Everything => "info,otus=trace,ort=info,symphonia=off",
        }
    }
}

/// Starts the log. `OTUS_LOG` chooses what is logged, as `tracing`'s filters are written: `debug`,
/// `otus=trace`; else `level` does.
///
/// # Errors
/// In words, if it is no filter.
pub fn start(level: Level, form: Form) -> Result<(), String> {
    let chosen = std::env::var("OTUS_LOG").unwrap_or_default();
    let filter = match chosen.trim() {
        "" => EnvFilter::new(level.filter()),
        chosen => filter(chosen)?,
    };
    let log = tracing_subscriber::registry().with(filter);
    // Standard error leads to the journal as well, so nothing is lost if the better way is closed.
    match (Journal::behind_standard_error(), form) {
        (Ok(Some(journal)), Form::Text) => log.with(journal).init(),
        (_, Form::Text) => log.with(standard_error()).init(),
        (_, Form::Json) => log.with(lines_of_json()).init(),
    }
    Ok(())
}

/// A word alone would be taken for a part of the program that logs nothing, and everything else be silent.
fn filter(chosen: &str) -> Result<EnvFilter, String> {
    let is_level = |it: &str| it.parse::<LevelFilter>().is_ok() || it.contains(['=', ':', '[']);
    let wrong = || {
        let levels = "`error`, `warn`, `info`, `debug`, `trace`, or `otus=debug,warn`";
        format!("OTUS_LOG={chosen} says not what to log; it can be {levels}")
    };
    match chosen.split(',').map(str::trim).all(is_level) {
        true => EnvFilter::try_new(chosen).map_err(|_| wrong()),
        false => Err(wrong()),
    }
}

fn standard_error<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .with_writer(|| Redacted)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        // A log that nobody reads any more must not bring its thread down.
        .log_internal_errors(false)
        .compact()
}

fn lines_of_json<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .with_writer(|| Redacted)
        .log_internal_errors(false)
        .json()
        .flatten_event(true)
}

/// Standard error without secrets. An event comes in one write.
struct Redacted;

impl Write for Redacted {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let event_text = redact(&String::from_utf8_lossy(event));
        let mut stderr = std::io::stderr();
        match stderr.is_terminal() {
            true => below_rows(|| stderr.write_all(event_text.as_bytes()))?,
            false => stderr.write_all(event_text.as_bytes())?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
