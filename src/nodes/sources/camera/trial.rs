//! Opens a stream in a process of its own first. OpenCV opens one stream at a time in a process, so a camera that does
//! not answer would keep the others waiting; and it does not say why it cannot open one, which FFmpeg's messages do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::opencv::{self, Backend, Capture, Wish};
use crate::nodes::parts::stream::reasons;
use crate::pipeline::contract::child;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stop::Stop;

const LOOK_UP: Duration = Duration::from_millis(20);
/// A process, its libraries and a slow card need so long beside the connecting.
const START: Duration = Duration::from_secs(15);
/// A hostile server could have FFmpeg complain without end.
const MOST_COMPLAINTS: u64 = 65_536;

/// Before the milliseconds that opening took.
const OPENED: &str = "opened in ";

/// What is tried: written to the standard input of the process, as its arguments can be read by everybody.
#[derive(Serialize, Deserialize)]
pub struct Trial {
    /// The address of a stream.
    pub address: String,
    /// How long connecting and a picture may take, in milliseconds.
    pub limits_ms: (u64, u64),
}

/// A process that dies with its reader.
struct Trying(Child);

impl Drop for Trying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Trial {
    /// Has another process open it; gives how long that took. `node` is who wants to know.
    ///
    /// # Errors
    /// Why it cannot be opened; `Over` if `stop` is set meanwhile.
    pub fn run(&self, node: &str, stop: &Stop) -> Result<Duration> {
        let started = self.start();
        let mut trying = started
            .map_err(|error| Error::retry(format!("cannot try it in a process: {error}")))?;
        let output = trying.0.stdout.take().expect("it is piped");
        let node = node.to_owned();
        let report = std::thread::spawn(move || read(output, &node));
        let limit = Duration::from_millis(self.limits_ms.0) + START;
        let deadline = Instant::now() + limit;
        while trying.0.try_wait().map_err(Error::retry)?.is_none() {
            if stop.is_set() {
                return Err(Error::Over);
            }
            if Instant::now() > deadline {
                return Err(reasons::silent(limit));
            }
            std::thread::sleep(LOOK_UP);
        }
        let report = report.join().unwrap_or_default();
        let connecting = Duration::from_millis(self.limits_ms.0);
        match report {
            // What FFmpeg has given up, OpenCV calls open.
            Report {
                took: Some(took), ..
            } if took < connecting => Ok(took),
            Report {
                complaint: Some(complaint),
                ..
            } => Err(reasons::of(&complaint)),
            _ => Err(reasons::silent(connecting)),
        }
    }

    fn start(&self) -> io::Result<Trying> {
        // Also right after an upgrade has replaced the file that this program was started from.
        let child = child::program("/proc/self/exe")
            .arg("trial")
            .env("OPENCV_FFMPEG_DEBUG", "1")
            .env("OPENCV_FFMPEG_LOGLEVEL", "24")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut trying = Trying(child);
        let stdin = trying.0.stdin.take().expect("it is piped");
        serde_json::to_writer(&stdin, self)?;
        (&stdin).flush()?;
        Ok(trying)
    }
}

/// What the process has told.
#[derive(Default)]
struct Report {
    /// How long opening took, if it came to that.
    took: Option<Duration>,
    /// What says most about why it did not.
    complaint: Option<String>,
}

/// Reads what the process and, by OpenCV, FFmpeg print; logs what FFmpeg complains about.
fn read(output: ChildStdout, node: &str) -> Report {
    let lines = BufReader::new(output.take(MOST_COMPLAINTS)).lines();
    let mut report = Report::default();
    for line in lines.map_while(io::Result::ok) {
        if let Some(took) = line.strip_prefix(OPENED) {
            report.took = took.parse().ok().map(Duration::from_millis);
            continue;
        }
        let line = line
            .split_once("] ")
            .map_or(line.as_str(), |(_, said)| said);
        let line = redact(line.trim());
        tracing::debug!(node, from = "ffmpeg", "{line}");
        if report.complaint.is_none() || reasons::is_known(&line) {
            report.complaint = Some(line);
        }
    }
    report
}

/// What the process does: opens the stream that its standard input names, and tells how long that took.
pub fn sit() -> ExitCode {
    let Ok(trial) = serde_json::from_reader::<_, Trial>(io::stdin()) else {
        eprintln!("error: this is no trial of otus");
        return ExitCode::from(2);
    };
    // Loading takes its time once, and is no part of connecting.
    if let Err(why) = opencv::prepare(Backend::Ffmpeg) {
        println!("{why}");
        return ExitCode::FAILURE;
    }
    let begun = Instant::now();
    let opened = Capture::open(&Wish {
        limits_ms: trial.limits_ms,
        ..Wish::of(&trial.address, Backend::Ffmpeg)
    });
    let took = begun.elapsed().as_millis();
    match opened {
        Ok(Some(capture)) => {
            drop(capture);
            println!("{OPENED}{took}");
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
