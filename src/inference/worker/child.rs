//! The child's side of a worker: loads one model and runs it on request until the socket closes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::wire::{Input, Kind, Line, Reply, Request, Setup, Shared};
use crate::inference::onnx;
use crate::inference::session::{Outputs, Tensor, Values};
#[cfg(feature = "whisper")]
use crate::inference::whisper::Whisper;
use crate::media::clock::Clock;
use crate::pipeline::context::Context;
use crate::pipeline::metrics::NodeStats;
use crate::pipeline::node::{Error, Result};
use crate::pipeline::stop::Stop;

enum Model {
    Onnx(Arc<onnx::Loaded>),
    #[cfg(feature = "whisper")]
    Whisper(Whisper),
}

/// Buffers of the inputs, kept from request to request.
#[derive(Default)]
struct Buffers {
    floats: Vec<Vec<f32>>,
    integers: Vec<Vec<i64>>,
}

/// Serves the process that has started this one, until it closes the socket.
///
/// # Errors
/// If standard input and output are not what a worker is started with.
pub fn serve() -> io::Result<()> {
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
    let mut model = match load(&setup) {
        Ok((model, reply)) => {
            line.send(&reply)?;
            model
        }
        Err(error) => return line.send(&Reply::from(error)),
    };
    let mut buffers = Buffers::default();
    while let Some(request) = line.receive()? {
        let reply = model.answer(&request, &memory, &mut buffers);
        line.send(&reply.unwrap_or_else(Reply::from))?;
    }
    Ok(())
}

fn load(setup: &Setup) -> Result<(Model, Reply)> {
    let context = Context {
        id: Arc::from("worker"),
        clock: Clock::start(),
        stop: Stop::default(),
        base: setup.base.clone(),
        runtime: Arc::new(setup.runtime.clone()),
        captured: Arc::default(),
        stats: Arc::new(NodeStats::default()),
    };
    let (name, sha256) = (&setup.job.model, setup.job.sha256.as_deref());
    #[cfg(feature = "whisper")]
    if let Some(language) = &setup.job.language {
        let whisper = Whisper::open(name, sha256, language, &context)?;
        let reply = Reply::Whisper(Arc::clone(&whisper.name));
        return Ok((Model::Whisper(whisper), reply));
    }
    let loaded = onnx::open(name, sha256, &context)?;
    let reply = Reply::Session(loaded.about.clone());
    Ok((Model::Onnx(loaded), reply))
}

impl Model {
    fn answer(
        &mut self,
        request: &Request,
        memory: &Shared,
        buffers: &mut Buffers,
    ) -> Result<Reply> {
        match (self, request) {
            (Model::Onnx(model), Request::Run(inputs)) => {
                buffers.read(inputs, memory).map_err(Error::retry)?;
                let outputs = Outputs::Here(model.run(&buffers.tensors(inputs))?);
                write(&outputs, memory).map_err(Error::retry)
            }
            #[cfg(feature = "whisper")]
            (Model::Whisper(whisper), Request::Transcribe(count)) => {
                let samples = &mut buffers.floats;
                samples.resize_with(1, Vec::new);
                memory
                    .get(0, *count, &mut samples[0])
                    .map_err(Error::retry)?;
                whisper.transcribe(&samples[0]).map(Reply::Heard)
            }
            (_, request) => Err(Error::fatal(format!("not with this model: {request:?}"))),
        }
    }
}

impl Buffers {
    /// One buffer of each kind an input, of which one is used: there are three inputs at most.
    fn read(&mut self, inputs: &[Input], memory: &Shared) -> io::Result<()> {
        self.floats.resize_with(inputs.len(), Vec::new);
        self.integers.resize_with(inputs.len(), Vec::new);
        let (mut at, buffers) = (0, self.floats.iter_mut().zip(&mut self.integers));
        for (input, (floats, integers)) in inputs.iter().zip(buffers) {
            at = match input.kind {
                Kind::Floats => memory.get(at, input.elements()?, floats)?,
                Kind::Integers => memory.get(at, input.elements()?, integers)?,
            };
        }
        Ok(())
    }

    fn tensors<'a>(&'a self, inputs: &'a [Input]) -> Vec<Tensor<'a>> {
        let tensor = |(at, input): (usize, &'a Input)| Tensor {
            shape: &input.shape,
            values: match input.kind {
                Kind::Floats => Values::Floats(&self.floats[at]),
                Kind::Integers => Values::Integers(&self.integers[at]),
            },
        };
        inputs.iter().enumerate().map(tensor).collect()
    }
}

fn write(outputs: &Outputs<'_>, memory: &Shared) -> io::Result<Reply> {
    let (mut at, mut lengths) = (0, Vec::new());
    for output in 0..outputs.count() {
        let floats = outputs.floats(output).ok();
        if let Some(floats) = floats {
            at = memory.put(at, floats)?;
        }
        lengths.push(floats.map(<[f32]>::len));
    }
    Ok(Reply::Outputs(lengths))
}
