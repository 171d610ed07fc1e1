//! The pictures that a child process writes, and what it complains about.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::recipe::Recipe;
use crate::media::frame::Frame;
use crate::nodes::sources::camera::config::Config;
use crate::nodes::sources::camera::elements;
use crate::nodes::sources::camera::medium::RIBBON;
use crate::nodes::sources::camera::rate::silent;
use crate::nodes::sources::camera::reasons;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::secret::redact;
use crate::pipeline::contract::stop::Stop;

/// How often a child that writes nothing is left alone to see whether to stop.
const LOOK_UP: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// Size of the headers of a BMP picture.
const BMP_HEADERS: usize = 54;
/// Times that are told before their pictures: FFmpeg works on some at a time.
const STAMPS: usize = 256;
/// What FFmpeg says of a file without pictures, before it says how to get on without.
const NO_PICTURES: &str = "matches no streams";
const LARGEST_SIDE: u32 = 16_384;

/// Reads from a child, but not for ever.
struct TimeoutReader {
    output: ChildStdout,
    patience: Duration,
    stop: Stop,
}

impl Read for TimeoutReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let asked = Instant::now();
        while poll(
            &mut [PollFd::new(&self.output, PollFlags::IN)],
            Some(&LOOK_UP),
        )? == 0
        {
            if self.stop.is_set() {
                return Ok(0);
            }
            if asked.elapsed() > self.patience {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        self.output.read(buffer)
    }
}

/// A child and its pictures. Dropping it kills the child.
pub struct Pictures {
    child: Child,
    output: BufReader<TimeoutReader>,
    /// Gives the most telling line of what the child complained about.
    complaints: Option<JoinHandle<String>>,
    size: Option<(u32, u32)>,
    /// The file that is read, if it is one, and the times of its pictures in seconds.
    file: Option<(PathBuf, Receiver<f64>)>,
    /// Whether a picture has come.
    begun: bool,
    stall_timeout: Duration,
    most_pixels: u64,
}

