//! Sound that a child process decodes, `ffmpeg`: every format there is, and what kills a decoder kills the child.

use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::step::{Shape, Step};
use crate::pipeline::contract::child;

/// How often a child that writes nothing is left alone to see whether to stop.
const LOOK_UP: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// No file takes so long to find the next sound in.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;
/// Bytes of what is complained about that are kept; the last line tells.
const COMPLAINT: usize = 4096;
/// What FFmpeg says of MP4 and Matroska files whose end is missing.
const CUT_OFF: [&str; 2] = ["partial file", "File ended prematurely"];
/// An AU header: its mark, where the samples begin, their length, encoding, rate and channels.
const HEADER: usize = 24;
/// 32-bit floating point, as AU has it.
const FLOAT: u32 = 6;

/// A child and the sound that it writes, as an AU file of floats. Dropping it kills the child.
pub struct Ffmpeg {
    child: Child,
    output: ChildStdout,
    errors: ChildStderr,
    said: Vec<u8>,
    /// Bytes of a header or sample that is not whole yet.
    pending: Vec<u8>,
    shape: Option<Shape>,
    last: Instant,
}

/// Why there is no sound.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The program is not installed.
    Missing,
    /// The file has no sound.
    NoSound,
    /// In words.
    Other(String),
}

impl Ffmpeg {
    /// Starts to read the first sound of a file.
    ///
    /// # Errors
    /// That the program is missing, or cannot be started.
    pub fn open(path: &Path) -> Result<Ffmpeg, Failure> {
        let mut command = child::program("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-nostats", "-loglevel", "error"]);
        // No file leads elsewhere.
        command.args(["-protocol_whitelist", "file"]);
        command.arg("-i").arg(format!("file:{}", path.display()));
        command.args(["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Missing,
            _ => Failure::Other(error.to_string()),
        })?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        Ok(Ffmpeg {
            child,
            output: output.expect("it is piped"),
            errors: errors.expect("it is piped"),
            said: Vec::new(),
            pending: Vec::new(),
            shape: None,
            last: Instant::now(),
        })
    }

    /// Whether the first sound has come.
    pub fn has_begun(&self) -> bool {
        self.shape.is_some()
    }

    /// Whether it has said that the end of the file is missing.
    pub fn is_cut_off(&self) -> bool {
        let said = String::from_utf8_lossy(&self.said);
        CUT_OFF.iter().any(|it| said.contains(it))
    }

    /// Appends more interleaved samples; comes back soon, with nothing if there is nothing yet.
    ///
    /// # Errors
    /// What the child complained about.
    pub fn read(&mut self, samples: &mut Vec<f32>) -> Result<Step, Failure> {
        let mut wanted = [
            PollFd::new(&self.output, PollFlags::IN),
            PollFd::new(&self.errors, PollFlags::IN),
        ];
        let other = |error: io::Error| Failure::Other(error.to_string());
        if let Err(error) = poll(&mut wanted, Some(&LOOK_UP)) {
            return Err(other(error.into()));
        }
        let [has_output, has_errors] = wanted.map(|it| it.revents());
        // Closed by its end alone it would be ready all the time.
        if has_errors.contains(PollFlags::IN) {
            self.listen().map_err(other)?;
        }
        if has_output.is_empty() {
            return match self.last.elapsed() > PATIENCE {
                true => Err(Failure::Other("FFmpeg gives nothing".to_owned())),
                false => Ok(Step::Nothing),
            };
        }
        self.last = Instant::now();
        let had = self.pending.len();
        self.pending.resize(had + CHUNK, 0);
        let read = self.output.read(&mut self.pending[had..]);
        let read = read.map_err(other)?;
        self.pending.truncate(had + read);
        if read == 0 {
            return self.ended();
        }
        self.take(samples)
    }

    fn take(&mut self, samples: &mut Vec<f32>) -> Result<Step, Failure> {
        let shape = match self.shape {
            Some(shape) => shape,
            None => match header(&self.pending)? {
                None => return Ok(Step::Nothing),
                Some((shape, begin)) => {
                    self.pending.drain(..begin);
                    *self.shape.insert(shape)
                }
            },
        };
        let frame = shape.channels * size_of::<f32>();
        let whole = self.pending.len() / frame * frame;
        let (bytes, _) = self.pending[..whole].as_chunks::<4>();
        samples.extend(bytes.iter().map(|it| f32::from_be_bytes(*it)));
        self.pending.drain(..whole);
        Ok(Step::More(shape))
    }

    fn listen(&mut self) -> io::Result<()> {
        let mut room = [0; COMPLAINT];
        let read = self.errors.read(&mut room)?;
        self.said.extend_from_slice(&room[..read]);
        let surplus = self.said.len().saturating_sub(COMPLAINT);
        self.said.drain(..surplus);
        Ok(())
    }

    /// What it means that there is nothing more to read.
    fn ended(&mut self) -> Result<Step, Failure> {
        // Output and child end together; what has been said is there.
        let status = self.child.wait();
        let _ = self.listen();
        let said = String::from_utf8_lossy(&self.said);
        for line in said.lines() {
            tracing::debug!("ffmpeg: {line}");
        }
        match status.is_ok_and(|it| it.success()) {
            true => Ok(Step::End),
            false if said.contains("matches no streams") => Err(Failure::NoSound),
            false => Err(Failure::Other(complaint(&said))),
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The shape of the sound and where it begins; none if the header has not all come.
fn header(bytes: &[u8]) -> Result<Option<(Shape, usize)>, Failure> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
    };
    let (Some(begin), Some(channels)) = (number(4), number(HEADER - 4)) else {
        return Ok(None);
    };
    let begin = begin as usize;
    if !bytes.starts_with(b".snd") || number(12) != Some(FLOAT) || channels == 0 || begin > CHUNK {
        return Err(Failure::Other(
            "FFmpeg wrote something that is no sound".to_owned(),
        ));
    }
    let shape = Shape {
        rate: number(16).unwrap_or(0),
        channels: channels as usize,
    };
    Ok((bytes.len() >= begin).then_some((shape, begin)))
}

/// The last line, without the address of the part of FFmpeg that says it, and without the file's name.
fn complaint(said: &str) -> String {
    let last = said.lines().rev().find(|it| !it.trim().is_empty());
    let last = last.unwrap_or("it ended without a word").trim();
    let bare = match last.strip_prefix('[') {
        Some(rest) => rest.split_once("] ").map_or(last, |(_, words)| words),
        None => last,
    };
    bare.rsplit_once(": ")
        .map_or(bare, |(_, why)| why)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_rate_and_channels() {
        let mut bytes = b".snd\0\0\0\x20\xff\xff\xff\xff\0\0\0\x06\0\0\xac\x44\0\0\0\x02".to_vec();
        assert_eq!(header(&bytes), Ok(None), "the samples begin later");
        bytes.extend([0; 8]);
        let shape = Shape {
            rate: 44_100,
            channels: 2,
        };
        assert_eq!(header(&bytes), Ok(Some((shape, 32))));
        bytes[15] = 3;
        assert!(header(&bytes).is_err(), "16-bit numbers");
    }

    #[test]
    fn the_last_line_tells_why() {
        let said = "[mov @ 0x55] moov atom not found\nfile:a.mp4: Invalid data found when processing input\n";
        assert_eq!(complaint(said), "Invalid data found when processing input");
        assert_eq!(complaint(""), "it ended without a word");
    }
}
