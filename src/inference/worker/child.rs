//! The child's side of a worker: loads one model and runs it on request until the socket closes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::engine::Engine;
use super::wire::{Line, Reply, Setup, Shared};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// An engine with its types erased.
pub struct Served {
    name: &'static str,
    run: fn(Setup, &mut Line, &Shared) -> io::Result<()>,
}

/// One line of the list of what a worker can run.
pub const fn served<E: Engine>() -> Served {
    Served {
        name: E::NAME,
        run: run::<E>,
    }
}

/// Serves the process that has started this one, until it closes the socket.
///
/// # Errors
/// If standard input and output are not what a worker is started with.
pub fn serve(engines: &[Served]) -> io::Result<()> {
    // A signal to the whole group is the parent's business; it ends this process by the socket.
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    let mut line = Line::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?));
    let memory = Shared(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    // A library that prints must not print into the shared memory.
    rustix::stdio::dup2_stdout(io::stderr())?;
    let Some(setup) = line.receive::<Setup>()? else {
        return Ok(());
    };
    let engine = engines.iter().find(|it| it.name == setup.engine);
    let engine = engine.ok_or_else(|| io::Error::other("this build has no such engine"))?;
    (engine.run)(setup, &mut line, &memory)
}

fn run<E: Engine>(setup: Setup, line: &mut Line, memory: &Shared) -> io::Result<()> {
    let job = serde_json::from_value(setup.job)?;
    let context = Context::new("worker", &setup.base, setup.runtime);
    let loaded: Result<(E, E::About)> = E::load(&job, &context);
    let mut engine = match loaded {
        Ok((engine, about)) => {
            line.send(&Reply::from(Ok(about)))?;
            engine
        }
        Err(error) => return line.send(&Reply::<E::About>::from(Err(error))),
    };
    while let Some(request) = line.receive()? {
        line.send(&Reply::from(engine.answer(&request, memory)))?;
    }
    Ok(())
}
