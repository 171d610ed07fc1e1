//! A program that decodes, in a process of its own: how it is started, what it complains about, how it ended.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::reasons;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stop::Stop;

/// What FFmpeg says of a medium that lacks what is asked for, before it says how to get on without.
pub const NO_STREAM: &str = "matches no streams";
/// The same of sound.
pub const NO_SOUND: &str = "'0:a:0' matches no streams";

/// A child. Dropping it kills it.
pub struct Decoder {
    child: Child,
    stop: Stop,
    /// Gives the most telling line of what the child complained about.
    complaints: Option<JoinHandle<String>>,
}

impl Decoder {
    /// Starts it, gives it `input` and has `heard` look at each line that it says: whether that was no complaint.
    /// Gives where it writes.
    ///
    /// # Errors
    /// `Fatal` with the remedy if it is not installed.
    pub fn start(
        mut command: Command,
        input: &str,
        remedy: &str,
        context: &Context,
        heard: impl FnMut(&str) -> bool + Send + 'static,
    ) -> Result<(Decoder, ChildStdout)> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                Error::fatal(format!("there is no `{program}` here; {remedy}"))
            } else {
                Error::retry(format!("{program}: {error}"))
            }
        })?;
        let stdin = child.stdin.take();
        let output = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let id = Arc::clone(&context.id);
        // A child that has died already will be seen at its output.
        let _ = stdin.map(|mut it| it.write_all(input.as_bytes()));
        let decoder = Decoder {
            child,
            stop: context.stop.clone(),
            complaints: Some(std::thread::spawn(move || listen(stderr, &id, heard))),
        };
        Ok((decoder, output))
    }

    /// It writes no more: whether that is well, and its most telling complaint.
    pub fn ended(&mut self) -> (bool, Option<String>) {
        // It has closed its output, so it is about to end; or this is a stop, and it goes on.
        let deadline = Instant::now() + Duration::from_secs(u64::from(!self.stop.is_set()));
        while self.child.try_wait().is_ok_and(|it| it.is_none()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let succeeded = self.child.wait().is_ok_and(|it| it.success());
        let complaint = self.complaints.take().and_then(|it| it.join().ok());
        (succeeded, complaint.filter(|it| !it.is_empty()))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What FFmpeg says without the word for how bad it is, unless it is only talk.
fn complaint(line: &str) -> Option<String> {
    let talk = ["[info]", "[verbose]", "[debug]", "[warning]"];
    if talk.iter().any(|it| line.contains(it)) {
        return None;
    }
    let bare = ["[error] ", "[fatal] ", "[panic] "];
    Some(
        bare.iter()
            .fold(line.to_owned(), |line, word| line.replacen(word, "", 1)),
    )
}

/// Logs what a child complains about and gives the line that tells most: GStreamer's first error, after which there are
/// only consequences, and FFmpeg's last.
fn listen(stderr: ChildStderr, id: &str, mut heard: impl FnMut(&str) -> bool) -> String {
    let mut telling = String::new();
    for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
        if heard(&line) {
            continue;
        }
        let Some(line) = complaint(&line) else {
            continue;
        };
        let line = redact(line.trim());
        tracing::debug!(node = id, "{line}");
        let tells_most = ["ERROR: from element", NO_STREAM];
        let tells_most = |it: &str| tells_most.iter().any(|most| it.contains(most));
        if !tells_most(&telling) && (!reasons::is_known(&telling) || reasons::is_known(&line)) {
            telling = line;
        }
    }
    telling
}
