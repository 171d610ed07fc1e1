//! The sound of one file, whoever decodes it, and what is wrong with a file that nobody can.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ffmpeg::{Failure, Ffmpeg};
use super::kind::{HEAD, Kind, Reader};
use super::mp4;
use super::own::Own;
use super::step::{Shape, Step};
use super::wav;
use crate::media::mono::Channel;
use crate::media::resample::ToMono16k;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::stop::Stop;

/// A file that is being played.
pub struct Sound {
    path: PathBuf,
    kind: Kind,
    channel: Channel,
    decoder: Decoder,
    samples: Vec<f32>,
    convert: Option<(Shape, ToMono16k)>,
}

enum Decoder {
    Own(Box<Own>),
    /// With what kept otus from reading it itself.
    Ffmpeg(Ffmpeg, Option<String>),
}

impl Sound {
    /// Opens a file.
    ///
    /// # Errors
    /// `Fatal`, with what it is and what to do, if nobody here can read it.
    pub fn open(path: PathBuf, channel: Channel) -> Result<Sound> {
        let trouble = |why: String| Error::fatal(format!("{}: {why}", path.display()));
        let shown = path.display();
        if path.is_dir() {
            let all = format!("`{shown}/*` plays the files in it");
            return Err(Error::fatal(format!("{shown} is a folder; {all}")));
        }
        let mut file = File::open(&path).map_err(|error| trouble(error.to_string()))?;
        let mut head = Vec::new();
        let read = file.by_ref().take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|error| trouble(error.to_string()))?;
        if head.is_empty() {
            return Err(Error::fatal(format!("{shown} is empty")));
        }
        let mut kind = Kind::of(&head);
        let endless = match kind.name.as_str() {
            "a WAV file" => wav::prepare(&mut head).map_err(trouble)?,
            _ => false,
        };
        let mut run_up = 0.0;
        match kind.reader {
            Reader::Ffmpeg if has_mp3_name(&path) => kind.reader = Reader::Own,
            Reader::Own if kind.is_mp4() => match mp4::run_up(&file) {
                Some(seconds) => run_up = seconds,
                None => kind.reader = Reader::Ffmpeg,
            },
            _ => {}
        }
        // What can be read but once is not read by two.
        let is_file = file.metadata().is_ok_and(|it| it.is_file());
        let decoder = match kind.reader {
            Reader::Nobody => {
                let name = &kind.name;
                return Err(Error::fatal(format!(
                    "{shown} is {name} and holds no sound"
                )));
            }
            Reader::Ffmpeg => Decoder::ffmpeg(&path, &kind, None)?,
            Reader::Own => match Own::open(&path, file, head, !endless) {
                Ok(own) => Decoder::Own(Box::new(own.without(run_up))),
                Err(why) if !is_file => return Err(trouble(why)),
                Err(why) => Decoder::ffmpeg(&path, &kind, Some(why))?,
            },
        };
        Ok(Sound {
            path,
            kind,
            channel,
            decoder,
            samples: Vec::new(),
            convert: None,
        })
    }

    /// Waits until it is known whether there is sound in it.
    ///
    /// # Errors
    /// What `read` would tell.
    pub fn begin(&mut self, ready: &mut Vec<f32>, stop: &Stop) -> Result<()> {
        let waits = |decoder: &Decoder| match decoder {
            Decoder::Own(_) => false,
            Decoder::Ffmpeg(ffmpeg, _) => !ffmpeg.has_begun(),
        };
        while waits(&self.decoder) && !stop.is_set() {
            if !self.read(ready)? {
                break;
            }
        }
        Ok(())
    }

    /// Appends more as 16 kHz mono, if there is some yet; false at the end of the file.
    ///
    /// # Errors
    /// `Fatal` if it cannot be read any further, or holds no sound.
    pub fn read(&mut self, ready: &mut Vec<f32>) -> Result<bool> {
        self.samples.clear();
        let step = match &mut self.decoder {
            Decoder::Own(own) => own.read(&mut self.samples).map_err(|why| self.broken(&why)),
            Decoder::Ffmpeg(ffmpeg, why) => {
                let read = ffmpeg.read(&mut self.samples);
                read.map_err(|failure| unreadable(&self.path, &self.kind, failure, why.as_deref()))
            }
        };
        match step? {
            Step::Nothing => Ok(true),
            Step::More(shape) => self.convert(shape, ready).map(|()| true),
            Step::End => self.finish(ready).map(|()| false),
        }
    }

    fn convert(&mut self, shape: Shape, ready: &mut Vec<f32>) -> Result<()> {
        let convert = match &mut self.convert {
            Some((before, convert)) if *before == shape => convert,
            // Another recording, as streams may have one after the other in a file.
            slot => {
                if let Some((_, before)) = slot {
                    before.finish(ready);
                }
                let made = ToMono16k::new(shape.rate, shape.channels, self.channel);
                let shown = self.path.display();
                let made = made.map_err(|why| Error::fatal(format!("{shown}: {why}")))?;
                &mut slot.insert((shape, made)).1
            }
        };
        convert.push(&self.samples, ready);
        if let Some(warning) = convert.warning() {
            tracing::warn!("{}: {warning}", self.path.display());
        }
        Ok(())
    }

    fn finish(&mut self, ready: &mut Vec<f32>) -> Result<()> {
        let Some((_, convert)) = &mut self.convert else {
            return Err(without_sound(&self.path, &self.kind));
        };
        convert.finish(ready);
        Ok(())
    }

    fn broken(&self, why: &str) -> Error {
        Error::fatal(format!("{}: {why}", self.path.display()))
    }

    /// The error if the file is shorter than it says.
    pub fn cut_off(&self) -> Option<Error> {
        let how = match &self.decoder {
            Decoder::Own(own) => {
                let (held, claimed) = own.cut_off()?;
                format!("it holds {held:.2} of {claimed:.2} s")
            }
            Decoder::Ffmpeg(ffmpeg, _) if ffmpeg.is_cut_off() => "its end is missing".to_owned(),
            Decoder::Ffmpeg(..) => return None,
        };
        let shown = self.path.display();
        Some(Error::fatal(format!("{shown} is cut off: {how}")))
    }
}

impl Decoder {
    fn ffmpeg(path: &Path, kind: &Kind, why: Option<String>) -> Result<Decoder> {
        match Ffmpeg::open(path) {
            Ok(ffmpeg) => Ok(Decoder::Ffmpeg(ffmpeg, why)),
            Err(failure) => Err(unreadable(path, kind, failure, why.as_deref())),
        }
    }
}

/// Files of these names may begin with anything, and symphonia finds the sound.
fn has_mp3_name(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("mp3") || ending.eq_ignore_ascii_case("aac")
}

fn without_sound(path: &Path, kind: &Kind) -> Error {
    Error::fatal(format!(
        "{} holds no sound; it is {}",
        path.display(),
        kind.name
    ))
}

/// What it means that FFmpeg gives no sound of a file, which otus itself cannot read for the reason `own`.
fn unreadable(path: &Path, kind: &Kind, failure: Failure, own: Option<&str>) -> Error {
    let (shown, name) = (path.display(), &kind.name);
    let own = own.map_or(String::new(), |why| format!(" ({why})"));
    Error::fatal(match failure {
        Failure::NoSound => return without_sound(path, kind),
        Failure::Missing => format!(
            "{shown} is {name}, which otus cannot read by itself{own}; with FFmpeg it may: `apt install ffmpeg`"
        ),
        Failure::Other(why) => {
            format!("{shown} is {name}, and neither otus{own} nor FFmpeg can read it: {why}")
        }
    })
}
