//! What a worker and its parent say to each other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use bytemuck::Pod;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::runtime_options::Runtime;

/// Longer lines are nonsense: the longest real one describes the outputs of a model.
const LONGEST_LINE: u64 = 1 << 20;
/// More numbers than any tensor of a model has that fits an edge device.
pub const MOST_NUMBERS: usize = 1 << 28;

/// The first request, which loads the model.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Which kind of model.
    pub engine: String,
    /// Which model, as that kind says it.
    pub job: serde_json::Value,
    pub runtime: Runtime,
    /// Directory of the pipeline file.
    pub base: PathBuf,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply<T> {
    Done(T),
    Failed { retry: bool, message: String },
}

impl<T> From<Result<T>> for Reply<T> {
    fn from(result: Result<T>) -> Reply<T> {
        match result {
            Ok(done) => Reply::Done(done),
            Err(error) => Reply::Failed {
                retry: matches!(error, Error::Retry(_)),
                message: error.to_string(),
            },
        }
    }
}

impl<T> Reply<T> {
    /// As the child had it.
    pub fn into_result(self) -> Result<T> {
        match self {
            Reply::Done(done) => Ok(done),
            Reply::Failed { retry, message } if retry => Err(Error::Retry(message)),
            Reply::Failed { message, .. } => Err(Error::Fatal(message)),
        }
    }
}

/// A line as a message.
pub fn parse<T: DeserializeOwned>(line: &str) -> io::Result<T> {
    serde_json::from_str(line).map_err(io::Error::other)
}

/// One end of the socket.
pub struct Line {
    stream: BufReader<UnixStream>,
    text: String,
}

impl Line {
    /// Takes over a connected socket.
    pub fn new(stream: UnixStream) -> Line {
        Line {
            stream: BufReader::new(stream),
            text: String::new(),
        }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// If the other end has closed.
    pub fn send(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line)
    }

    /// The next message, or none after the other end has closed.
    ///
    /// # Errors
    /// `WouldBlock` if the socket has a read timeout that is over; what has come so far is kept for
    /// the next call. Others if what comes is no message.
    pub fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let room = LONGEST_LINE.saturating_sub(self.text.len() as u64);
        let length = (&mut self.stream).take(room).read_line(&mut self.text)?;
        if !self.text.ends_with('\n') {
            return match length {
                0 if room > 0 => Ok(None),
                _ => Err(io::Error::other("a message is too long")),
            };
        }
        let message = parse(&self.text).map(Some);
        self.text.clear();
        message
    }
}

/// Memory that both processes can read and write, in a file that has no name.
///
/// It is copied in and out: what lies in it may change at any time if the other process is broken,
/// which no reference into it would survive.
pub struct Shared(pub File);

impl Shared {
    /// Writes numbers at a place in bytes; gives the place behind them.
    pub fn put<T: Pod>(&self, at: u64, numbers: &[T]) -> io::Result<u64> {
        self.0.write_all_at(bytemuck::cast_slice(numbers), at)?;
        Ok(at + size_of_val(numbers) as u64)
    }

    /// Reads so many numbers from a place in bytes; gives the place behind them.
    pub fn get<T: Pod>(&self, at: u64, count: usize, numbers: &mut Vec<T>) -> io::Result<u64> {
        if count > MOST_NUMBERS {
            return Err(io::Error::other("so many numbers cannot be"));
        }
        numbers.resize(count, T::zeroed());
        self.0
            .read_exact_at(bytemuck::cast_slice_mut(numbers), at)?;
        Ok(at + size_of_val(&**numbers) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_a_timeout_in_its_middle_and_nonsense_is_refused() {
        let (here, there) = UnixStream::pair().expect("a pair of sockets");
        let timeout = std::time::Duration::from_millis(10);
        here.set_read_timeout(Some(timeout)).expect("a timeout");
        let (mut line, mut other) = (Line::new(here), &there);
        let mut send = |text: &[u8]| other.write_all(text).expect("room in the socket");
        send(b"[1");
        let early = line.receive::<Vec<u32>>().expect_err("half a message");
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        send(b",7]\n");
        let whole = line.receive::<Vec<u32>>();
        assert!(
            matches!(whole.as_ref(), Ok(Some(it)) if *it == [1, 7]),
            "{whole:?}"
        );
        send(b"{}\n");
        assert!(line.receive::<Vec<u32>>().is_err());
        drop(there);
        assert!(matches!(line.receive::<Vec<u32>>(), Ok(None)));
    }
}
