//! What is read of a camera, and by whom: its pictures, its sound and its packets, by one connection.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Select;

use super::config::{Backend, Config};
use super::kept::Kept;
use super::medium::Medium;
use super::shot::Shot;
use super::snapshots::Snapshots;
use super::{capture, child, stills};
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::kind::Lane;
use crate::nodes::parts::stream::sound::Piece;
use crate::nodes::parts::stream::unseen::{self, Reading};
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// What of a camera somebody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Otherwise they are not decoded.
    pub pictures: bool,
    /// Sound.
    pub sound: bool,
    /// Packets as they are coded.
    pub packets: bool,
}

impl Parts {
    /// What is wanted now; a reload may change it. Pictures are, if nothing else is.
    pub fn wanted(config: &Config, medium: &Medium, context: &Context) -> Parts {
        let has = |lane| context.wanted.has(lane);
        let sound = has(Lane::Audio) && why_silent(config, medium).is_none();
        let packets = has(Lane::Coded) && why_unpacked(config, medium).is_none();
        Parts {
            pictures: has(Lane::Frame) || !(sound || packets),
            sound,
            packets,
        }
    }

    /// In words, what must come first.
    pub fn name(self) -> &'static str {
        match (self.pictures, self.sound) {
            (true, _) => "frame",
            (false, true) => "sound",
            (false, false) => "packet",
        }
    }
}

/// Why a camera with these options has pictures and nothing else, and what to do; none if it may have more.
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

/// Why it hands on no packets, and what to do; none if it may.
pub fn why_unpacked(config: &Config, medium: &Medium) -> Option<(&'static str, &'static str)> {
    const ENCODE: &str = "put an `encode` between: it codes frames";
    if !config.mask.is_empty() {
        let masked = "coded packets would show what its `mask` covers";
        return Some((masked, ENCODE));
    }
    match medium {
        Medium::Device(_) | Medium::GStreamer(_) | Medium::Stills(_) => {
            Some(("it gives pictures that are not coded", ENCODE))
        }
        _ if config.snapshots == Some(true) => {
            Some(("it gives single pictures, which are no stream", ENCODE))
        }
        _ if config.backend == Some(Backend::Opencv) => Some((
            "OpenCV hands on decoded pictures only",
            "remove `backend`: `ffmpeg` is taken then",
        )),
        Medium::Video(_) | Medium::Stream(_) => None,
    }
}

/// What is read on threads of its own.
#[derive(Default)]
pub struct Media {
    shots: Option<Blocking<Shot>>,
    sound: Option<Blocking<Piece>>,
    packets: Option<Blocking<Arc<Coded>>>,
    live: bool,
    /// Read, but not handed on yet.
    pub shot: Option<Shot>,
    /// The same of sound.
    pub piece: Option<Piece>,
    /// The same of packets.
    pub packet: Option<Arc<Coded>>,
}

impl Media {
    /// Starts to read.
    ///
    /// # Errors
    /// What is wrong with the medium, as far as that is known at once.
    pub fn start(
        medium: Medium,
        parts: Parts,
        config: &Config,
        context: &Context,
    ) -> Result<Media> {
        let mut media = Media {
            live: medium.is_live(),
            ..Media::default()
        };
        match (parts.pictures, parts.sound, parts.packets) {
            (true, false, false) => media.shots = Some(pictures(medium, config, context)?),
            (true, sound, packets) => {
                let all = child::start(medium, (sound, packets), config, context)?;
                media.shots = Some(all.shots);
                (media.sound, media.packets) = (all.sound, all.packets);
            }
            (false, sound, packets) => {
                let (medium, reading) = unseen(medium, config, context)?;
                if sound && packets {
                    let (sound, packets) = unseen::both(medium, reading, context)?;
                    (media.sound, media.packets) = (Some(sound), Some(packets));
                } else if sound {
                    media.sound = Some(unseen::sound(medium, reading, context));
                } else {
                    media.packets = Some(unseen::packets(medium, reading, context));
                }
            }
        }
        Ok(media)
    }

