//! What a worker and its parent say to each other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use bytemuck::Pod;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::inference::session::About;
use crate::pipeline::node::Error;
use crate::pipeline::options::Runtime;

/// Longer lines are nonsense: the longest real one describes the outputs of a model.
const LONGEST_LINE: u64 = 1 << 20;
/// More numbers than any tensor of a model has that fits an edge device.
const MOST_NUMBERS: usize = 1 << 28;

/// The model that a worker is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Name in the manifest, or path.
    pub model: String,
    /// Sum of the file, if it is a path.
    pub sha256: Option<String>,
    /// For Whisper; an ONNX model has none.
    pub language: Option<String>,
}

impl Job {
    /// An ONNX model, by name or path.
    pub fn onnx(model: &str, sha256: Option<&str>) -> Job {
        Job {
            model: model.to_owned(),
            sha256: sha256.map(ToOwned::to_owned),
            language: None,
        }
    }

    /// A Whisper model and the language it is to hear.
    pub fn whisper(model: &str, sha256: Option<&str>, language: &str) -> Job {
        Job {
            language: Some(language.to_owned()),
            ..Job::onnx(model, sha256)
        }
    }
}

/// The first request, which loads the model.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    pub job: Job,
    pub runtime: Runtime,
    /// Directory of the pipeline file.
    pub base: PathBuf,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// 32 bits each.
    Floats,
    /// 64 bits each, signed.
    Integers,
}

/// One input in the shared memory, after those before it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    /// Type of its elements.
    pub kind: Kind,
    /// Its product is the number of elements.
    pub shape: Vec<i64>,
}

impl Input {
    /// Elements of the tensor.
    ///
    /// # Errors
    /// If so many cannot be.
    pub fn elements(&self) -> io::Result<usize> {
        let multiply =
            |product: usize, &size: &i64| product.checked_mul(usize::try_from(size).ok()?);
        let count = self.shape.iter().try_fold(1, multiply);
        let count = count.filter(|&count| count <= MOST_NUMBERS);
        count.ok_or_else(|| io::Error::other("a tensor of that shape cannot be"))
    }
}

/// All requests after the first; the numbers lie in the shared memory.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// An inference on these inputs.
    Run(Vec<Input>),
    /// So many samples.
    Transcribe(usize),
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The ONNX model is loaded.
    Session(About),
    /// The Whisper model of this name is loaded.
    Whisper(std::sync::Arc<str>),
    /// Lengths of the outputs in the shared memory; none for those that are no floats.
    Outputs(Vec<Option<usize>>),
    #[cfg(feature = "whisper")]
    Heard(crate::inference::whisper::Heard),
    Failed {
        retry: bool,
        message: String,
    },
}

impl From<Error> for Reply {
    fn from(error: Error) -> Reply {
        Reply::Failed {
            retry: matches!(error, Error::Retry(_)),
            message: error.to_string(),
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
        send(b"{\"Transcribe\"");
        let early = line.receive::<Request>().expect_err("half a message");
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
        send(b":7}\n");
        let whole = line.receive::<Request>();
        assert!(
            matches!(whole, Ok(Some(Request::Transcribe(7)))),
            "{whole:?}"
        );
        send(b"{}\n");
        assert!(line.receive::<Request>().is_err());
        drop(there);
        assert!(matches!(line.receive::<Request>(), Ok(None)));
    }

    #[test]
    fn a_shape_that_cannot_be_is_refused() {
        let input = |shape: &[i64]| {
            let shape = shape.to_vec();
            let kind = Kind::Floats;
            Input { kind, shape }.elements().ok()
        };
        assert_eq!(input(&[1, 3, 2]), Some(6));
        assert_eq!(input(&[]), Some(1));
        assert_eq!(input(&[-1, 3]), None);
        assert_eq!(input(&[i64::MAX, i64::MAX]), None);
    }
}
