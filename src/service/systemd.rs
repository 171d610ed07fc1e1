//! What systemd is told: ready, alive, how it goes, stopping.
//!
//! The watchdog hears of a pipeline that gets on, not of a thread that still runs: once nothing has
//! moved for `WatchdogSec`, it hears nothing, and kills the process when as much time again is over.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use crate::pipeline::contract::error::no_thread;
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stop::Stop;
use crate::pipeline::count::metrics::State;
use crate::pipeline::run::View;
use crate::pipeline::run::snapshot::Snapshot;
use crate::pipeline::run::snapshot::{Reload, ReloadOutcome};
use crate::service::progress;
use crate::service::summary::Summary;

/// How often the pipeline is looked at, unless the watchdog wants to hear more often.
const LOOK: Duration = Duration::from_millis(250);
/// Until it is ready: other units may wait for it.
const EAGER: Duration = Duration::from_millis(20);
/// systemd reads within milliseconds. Whoever does not must not hold up the end.
const LISTENS: Duration = Duration::from_secs(1);
/// Pings in each `WatchdogSec`: one that is late must not kill.
const PINGS: u32 = 4;
/// How long a start or reload is extended each time while models are being opened.
const EXTENSION: Duration = Duration::from_secs(30);
/// A status line that people can read at a glance.
const LONGEST_STATUS: usize = 300;

/// Keeps systemd informed on a thread of its own until the stop is set. None if nobody asked to be
/// informed.
pub fn inform(view: View, stop: Stop) -> Option<JoinHandle<()>> {
    std::env::var_os("NOTIFY_SOCKET")?;
    let informer = Informer {
        view,
        patience: sd_notify::watchdog_enabled(),
        ready: false,
        stuck: false,
        said: String::new(),
        extended: None,
        reloads: 0,
    };
    let body = move || informer.run(&stop);
    let thread = Builder::new().name("systemd".to_owned()).spawn(body);
    let untold =
        |error: io::Error| tracing::error!("systemd is told nothing: {}", no_thread(&error));
    thread.map_err(untold).ok()
}

/// Tells that the pipeline file is being read again. `ready` must follow, whatever comes of it.
pub fn reloading() {
    let mut messages = vec![NotifyState::Reloading];
    messages.extend(NotifyState::monotonic_usec_now());
    tell(&messages);
}

/// Tells that the start or a reload is over.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

struct Informer {
    view: View,
    /// `WatchdogSec`.
    patience: Option<Duration>,
    ready: bool,
    stuck: bool,
    /// The latest status line.
    said: String,
    extended: Option<Instant>,
    /// Reloads that were told to be over.
    reloads: u64,
}

impl Informer {
    fn run(mut self, stop: &Stop) {
        let pause = self.patience.map_or(LOOK, |it| LOOK.min(it / PINGS));
        let mut looked = Instant::now();
        while !stop.wait(if self.ready { pause } else { EAGER }) {
            if !self.ready {
                self.welcome();
            }
            if self.ready || looked.elapsed() >= pause {
                self.look();
                looked = Instant::now();
            }
        }
        tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    fn welcome(&mut self) {
        if progress::is_ready(&self.view.snapshot()) {
            self.ready = true;
            ready();
            tracing::info!("ready");
        }
    }

    fn look(&mut self) {
        let snapshot = self.view.snapshot();
        let over = |it: &&Reload| it.outcome != ReloadOutcome::Building && it.number > self.reloads;
        if let Some(reload) = snapshot.reload.as_ref().filter(over) {
            self.reloads = reload.number;
            ready();
        }
        if progress::is_opening(&snapshot) {
            self.extend();
        }
        let stuck = self.patience.and_then(|it| progress::stuck(&snapshot, it));
        self.feed(stuck.as_deref());
        let status = status(&snapshot, self.ready, stuck.as_deref());
        if status != self.said {
            tell(&[NotifyState::Status(&status)]);
            self.said = status;
        }
    }

    /// Every extension counts from now, so one is asked for well before the last one ends.
    fn extend(&mut self) {
        if self.extended.is_none_or(|at| at.elapsed() > EXTENSION / 3) {
            tell(&[NotifyState::ExtendTimeoutUsec(EXTENSION.as_micros() as u32)]);
            self.extended = Some(Instant::now());
        }
    }

    fn feed(&mut self, stuck: Option<&str>) {
        if self.patience.is_none() {
            return;
        }
        match stuck {
            None => tell(&[NotifyState::Watchdog]),
            Some(what) if !self.stuck => {
                tracing::error!("{what}; the watchdog is no longer fed and will restart otus");
            }
            Some(_) => {}
        }
        self.stuck = stuck.is_some();
    }
}

/// Nobody can help a notification that does not arrive; the log says why the service times out.
fn tell(messages: &[NotifyState<'_>]) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let lines: String = messages.iter().map(|it| format!("{it}\n")).collect();
    if let Err(error) = send(socket.as_bytes(), &lines) {
        tracing::debug!("systemd does not listen: {error}");
    }
}

/// As `sd_notify::notify`, which waits for ever while nobody reads.
fn send(path: &[u8], lines: &str) -> io::Result<()> {
    let address = match path.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(Path::new(OsStr::from_bytes(path)))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(LISTENS))?;
    socket.send_to_addr(lines.as_bytes(), &address).map(drop)
}

/// One line for `systemctl status`.
fn status(snapshot: &Snapshot, ready: bool, stuck: Option<&str>) -> String {
    let mut parts = vec![if ready { "running" } else { "starting" }.to_owned()];
    parts.extend(stuck.map(|it| format!("STUCK: {it}")));
    let totals = Summary::of(snapshot);
    for (count, noun) in [
        (totals.frames, "frames"),
        (totals.detections, "detections"),
        (totals.utterances, "utterances"),
        (totals.transcripts, "transcripts"),
    ] {
        parts.extend((count > 0).then(|| format!("{count} {noun}")));
    }
    for node in &snapshot.nodes {
        let what = match node.counts.state {
            State::Opening => "is opening",
            State::Retrying => "is being retried",
            State::Degraded => "fails again and again",
            State::Failed => "has failed",
            State::Running | State::Ended => continue,
        };
        let why = node.counts.last_error.as_deref().unwrap_or("not there yet");
        parts.push(format!("{} {what} ({why})", node.id));
    }
    let line = redact(&parts.join(", ")).replace(['\n', '\r'], " ");
    line.chars().take(LONGEST_STATUS).collect()
}
