//! The parent's side of a worker: starts it, asks it, and tells how it died.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
#[cfg(feature = "whisper")]
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};

use super::wire::{Input, Job, Kind, Line, Reply, Request, Setup, Shared};
use crate::inference::session::{About, Tensor, Values};
use crate::pipeline::context::Context;
use crate::pipeline::node::{Error, Result};
use crate::pipeline::stop::Stop;

/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A process that runs one model for one node. Dropping it ends the process.
pub struct Worker {
    child: Child,
    line: Line,
    memory: Shared,
    model: String,
    /// An inference that lasts longer hangs.
    limit: Duration,
    /// Copies of the latest outputs.
    outputs: Vec<Option<Vec<f32>>>,
}

impl Worker {
    /// Starts a worker that loads an ONNX model.
    ///
    /// # Errors
    /// What loading it in this process would give; `Retry` if the process cannot be started or dies.
    pub fn start(job: &Job, context: &Context) -> Result<(Worker, About)> {
        let (mut worker, reply) = Worker::spawn(job, context)?;
        match reply {
            Reply::Session(about) => Ok((worker, about)),
            other => Err(worker.nonsense(&other)),
        }
    }

    /// Starts a worker that loads a Whisper model; gives its name too.
    ///
    /// # Errors
    /// As `start`.
    #[cfg(feature = "whisper")]
    pub fn start_whisper(job: &Job, context: &Context) -> Result<(Worker, Arc<str>)> {
        let (mut worker, reply) = Worker::spawn(job, context)?;
        match reply {
            Reply::Whisper(name) => Ok((worker, name)),
            other => Err(worker.nonsense(&other)),
        }
    }

    fn spawn(job: &Job, context: &Context) -> Result<(Worker, Reply)> {
        let started = start_process();
        let (child, stream, memory) = started
            .map_err(|error| Error::retry(format!("cannot start a worker process: {error}")))?;
        context.describe("worker", child.id());
        let hang = Duration::from_millis(context.runtime.hang_timeout_ms);
        let mut worker = Worker {
            child,
            line: Line::new(stream),
            memory: Shared(memory),
            model: job.model.clone(),
            // Before the runtime gives the whole node up.
            limit: hang * 3 / 4,
            outputs: Vec::new(),
        };
        let setup = Setup {
            job: job.clone(),
            runtime: (*context.runtime).clone(),
            base: context.base.clone(),
        };
        let sent = worker.line.send(&setup);
        sent.map_err(|error| worker.lost(&error))?;
        // Fetching a model or building an engine takes as long as it takes.
        let reply = worker.reply(None, Some(&context.stop))?;
        Ok((worker, reply))
    }

    /// Runs the ONNX model.
    ///
    /// # Errors
    /// `Retry` if inference fails, takes too long, or the process dies.
    pub fn run(&mut self, inputs: &[Tensor<'_>]) -> Result<&[Option<Vec<f32>>]> {
        let sent = self.send_inputs(inputs);
        sent.map_err(|error| self.lost(&error))?;
        match self.reply(Some(self.limit), None)? {
            Reply::Outputs(lengths) => {
                let read = self.read_outputs(&lengths);
                read.map_err(|error| self.lost(&error))?;
                Ok(&self.outputs)
            }
            other => Err(self.nonsense(&other)),
        }
    }

    /// Has Whisper write samples down.
    ///
    /// # Errors
    /// As `run`.
    #[cfg(feature = "whisper")]
    pub fn transcribe(&mut self, samples: &[f32]) -> Result<crate::inference::whisper::Heard> {
        let sent = self.memory.put(0, samples);
        let sent = sent.and_then(|_| self.line.send(&Request::Transcribe(samples.len())));
        sent.map_err(|error| self.lost(&error))?;
        match self.reply(Some(self.limit), None)? {
            Reply::Heard(heard) => Ok(heard),
            other => Err(self.nonsense(&other)),
        }
    }

    fn send_inputs(&mut self, inputs: &[Tensor<'_>]) -> io::Result<()> {
        let (mut at, mut heads) = (0, Vec::with_capacity(inputs.len()));
        for input in inputs {
            let kind;
            (at, kind) = match input.values {
                Values::Floats(floats) => (self.memory.put(at, floats)?, Kind::Floats),
                Values::Integers(integers) => (self.memory.put(at, integers)?, Kind::Integers),
            };
            let shape = input.shape.to_vec();
            heads.push(Input { kind, shape });
        }
        self.line.send(&Request::Run(heads))
    }

    fn read_outputs(&mut self, lengths: &[Option<usize>]) -> io::Result<()> {
        self.outputs.resize_with(lengths.len(), || None);
        let mut at = 0;
        for (output, length) in self.outputs.iter_mut().zip(lengths) {
            match length {
                Some(length) => {
                    at = self
                        .memory
                        .get(at, *length, output.get_or_insert_default())?;
                }
                None => *output = None,
            }
        }
        Ok(())
    }

    /// Waits for the answer, at most so long, and not beyond a stop.
    fn reply(&mut self, at_most: Option<Duration>, stop: Option<&Stop>) -> Result<Reply> {
        let begun = Instant::now();
        loop {
            match self.line.receive() {
                Ok(Some(Reply::Failed { retry, message })) if retry => {
                    return Err(Error::Retry(message));
                }
                Ok(Some(Reply::Failed { message, .. })) => return Err(Error::Fatal(message)),
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => return Err(self.lost(&"it closed its line")),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.lost(&error)),
            }
            if at_most.is_some_and(|limit| begun.elapsed() > limit) {
                let seconds = begun.elapsed().as_secs();
                return Err(self.lost(&format!("no answer in {seconds} s")));
            }
            if stop.is_some_and(Stop::is_set) {
                return Err(self.lost(&"stopped while it was loading"));
            }
        }
    }

    /// Ends the process, whatever it is doing; says how it died, or else why it is ended.
    fn lost(&mut self, why: &dyn std::fmt::Display) -> Error {
        // A process that has closed its line is about to be dead by itself, and how is worth knowing.
        let deadline = Instant::now() + LOOK;
        let mut ended = self.child.try_wait();
        while matches!(ended, Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
            ended = self.child.try_wait();
        }
        let model = &self.model;
        match ended {
            Ok(Some(status)) => {
                Error::retry(format!("the worker process of {model} died: {status}"))
            }
            _ => {
                let _ = self.child.kill();
                Error::retry(format!("the worker process of {model} was ended: {why}"))
            }
        }
    }

    fn nonsense(&mut self, reply: &Reply) -> Error {
        self.lost(&format!("it answered out of turn: {reply:?}"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child, the socket to it and the memory shared with it.
fn start_process() -> io::Result<(Child, UnixStream, File)> {
    let (here, there) = UnixStream::pair()?;
    here.set_read_timeout(Some(LOOK))?;
    let memory = File::from(memfd_create("otus-worker", MemfdFlags::CLOEXEC)?);
    // Also right after an upgrade has replaced the file that this program was started from.
    let child = Command::new("/proc/self/exe")
        .arg("worker")
        .stdin(Stdio::from(OwnedFd::from(there)))
        .stdout(Stdio::from(memory.try_clone()?))
        // The main process alone speaks to systemd.
        .env_remove("NOTIFY_SOCKET")
        .spawn()?;
    Ok((child, here, memory))
}
