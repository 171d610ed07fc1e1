//! The parent's side of a worker: starts it, asks it, and tells how it died.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use serde::de::DeserializeOwned;

use super::engine::Engine;
use super::wire::{Line, Reply, Setup, Shared};
use crate::pipeline::contract::child;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::stop::Stop;

/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A process that runs one model for one node. Dropping it ends the process.
pub struct Worker<E> {
    child: Child,
    line: Line,
    memory: Shared,
    model: String,
    /// A request that takes longer hangs.
    limit: Duration,
    engine: PhantomData<fn() -> E>,
}

impl<E: Engine> Worker<E> {
    /// Starts a worker that loads a model; gives what that is.
    ///
    /// # Errors
    /// What loading it in this process would give; `Retry` if the process cannot be started or dies.
    pub fn start(model: &str, job: &E::Job, context: &Context) -> Result<(Worker<E>, E::About)> {
        let started = start_process();
        let (child, stream, memory) = started
            .map_err(|error| Error::retry(format!("cannot start a worker process: {error}")))?;
        context.describe("worker", child.id());
        let hang = Duration::from_millis(context.runtime.hang_timeout_ms);
        let mut worker = Worker {
            child,
            line: Line::new(stream),
            memory: Shared(memory),
            model: model.to_owned(),
            // Before the runtime gives the whole node up.
            limit: hang * 3 / 4,
            engine: PhantomData,
        };
        let setup = Setup {
            engine: E::NAME.to_owned(),
            job: serde_json::to_value(job).map_err(Error::fatal)?,
            runtime: (*context.runtime).clone(),
            base: context.base.clone(),
        };
        let sent = worker.line.send(&setup);
        sent.map_err(|error| worker.lost(&error))?;
        // Fetching a model or building an engine takes as long as it takes.
        let about = worker.reply(None, Some(&context.stop))?;
        Ok((worker, about))
    }

    /// Asks the model: `put` writes numbers into the shared memory, `get` reads those of the answer.
    ///
    /// # Errors
    /// What the same would give in this process; `Retry` if it takes too long or the process dies.
    pub fn ask<T>(
        &mut self,
        put: impl FnOnce(&Shared) -> io::Result<E::Request>,
        get: impl FnOnce(E::Answer, &Shared) -> io::Result<T>,
    ) -> Result<T> {
        let sent = put(&self.memory).and_then(|request| self.line.send(&request));
        sent.map_err(|error| self.lost(&error))?;
        let answer = self.reply(Some(self.limit), None)?;
        get(answer, &self.memory).map_err(|error| self.lost(&error))
    }
}

impl<E> Worker<E> {
    /// Waits for the answer, at most so long, and not beyond a stop.
    fn reply<T: DeserializeOwned>(
        &mut self,
        at_most: Option<Duration>,
        stop: Option<&Stop>,
    ) -> Result<T> {
        let begun = Instant::now();
        loop {
            match self.line.receive() {
                Ok(Some(reply)) => return Reply::into_result(reply),
                Ok(None) => return Err(self.lost(&"it closed its line")),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.lost(&error)),
            }
            if at_most.is_some_and(|limit| begun.elapsed() > limit) {
                let seconds = begun.elapsed().as_secs();
                return Err(self.lost(&format!("no answer in {seconds} s")));
            }
            if stop.is_some_and(Stop::is_set) {
                self.lost(&"stopped while it was loading");
                return Err(Error::Over);
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
}

impl<E> Drop for Worker<E> {
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
    let child = child::program("/proc/self/exe")
        .arg("worker")
        .stdin(Stdio::from(OwnedFd::from(there)))
        .stdout(Stdio::from(memory.try_clone()?))
        .spawn()?;
    Ok((child, here, memory))
}
