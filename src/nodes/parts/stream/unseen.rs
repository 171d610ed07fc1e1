//! Sound and packets of a stream or film whose pictures nobody decodes.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::{ChildStdout, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::address::{self, DESCRIBED, REMEDY, SIZED, Transport};
use super::clock::StreamClock;
use super::decoder::{Decoder, NO_SOUND};
use super::origin::{Film, Origin, is_list};
use super::packets::{self, Packets};
use super::pipe::Pipe;
use super::reasons;
use super::sound::{self, Piece, Sound};
use super::timeout::TimeoutReader;
use crate::media::coded::Coded;
use crate::media::mono::Channel;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::uri::Uri;

/// Sound may pause as long as packets come.
pub const ANY_PAUSE: Duration = Duration::from_secs(u32::MAX as u64);

/// Where it comes from.
#[derive(Clone)]
pub enum Medium {
    /// A network camera, or a radio station.
    Stream(Uri),
    /// A film.
    File(PathBuf),
}

/// How it is read.
#[derive(Clone)]
pub struct Reading {
    /// How the packets of RTSP come.
    pub transport: Transport,
    /// Which channel is heard.
    pub channel: Channel,
    /// How long the first of it may take.
    pub connecting: Duration,
    /// How long it may pause.
    pub pausing: Duration,
    /// The second of the run at which a film begins.
    pub begins_at: f64,
    /// Until when there was sound before, in nanoseconds.
    pub heard_to: Arc<AtomicU64>,
}

/// What a child writes.
trait Output {
    type Item: Send + 'static;

    fn next(&mut self) -> io::Result<Option<Self::Item>>;

    fn patience(&mut self) -> &mut Duration;
}

impl Output for Sound<ChildStdout> {
    type Item = Piece;

    fn next(&mut self) -> io::Result<Option<Piece>> {
        Sound::next(self)
    }

    fn patience(&mut self) -> &mut Duration {
        &mut self.reader().patience
    }
}

impl Output for Packets<ChildStdout> {
    type Item = Arc<Coded>;

    fn next(&mut self) -> io::Result<Option<Arc<Coded>>> {
        Packets::next(self)
    }

    fn patience(&mut self) -> &mut Duration {
        &mut self.reader().patience
    }
}

/// A child and what is read of it.
struct Unseen<O> {
    decoder: Decoder,
    output: O,
    medium: Medium,
    pausing: Duration,
}

/// Starts to read the sound; the child is started on the reader's thread.
pub fn sound(medium: Medium, reading: Reading, context: &Context) -> Blocking<Piece> {
    let origin = origin(&medium, &reading, context);
    sound_and(medium, reading, context, origin, None)
}

/// Starts to read the packets.
pub fn packets(medium: Medium, reading: Reading, context: &Context) -> Blocking<Arc<Coded>> {
    let origin = origin(&medium, &reading, context);
    let (name, context) = (format!("{}-read", context.id), context.clone());
    let open = move || {
        let ask = |command: &mut Command| packets::ask(command, "pipe:1");
        Unseen::open(medium, &reading, &context, SIZED, ask, |reader| {
            Packets::new(reader, origin, Arc::clone(&context.id))
        })
    };
    Blocking::start(&name, open, Unseen::read)
}

/// Starts to read both.
///
/// # Errors
/// `Retry` if the system has no pipe left.
pub fn both(
    medium: Medium,
    reading: Reading,
    context: &Context,
) -> Result<(Blocking<Piece>, Blocking<Arc<Coded>>)> {
    let (output, pipe) = Pipe::new().map_err(|error| Error::retry(error.to_string()))?;
    let origin = origin(&medium, &reading, context);
    let same = origin.clone();
    let coded = packets_beside(output, context, move || same);
    let sound = sound_and(medium, reading, context, origin, Some(pipe));
    Ok((sound, coded))
}

