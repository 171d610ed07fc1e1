//! What is read of a camera, and by whom: its pictures, its sound, or both by one connection.

use std::sync::Arc;
use std::time::Duration;

use super::config::{Backend, Config};
use super::kept::Kept;
use super::medium::Medium;
use super::shot::Shot;
use super::snapshots::Snapshots;
use super::{capture, child, stills};
use crate::media::kind::Lane;
use crate::nodes::parts::stream::listening::{self, Reading};
use crate::nodes::parts::stream::sound::Piece;
use crate::pipeline::contract::blocking::{Blocking, Next, wait_for_either};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// What of a camera somebody takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// No sound.
    Pictures,
    /// No pictures: they are not decoded.
    Sound,
    /// Both.
    Both,
}

impl Part {
    /// What is wanted now; a reload may change it.
    pub fn wanted(config: &Config, medium: &Medium, context: &Context) -> Part {
        let has = |lane| context.wanted.has(lane);
        match has(Lane::Audio) && why_silent(config, medium).is_none() {
            false => Part::Pictures,
            true if has(Lane::Frame) => Part::Both,
            true => Part::Sound,
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Part::Pictures | Part::Both => "frame",
            Part::Sound => "sound",
        }
    }
}

/// Why a camera with these options has no sound, and what to do; none if it has.
pub fn why_silent(config: &Config, medium: &Medium) -> Option<(&'static str, &'static str)> {
    match medium {
        Medium::Device(_) => Some((
            "a camera device gives pictures only",
            "its microphone is a sound card: take a `microphone` (`otus devices` names them)",
        )),
        Medium::GStreamer(_) => Some((
            "a pipeline of GStreamer gives pictures only",
            "read the camera by its address, or take a `microphone`",
        )),
        Medium::Stills(_) => Some((
            "pictures have no sound",
            "take an `audio_file` or a `microphone`",
        )),
        _ if config.snapshots == Some(true) => Some((
            "single pictures have no sound",
            "remove `snapshots`, and give the address of its stream",
        )),
        _ if config.backend == Some(Backend::Opencv) => Some((
            "OpenCV hands on no sound",
            "remove `backend`: `ffmpeg` is taken then",
        )),
        Medium::Video(_) | Medium::Stream(_) => None,
    }
}

/// What is read on threads of its own.
pub struct Media {
    shots: Option<Blocking<Shot>>,
    sound: Option<Blocking<Piece>>,
    live: bool,
    /// Read, but not handed on yet.
    pub shot: Option<Shot>,
    /// The same of sound.
    pub piece: Option<Piece>,
}

impl Media {
    /// Starts to read.
    ///
    /// # Errors
    /// What is wrong with the medium, as far as that is known at once.
    pub fn start(medium: Medium, part: Part, config: &Config, context: &Context) -> Result<Media> {
        let live = medium.is_live();
        let (shots, sound) = match part {
            Part::Pictures => (Some(pictures(medium, config, context)?), None),
            Part::Both => {
                let (shots, sound) = child::start_both(medium, config, context)?;
                (Some(shots), Some(sound))
            }
            Part::Sound => (None, Some(only_sound(medium, config, context)?)),
        };
        Ok(Media {
            shots,
            sound,
            live,
            shot: None,
            piece: None,
        })
    }

    /// Waits for the first of it; whether there is any.
    ///
    /// # Errors
    /// Why there is none.
    pub fn first(&mut self, config: &Config, context: &Context) -> Result<bool> {
        let patience = Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms);
        match (&mut self.shots, &mut self.sound) {
            (Some(shots), _) => self.shot = shots.first(patience, &context.stop)?,
            (None, Some(sound)) => self.piece = sound.first(patience, &context.stop)?,
            (None, None) => {}
        }
        Ok(self.shot.is_some() || self.piece.is_some())
    }

    /// Takes what has come; waits for it if there is nothing at all. Says whether there is more to come.
    ///
    /// # Errors
    /// What its reader returned, or that a stream has ended.
    pub fn fill(&mut self, at_most: Duration) -> Result<bool> {
        if self.shot.is_none() && self.piece.is_none() {
            match (&self.shots, &self.sound) {
                (Some(shots), Some(sound)) => wait_for_either(shots, sound, at_most),
                (None, None) => return Ok(false),
                // The one there is waits by itself.
                _ => {}
            }
        }
        let alone = self.shots.is_none() || self.sound.is_none();
        let wait = |held: bool| {
            if alone && !held {
                at_most
            } else {
                Duration::ZERO
            }
        };
        let (held_shot, held_piece) = (self.shot.is_some(), self.piece.is_some());
        take(&mut self.shots, &mut self.shot, wait(held_shot), self.live)?;
        // A stream whose sound alone ends is told by its pictures.
        let ends = self.live && self.shots.is_none();
        take(&mut self.sound, &mut self.piece, wait(held_piece), ends)?;
        Ok(true)
    }
}

/// Takes one more if none is held. At the end of a stream that does not end by itself, that is an error.
fn take<T: Send + 'static>(
    from: &mut Option<Blocking<T>>,
    to: &mut Option<T>,
    at_most: Duration,
    endless: bool,
) -> Result<()> {
    let Some(reader) = from.as_mut().filter(|_| to.is_none()) else {
        return Ok(());
    };
    match reader.next(at_most)? {
        Next::Item(item) => *to = Some(item),
        Next::End if endless => return Err(Error::retry("the stream ended")),
        Next::End => *from = None,
        Next::Nothing => {}
    }
    Ok(())
}

fn pictures(medium: Medium, config: &Config, context: &Context) -> Result<Blocking<Shot>> {
    Ok(match &medium {
        Medium::Stills(pattern) => stills::start(&context.resolve(pattern), config, context)?,
        Medium::Stream(uri) if let Some(snapshots) = Snapshots::find(uri, config, context)? => {
            snapshots.start(config, context)
        }
        _ if config.backend() == Backend::Ffmpeg => child::start(medium, config, context),
        _ => capture::start(medium, config, context),
    })
}

fn only_sound(medium: Medium, config: &Config, context: &Context) -> Result<Blocking<Piece>> {
    let medium = match medium {
        Medium::Stream(uri) => listening::Medium::Stream(uri),
        Medium::Video(path) => listening::Medium::File(context.resolve(&path)),
        Medium::Device(_) | Medium::GStreamer(_) | Medium::Stills(_) => {
            return Err(Error::fatal("has no sound"));
        }
    };
    let reading = Reading {
        channel: config.channel,
        connecting: Duration::from_millis(config.connect_timeout_ms),
        pausing: Duration::from_millis(config.stall_timeout_ms),
        heard_to: Arc::clone(&context.kept::<Kept>().heard_to),
    };
    Ok(listening::start(medium, reading, context))
}