    /// Waits for the first of it; whether there is any.
    ///
    /// # Errors
    /// Why there is none.
    pub fn first(&mut self, config: &Config, context: &Context) -> Result<bool> {
        let patience = Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms);
        if let Some(shots) = &mut self.shots {
            self.shot = shots.first(patience, &context.stop)?;
        } else if let Some(sound) = &mut self.sound {
            self.piece = sound.first(patience, &context.stop)?;
        } else if let Some(packets) = &mut self.packets {
            self.packet = packets.first(patience, &context.stop)?;
        }
        Ok(self.next_at().is_some())
    }

    /// When what comes next of all that is held can be handed on.
    pub fn next_at(&self) -> Option<Time> {
        let shot = self.shot.as_ref().map(Shot::at);
        let piece = self.piece.as_ref().map(Piece::at);
        let packet = self.packet.as_ref().map(|it| it.at);
        [shot, piece, packet].into_iter().flatten().min()
    }

    /// Takes what has come; waits for it if there is nothing at all. Says whether there is more to come.
    ///
    /// # Errors
    /// What its reader returned, or that a stream has ended.
    pub fn fill(&mut self, at_most: Duration) -> Result<bool> {
        if self.next_at().is_none() {
            if self.shots.is_none() && self.sound.is_none() && self.packets.is_none() {
                return Ok(false);
            }
            self.wait(at_most);
        }
        // Of several, whose child is one, the first tells why it has ended.
        let (alone, first) = (self.shots.is_none(), self.live);
        let sound_alone = alone && self.sound.is_some();
        take(&mut self.shots, &mut self.shot, first)?;
        take(&mut self.sound, &mut self.piece, first && alone)?;
        take(
            &mut self.packets,
            &mut self.packet,
            first && alone && !sound_alone,
        )?;
        Ok(true)
    }

    fn wait(&self, at_most: Duration) {
        let mut select = Select::new();
        if let Some(shots) = &self.shots {
            shots.watch(&mut select);
        }
        if let Some(sound) = &self.sound {
            sound.watch(&mut select);
        }
        if let Some(packets) = &self.packets {
            packets.watch(&mut select);
        }
        let _ = select.ready_timeout(at_most);
    }
}

/// Takes one more if none is held. At the end of a stream that does not end by itself, that is an error.
fn take<T: Send + 'static>(
    from: &mut Option<Blocking<T>>,
    to: &mut Option<T>,
    endless: bool,
) -> Result<()> {
    let Some(reader) = from.as_mut().filter(|_| to.is_none()) else {
        return Ok(());
    };
    match reader.next(Duration::ZERO)? {
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
        _ if config.backend() == Backend::Ffmpeg => {
            child::start(medium, (false, false), config, context)?.shots
        }
        _ => capture::start(medium, config, context),
    })
}

/// As what is read whose pictures are not decoded.
fn unseen(medium: Medium, config: &Config, context: &Context) -> Result<(unseen::Medium, Reading)> {
    let medium = match medium {
        Medium::Stream(uri) => unseen::Medium::Stream(uri),
        Medium::Video(path) => unseen::Medium::File(context.resolve(&path)),
        Medium::Device(_) | Medium::GStreamer(_) | Medium::Stills(_) => {
            return Err(Error::fatal("it gives pictures only"));
        }
    };
    let reading = Reading {
        transport: config.transport.unwrap_or_default(),
        channel: config.channel,
        connecting: Duration::from_millis(config.connect_timeout_ms),
        pausing: Duration::from_millis(config.stall_timeout_ms),
        begins_at: config.begins_at_s,
        heard_to: Arc::clone(&context.kept::<Kept>().heard_to),
    };
    Ok((medium, reading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes;
    use crate::pipeline::contract::testing::{configure, context};
    use crate::pipeline::contract::uri::Uri;

    #[test]
    fn a_camera_with_a_mask_hands_on_sound_but_no_packets() {
        let camera = nodes::find("camera").expect("it is always there");
        let lacks = |options: &str| configure(camera, options).expect("it is right").lacks;
        let stream = "uri = 'rtsp://porch/1'";
        assert_eq!(lacks(stream), []);
        let masked = format!("{stream}\nmask = [[[0, 0], [1, 0], [1, 1]]]");
        let told = [(
            Lane::Coded,
            "coded packets would show what its `mask` covers",
            "put an `encode` between: it codes frames",
        )];
        assert_eq!(lacks(&masked), told);
        let context = context();
        context.wanted.set(Lane::ALL.iter().copied());
        let uri = Uri::new("rtsp://porch/1");
        let medium = Medium::of(&uri).expect("a stream");
        let config = toml::from_str(&masked).expect("it can be read");
        let parts = Parts::wanted(&config, &medium, &context);
        assert!(parts.pictures && parts.sound && !parts.packets);
    }
}
