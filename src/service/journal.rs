//! The log under systemd: every field of an event becomes a field of the journal.
//!
//! `journalctl -u otus OTUS_NODE=porch` then finds what one node said. Everything goes through
//! `redact` on the way out, so that a secret in a library's message does not reach the disk either.

use std::fmt::{Debug, Write as _};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixDatagram;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::pipeline::contract::secret::redact;

const SOCKET: &str = "/run/systemd/journal/socket";
/// The journal takes larger ones by other means, and nobody reads them.
const LONGEST_VALUE: usize = 16 * 1024;

/// Writes events to the journal.
pub struct Journal {
    socket: UnixDatagram,
}

impl Journal {
    /// The journal, if standard error leads there: systemd says so in `JOURNAL_STREAM`.
    ///
    /// # Errors
    /// If it leads there and the journal cannot be reached.
    pub fn behind_standard_error() -> io::Result<Option<Journal>> {
        let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
        match named == identity(io::stderr())? {
            true => Journal::at(SOCKET).map(Some),
            false => Ok(None),
        }
    }

    fn at(path: &str) -> io::Result<Journal> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        // A journal that hangs must not hold up the pipeline.
        socket.set_nonblocking(true)?;
        Ok(Journal { socket })
    }
}

/// A stream's `device:inode`.
fn identity(stream: impl AsFd) -> io::Result<String> {
    // SAFETY: all zeros is a value of `stat`, which is plain data.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open for the call and `stat` is as large as it must be.
    match unsafe { libc::fstat(stream.as_fd().as_raw_fd(), &raw mut stat) } {
        0 => Ok(format!("{}:{}", stat.st_dev, stat.st_ino)),
        _ => Err(io::Error::last_os_error()),
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let entry = entry(*metadata.level(), metadata.target(), fields);
        // What the journal does not take is lost: there is nowhere else to say so.
        let _ = self.socket.send(&entry);
    }
}

/// One entry in the journal's native protocol.
fn entry(level: Level, target: &str, fields: Fields) -> Vec<u8> {
    let mut entry = Vec::new();
    let priority = match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    };
    put(&mut entry, "PRIORITY", priority);
    put(&mut entry, "SYSLOG_IDENTIFIER", "otus");
    put(&mut entry, "OTUS_TARGET", target);
    let mut message = fields.message;
    for (name, value) in &fields.others {
        put(&mut entry, &format!("OTUS_{}", name.to_uppercase()), value);
        let _ = write!(message, " {name}={value}");
    }
    put(&mut entry, "MESSAGE", message.trim_start());
    entry
}

/// Values go with their length, because they may hold line ends.
fn put(entry: &mut Vec<u8>, name: &str, value: &str) {
    let value = redact(value);
    let end = value.floor_char_boundary(LONGEST_VALUE);
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(end as u64).to_le_bytes());
    entry.extend_from_slice(&value.as_bytes()[..end]);
    entry.push(b'\n');
}

/// The fields of an event, as text.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        self.keep(field, text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }
}

impl Fields {
    fn keep(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            // The places of messages that came through the crate `log`; no field names have dots.
            name if name.contains('.') => {}
            name => self.others.push((name, text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::pipeline::contract::secret;

    #[test]
    fn an_event_becomes_an_entry_with_its_fields_and_without_secrets() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("journal");
        let journal = UnixDatagram::bind(&path).expect("a free name");
        let layer = Journal::at(path.to_str().expect("ASCII")).expect("it is there");
        secret::remember("hunter2-journal");
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(node = %"porch", tries = 3, "no hunter2-journal\nat all");
        });
        let mut entry = [0; 4096];
        let length = journal.recv(&mut entry).expect("an entry");
        let message = "no ***\nat all node=porch tries=3";
        let mut expected = Vec::new();
        for (name, value) in [
            ("PRIORITY", "4"),
            ("SYSLOG_IDENTIFIER", "otus"),
            ("OTUS_TARGET", module_path!()),
            ("OTUS_NODE", "porch"),
            ("OTUS_TRIES", "3"),
            ("MESSAGE", message),
        ] {
            expected.extend_from_slice(name.as_bytes());
            expected.push(b'\n');
            expected.extend_from_slice(&(value.len() as u64).to_le_bytes());
            expected.extend_from_slice(value.as_bytes());
            expected.push(b'\n');
        }
        assert_eq!(
            String::from_utf8_lossy(&entry[..length]),
            String::from_utf8_lossy(&expected)
        );
    }
}