fn sound_and(
    medium: Medium,
    reading: Reading,
    context: &Context,
    origin: Origin,
    beside: Option<Pipe>,
) -> Blocking<Piece> {
    let (name, context) = (format!("{}-hear", context.id), context.clone());
    let open = move || {
        let ask = |command: &mut Command| {
            sound::ask(command, "pipe:1");
            if let Some(pipe) = &beside {
                packets::ask(command, &pipe.name());
                pipe.give_to(command);
            }
        };
        let looked_at = if beside.is_some() { SIZED } else { DESCRIBED };
        Unseen::open(medium, &reading, &context, looked_at, ask, |reader| {
            let (source, heard_to) = (Arc::clone(&context.id), Arc::clone(&reading.heard_to));
            Sound::new(reader, reading.channel, origin, source, heard_to)
        })
    };
    Blocking::start(&name, open, Unseen::read)
}

/// Reads packets from a pipe beside what a child writes; `origin` may have to wait for the first of it.
pub fn packets_beside(
    output: io::PipeReader,
    context: &Context,
    origin: impl FnOnce() -> Origin + Send + 'static,
) -> Blocking<Arc<Coded>> {
    let (name, stop) = (format!("{}-pack", context.id), context.stop.clone());
    let source = Arc::clone(&context.id);
    let open = move || {
        let patience = ANY_PAUSE;
        let reader = TimeoutReader {
            output,
            patience,
            stop,
        };
        Ok(Packets::new(reader, origin(), source))
    };
    let read = |packets: &mut Packets<_>| {
        let next = packets.next();
        next.map_err(|error| Error::retry(format!("its packets: {error}")))
    };
    Blocking::start(&name, open, read)
}

fn origin(medium: &Medium, reading: &Reading, context: &Context) -> Origin {
    match medium {
        Medium::Stream(_) => Origin::Live(Arc::new(StreamClock::new(context.clock.clone()))),
        // FFmpeg lets a film begin at zero by itself.
        Medium::File(path) => Origin::File(Film::new(0.0, reading.begins_at, is_list(path))),
    }
}

impl<O: Output> Unseen<O> {
    fn open(
        medium: Medium,
        reading: &Reading,
        context: &Context,
        looked_at: u32,
        ask: impl FnOnce(&mut Command),
        output: impl FnOnce(TimeoutReader<ChildStdout>) -> O,
    ) -> Result<Unseen<O>> {
        let mut command = address::ffmpeg("level+error");
        let mut input = String::new();
        match &medium {
            Medium::Stream(uri) => {
                command.arg("-copyts");
                input = address::input(&mut command, uri, reading.transport, looked_at)?;
            }
            Medium::File(path) => {
                command.arg("-i").arg(format!("file:{}", path.display()));
            }
        }
        ask(&mut command);
        let (decoder, stdout) = Decoder::start(command, &input, REMEDY, context, |_| false)?;
        let reader = TimeoutReader {
            output: stdout,
            patience: reading.connecting + reading.pausing,
            stop: context.stop.clone(),
        };
        Ok(Unseen {
            decoder,
            output: output(reader),
            medium,
            pausing: reading.pausing,
        })
    }

    fn read(&mut self) -> Result<Option<O::Item>> {
        match self.output.next() {
            Ok(Some(item)) => {
                *self.output.patience() = self.pausing;
                Ok(Some(item))
            }
            Ok(None) => self.ended(None).map(|()| None),
            Err(error) => self.ended(Some(error)).map(|()| None),
        }
    }

    /// What it means that there is nothing more to read.
    fn ended(&mut self, why: Option<io::Error>) -> Result<()> {
        if why
            .as_ref()
            .is_some_and(|it| it.kind() == ErrorKind::TimedOut)
        {
            let seconds = self.output.patience().as_secs_f64();
            return Err(Error::retry(format!(
                "it has given nothing for {seconds} s"
            )));
        }
        let (succeeded, complaint) = self.decoder.ended();
        let said = complaint.or_else(|| why.as_ref().map(io::Error::to_string));
        Err(match &self.medium {
            Medium::File(_) if why.is_none() && succeeded => return Ok(()),
            Medium::File(path) => {
                let said = said.unwrap_or_else(|| "it ended without a word".to_owned());
                let said = match said.contains(NO_SOUND) {
                    true => "there is no sound in it",
                    false => said.as_str(),
                };
                Error::fatal(format!("{}: {said}", path.display()))
            }
            Medium::Stream(_) => match said {
                Some(said) => reasons::of_stream(said),
                None => Error::retry("the stream ended"),
            },
        })
    }
}
