//! The sound of a stream or film alone: nothing else of it is decoded.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::ChildStdout;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::address::{self, REMEDY};
use super::clock::StreamClock;
use super::decoder::{Decoder, NO_SOUND};
use super::reasons;
use super::sound::{self, Origin, Piece, Sound};
use super::timeout::TimeoutReader;
use crate::media::mono::Channel;
use crate::pipeline::contract::blocking::Blocking;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::uri::Uri;

/// Where sound comes from.
#[derive(Clone)]
pub enum Medium {
    /// A network camera, or a radio station.
    Stream(Uri),
    /// A film.
    File(PathBuf),
}

/// How sound is read.
#[derive(Clone)]
pub struct Reading {
    /// Which channel is heard.
    pub channel: Channel,
    /// How long the first of it may take.
    pub connecting: Duration,
    /// How long it may pause.
    pub pausing: Duration,
    /// Until when there was sound before, in nanoseconds.
    pub heard_to: Arc<AtomicU64>,
}

/// A child that decodes.
struct Listening {
    decoder: Decoder,
    sound: Sound<ChildStdout>,
    medium: Medium,
    pausing: Duration,
}

/// Starts to read; the child is started on the reader's thread.
pub fn start(medium: Medium, reading: Reading, context: &Context) -> Blocking<Piece> {
    let name = format!("{}-hear", context.id);
    let context = context.clone();
    let open = move || Listening::open(medium, &reading, &context);
    Blocking::start(&name, open, Listening::read)
}

impl Listening {
    fn open(medium: Medium, reading: &Reading, context: &Context) -> Result<Listening> {
        let mut command = address::ffmpeg("level+error");
        let (mut input, mut origin) = (String::new(), Origin::File(0.0));
        match &medium {
            Medium::Stream(uri) => {
                command.arg("-copyts");
                input = address::input(&mut command, uri)?;
                origin = Origin::Live(Arc::new(StreamClock::new(context.clock.clone())));
            }
            Medium::File(path) => {
                command.arg("-i").arg(format!("file:{}", path.display()));
            }
        }
        sound::ask(&mut command, "pipe:1");
        let (decoder, output) = Decoder::start(command, &input, REMEDY, context, |_| false)?;
        let reader = TimeoutReader {
            output,
            patience: reading.connecting + reading.pausing,
            stop: context.stop.clone(),
        };
        let (source, heard_to) = (Arc::clone(&context.id), Arc::clone(&reading.heard_to));
        Ok(Listening {
            decoder,
            sound: Sound::new(reader, reading.channel, origin, source, heard_to),
            medium,
            pausing: reading.pausing,
        })
    }

    fn read(&mut self) -> Result<Option<Piece>> {
        match self.sound.next() {
            Ok(Some(piece)) => {
                self.sound.reader().patience = self.pausing;
                Ok(Some(piece))
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
            let seconds = self.sound.reader().patience.as_secs_f64();
            return Err(Error::retry(format!("no sound for {seconds} s")));
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
