//! The pictures that a child process writes, and what it complains about.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::process::ChildStdout;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

use super::recipe::Recipe;
use crate::media::frame::Frame;
use crate::nodes::parts::stream::decoder::{Decoder, NO_SOUND, NO_STREAM};
use crate::nodes::parts::stream::reasons;
use crate::nodes::parts::stream::timeout::TimeoutReader;
use crate::nodes::parts::stream::unseen::ANY_PAUSE;
use crate::nodes::sources::camera::config::Config;
use crate::nodes::sources::camera::elements;
use crate::nodes::sources::camera::medium::RIBBON;
use crate::nodes::sources::camera::rate::silent;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Size of the headers of a BMP picture.
const BMP_HEADERS: usize = 54;
/// Times that are told before their pictures: FFmpeg works on some at a time.
const STAMPS: usize = 256;
const LARGEST_SIDE: u32 = 16_384;

/// A child and its pictures. Dropping it kills the child.
pub struct Pictures {
    decoder: Decoder,
    output: BufReader<TimeoutReader<ChildStdout>>,
    size: Option<(u32, u32)>,
    /// The file that is read, if it is one.
    file: Option<PathBuf>,
    /// The times of its pictures in seconds, if they are told.
    stamps: Option<Receiver<f64>>,
    /// Whether a picture has come.
    begun: bool,
    stall_timeout: Duration,
    most_pixels: u64,
}

impl Pictures {
    /// Starts the child.
    ///
    /// # Errors
    /// `Fatal` if its program is not installed.
    pub fn open(recipe: Recipe, config: &Config, context: &Context) -> Result<Pictures> {
        let (stamp, stamps) = bounded(STAMPS);
        let heard = move |line: &str| told_time(line).is_some_and(|it| stamp.send(it).is_ok());
        let Recipe {
            command,
            input,
            remedy,
            ..
        } = recipe;
        let (decoder, output) = Decoder::start(command, &input, remedy, context, heard)?;
        let reader = TimeoutReader {
            output,
            patience: Duration::from_millis(config.connect_timeout_ms + config.stall_timeout_ms),
            stop: context.stop.clone(),
        };
        Ok(Pictures {
            decoder,
            output: BufReader::new(reader),
            size: recipe.size,
            file: recipe.file,
            stamps: recipe.is_stamped.then_some(stamps),
            begun: false,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms),
            most_pixels: config.max_pixels,
        })
    }

    /// Waits for the next picture and tells its size; none at the end.
    pub fn next_size(&mut self) -> io::Result<Option<(u32, u32)>> {
        if self.output.fill_buf()?.is_empty() {
            return Ok(None);
        }
        // A film waits for who takes its sound, as long as that takes: begun anew, it would come twice.
        let is_film = self.file.is_some();
        self.output.get_mut().patience = if is_film {
            ANY_PAUSE
        } else {
            self.stall_timeout
        };
        if self.size.is_some() {
            return Ok(self.size);
        }
        let mut headers = [0; BMP_HEADERS];
        self.output.read_exact(&mut headers)?;
        let number = |at: usize| {
            let bytes = [
                headers[at],
                headers[at + 1],
                headers[at + 2],
                headers[at + 3],
            ];
            u32::from_le_bytes(bytes)
        };
        let (width, height) = (number(18), number(22));
        let sides = 1..=LARGEST_SIDE;
        let is_picture = headers.starts_with(b"BM") && number(10) as usize == BMP_HEADERS;
        if is_picture && sides.contains(&width) && sides.contains(&height) {
            let pixels = u64::from(width) * u64::from(height);
            return match pixels <= self.most_pixels {
                true => Ok(Some((width, height))),
                false => Err(io::Error::other(
                    "a picture has more pixels than `max_pixels` allows",
                )),
            };
        }
        Err(io::Error::other(
            "ffmpeg wrote something that is no picture",
        ))
    }

    /// The time of the picture whose size was told, as its medium has it; none if that is not told.
    pub fn stamp(&mut self) -> Option<f64> {
        self.begun = true;
        // It was told before the picture was written.
        let stamps = self.stamps.as_ref()?;
        stamps.recv_timeout(self.stall_timeout).ok()
    }

    /// Reads the picture whose size was told, without the padding of its rows.
    pub fn read_rows(&mut self, room: &mut [u8], width: u32) -> io::Result<()> {
        let row = width as usize * Frame::CHANNELS;
        let padding = row.next_multiple_of(4) - row;
        if padding == 0 {
            return self.output.read_exact(room);
        }
        let mut rest = [0; 3];
        for row in room.chunks_exact_mut(row) {
            self.output.read_exact(row)?;
            self.output.read_exact(&mut rest[..padding])?;
        }
        Ok(())
    }

    /// Reads over it.
    pub fn skip_rows(&mut self, (width, height): (u32, u32)) -> io::Result<()> {
        let row = (width as usize * Frame::CHANNELS).next_multiple_of(4);
        let bytes = row as u64 * u64::from(height);
        io::copy(&mut self.output.by_ref().take(bytes), &mut io::sink()).map(drop)
    }

    /// What it means that there is nothing more to read.
    pub fn ended(&mut self, why: Option<io::Error>) -> Result<()> {
        if why
            .as_ref()
            .is_some_and(|it| it.kind() == ErrorKind::TimedOut)
        {
            return Err(silent(self.output.get_ref().patience));
        }
        let (succeeded, complaint) = self.decoder.ended();
        if self.file.is_some() && why.is_none() && succeeded {
            return Ok(());
        }
        let said = complaint.or_else(|| why.map(|it| it.to_string()));
        let said = said.unwrap_or_else(|| "the stream ended".to_owned());
        Err(match &self.file {
            Some(path) if !self.begun => {
                let said = match said.as_str() {
                    it if it.contains(NO_SOUND) => "there is no sound in it",
                    it if it.contains(NO_STREAM) => "there is no picture in it",
                    it => it,
                };
                let shown = path.display();
                Error::fatal(format!("{shown} is no video that FFmpeg can read: {said}"))
            }
            Some(_) => Error::fatal(said),
            None => elements::explain(&said).unwrap_or_else(|| in_words(said)),
        })
    }
}

/// The time of `[Parsed_showinfo_1 @ 0x5] [info] n: 0 pts: 0 pts_time:0.04 …`; no number where the file has none.
fn told_time(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("showinfo")?.1.split_once("pts_time:")?;
    Some(rest.split_whitespace().next()?.parse().unwrap_or(f64::NAN))
}

/// FFmpeg names what it cannot open, then says why.
fn in_words(complaint: String) -> Error {
    match complaint.starts_with("/dev/") {
        true => Error::Retry(format!(
            "{complaint}; does another program use it? {RIBBON}"
        )),
        false => reasons::of_stream(complaint),
    }
}
