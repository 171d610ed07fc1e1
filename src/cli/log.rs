//! Where the log goes: to the journal under systemd, else to standard error.

use std::io::{IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::pipeline::contract::secret::redact;
use crate::service::journal::Journal;

/// Starts the log. `OTUS_LOG` chooses what is logged, as `tracing`'s filters are written: `debug`,
/// `otus=trace`.
pub fn start() {
    let filter = EnvFilter::try_from_env("OTUS_LOG").unwrap_or_else(|_| {
        EnvFilter::new("warn,otus=info,ort=error,whisper_rs=error,symphonia_core=off")
    });
    let log = tracing_subscriber::registry().with(filter);
    // Standard error leads to the journal as well, so nothing is lost if the better way is closed.
    match Journal::behind_standard_error() {
        Ok(Some(journal)) => log.with(journal).init(),
        Ok(None) | Err(_) => log.with(standard_error()).init(),
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

/// Standard error without secrets. An event comes in one write.
struct Redacted;

impl Write for Redacted {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let event_text = redact(&String::from_utf8_lossy(event));
        std::io::stderr().write_all(event_text.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