impl Pictures {
    /// Starts the child.
    ///
    /// # Errors
    /// `Fatal` if its program is not installed.
    pub fn open(mut recipe: Recipe, config: &Config, context: &Context) -> Result<Pictures> {
        let program = recipe.command.get_program().to_string_lossy().into_owned();
        let command = recipe.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                Error::fatal(format!("there is no `{program}` here; {}", recipe.remedy))
            } else {
                Error::retry(format!("{program}: {error}"))
            }
        })?;
        let stdin = child.stdin.take();
        let output = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let id = Arc::clone(&context.id);
        let (stamp, stamps) = bounded(STAMPS);
        let reader = TimeoutReader {
            output,
            patience: Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms),
            stop: context.stop.clone(),
        };
        // A child that has died already will be seen at its output.
        let _ = stdin.map(|mut it| it.write_all(recipe.input.as_bytes()));
        Ok(Pictures {
            child,
            output: BufReader::new(reader),
            complaints: Some(std::thread::spawn(move || listen(stderr, &id, &stamp))),
            size: recipe.size,
            file: recipe.file.map(|path| (path, stamps)),
            begun: false,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms),
            most_pixels: config.max_pixels,
        })
    }

    /// Waits for the next picture and tells its size; none at the end.
    pub fn next_size(&mut self) -> io::Result<Option<(u32, u32)>> {
        if self.output.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.output.get_mut().patience = self.stall_timeout;
        if self.size.is_some() {
            return Ok(self.size);
        }
        let mut headers = [0; BMP_HEADERS];
        self.output.read_exact(&mut headers)?;
        let number = |at: usize| {
            let bytes = [
                headers[at],
                headers[at + 1],
                headers[at + 2],
                headers[at + 3],
            ];
            u32::from_le_bytes(bytes)
        };
        let (width, height) = (number(18), number(22));
        let sides = 1..=LARGEST_SIDE;
        let is_picture = headers.starts_with(b"BM") && number(10) as usize == BMP_HEADERS;
        if is_picture && sides.contains(&width) && sides.contains(&height) {
            let pixels = u64::from(width) * u64::from(height);
            return match pixels <= self.most_pixels {
                true => Ok(Some((width, height))),
                false => Err(io::Error::other(
                    "a picture has more pixels than `max_pixels` allows",
                )),
            };
        }
        Err(io::Error::other(
            "ffmpeg wrote something that is no picture",
        ))
    }

    /// The time of the picture whose size was told, as its file has it; none if it is no file.
    pub fn stamp(&mut self) -> Option<f64> {
        self.begun = true;
        let (_, stamps) = self.file.as_ref()?;
        // It was told before the picture was written.
        stamps.recv_timeout(self.stall_timeout).ok()
    }

    /// Reads the picture whose size was told, without the padding of its rows.
    pub fn read_rows(&mut self, room: &mut [u8], width: u32) -> io::Result<()> {
        let row = width as usize * Frame::CHANNELS;
        let padding = row.next_multiple_of(4) - row;
        if padding == 0 {
            return self.output.read_exact(room);
        }
        let mut rest = [0; 3];
        for row in room.chunks_exact_mut(row) {
            self.output.read_exact(row)?;
            self.output.read_exact(&mut rest[..padding])?;
        }
        Ok(())
    }

    /// Reads over it.
    pub fn skip_rows(&mut self, (width, height): (u32, u32)) -> io::Result<()> {
        let row = (width as usize * Frame::CHANNELS).next_multiple_of(4);
        let bytes = row as u64 * u64::from(height);
        io::copy(&mut self.output.by_ref().take(bytes), &mut io::sink()).map(drop)
    }

    /// What it means that there is nothing more to read.
    pub fn ended(&mut self, why: Option<io::Error>) -> Result<()> {
        if why
            .as_ref()
            .is_some_and(|it| it.kind() == ErrorKind::TimedOut)
        {
            return Err(silent(self.output.get_ref().patience));
        }
        // It has closed its output, so it is about to end; or this is a stop, and it goes on.
        let stop = &self.output.get_ref().stop;
        let deadline = Instant::now() + Duration::from_secs(u64::from(!stop.is_set()));
        while self.child.try_wait().is_ok_and(|it| it.is_none()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let succeeded = self.child.wait().is_ok_and(|it| it.success());
        let complaint = self.complaints.take().and_then(|it| it.join().ok());
        let complaint = complaint.filter(|it| !it.is_empty());
        if self.file.is_some() && why.is_none() && succeeded {
            return Ok(());
        }
        let said = complaint.or_else(|| why.map(|it| it.to_string()));
        let said = said.unwrap_or_else(|| "the stream ended".to_owned());
        Err(match &self.file {
            Some((path, _)) if !self.begun => {
                let said = match said.contains(NO_PICTURES) {
                    true => "there is no picture in it",
                    false => said.as_str(),
                };
                let shown = path.display();
                Error::fatal(format!("{shown} is no video that FFmpeg can read: {said}"))
            }
            Some(_) => Error::fatal(said),
            None => elements::explain(&said).unwrap_or_else(|| in_words(said)),
        })
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time of `[Parsed_showinfo_1 @ 0x5] [info] n: 0 pts: 0 pts_time:0.04 …`; no number where the file has none.
fn told_time(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("showinfo")?.1.split_once("pts_time:")?;
    Some(rest.split_whitespace().next()?.parse().unwrap_or(f64::NAN))
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

/// FFmpeg names what it cannot open, then says why; a stream is its standard input to it.
fn in_words(complaint: String) -> Error {
    if complaint.starts_with("pipe:0: ") || reasons::is_known(&complaint) {
        return reasons::of(&complaint);
    }
    Error::Retry(match complaint.starts_with("/dev/") {
        true => format!("{complaint}; does another program use it? {RIBBON}"),
        false => complaint,
    })
}

/// Logs what a child complains about, passes on the times of pictures, and gives the line that tells most:
/// GStreamer's first error, after which there are only consequences, and FFmpeg's last.
fn listen(stderr: ChildStderr, id: &str, stamps: &Sender<f64>) -> String {
    let mut telling = String::new();
    for line in BufReader::new(stderr).lines().map_while(io::Result::ok) {
        if let Some(seconds) = told_time(&line) {
            let _ = stamps.send(seconds);
            continue;
        }
        let Some(line) = complaint(&line) else {
            continue;
        };
        let line = redact(line.trim());
        tracing::debug!(node = id, "{line}");
        let tells_most = ["ERROR: from element", NO_PICTURES];
        let tells_most = |it: &str| tells_most.iter().any(|most| it.contains(most));
        if !tells_most(&telling) && (!reasons::is_known(&telling) || reasons::is_known(&line)) {
            telling = line;
        }
    }
    telling
}
