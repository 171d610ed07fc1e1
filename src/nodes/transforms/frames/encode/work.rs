//! One run of an encoder: frames go in, packets come out.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::encoder;
use super::options::Config;
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::frame::{Frame, PixelFormat};
use crate::nodes::parts::stream::address;
use crate::nodes::parts::stream::origin::{Film, Origin};
use crate::nodes::parts::stream::pipe::Pipe;
use crate::nodes::parts::stream::unseen::packets_beside;
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::Emit;

/// An encoder whose pictures do not leave it is at fault.
const MOST_INSIDE: usize = 64;
/// How long a packet is waited for before it is looked again whether the encoder takes more.
const TURN: Duration = Duration::from_millis(2);
/// How long the last packets may take.
const LAST: Duration = Duration::from_secs(5);

/// A running encoder.
pub struct Work {
    child: Child,
    input: Option<ChildStdin>,
    output: Blocking<Arc<Coded>>,
    size: [u32; 2],
    format: PixelFormat,
    source: Arc<str>,
    step: Duration,
    /// Frames that are in it, the oldest first.
    inside: VecDeque<Time>,
}

impl Work {
    /// Starts one for frames like this, so far apart.
    ///
    /// # Errors
    /// `Retry` if it cannot be started.
    pub fn start(
        name: &str,
        config: &Config,
        frame: &Frame,
        step: Duration,
        context: &Context,
    ) -> Result<Work> {
        let rate = (1.0 / step.as_secs_f64().max(0.001)).clamp(0.1, 240.0);
        let pixels = f64::from(frame.width) * f64::from(frame.height);
        let usual = (pixels * rate / 10.0 / 1000.0).max(64.0) as u32;
        let bitrate = format!("{}k", config.bitrate_kbps.unwrap_or(usual));
        let mut command = address::ffmpeg("error");
        command.args([
            "-f",
            "rawvideo",
            "-pixel_format",
            pixel_format(frame.format),
        ]);
        command.args(["-video_size", &format!("{}x{}", frame.width, frame.height)]);
        command.args(["-framerate", &format!("{rate:.3}"), "-i", "pipe:0"]);
        // Coded pictures have even sides.
        command.args(["-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"]);
        encoder::ask(&mut command, name);
        let group = (rate * config.key_s).round().max(1.0);
        command.args([
            "-b:v",
            &bitrate,
            "-maxrate",
            &bitrate,
            "-bufsize",
            &bitrate,
            "-g",
            &group.to_string(),
        ]);
        let (reader, pipe) = Pipe::new().map_err(|error| Error::retry(error.to_string()))?;
        command.args(["-flush_packets", "1", "-f", "nut", &pipe.name()]);
        pipe.give_to(&mut command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|error| Error::retry(format!("ffmpeg: {error}")))?;
        let input = child.stdin.take().expect("it is piped");
        let flags = fcntl_getfl(&input).and_then(|it| fcntl_setfl(&input, it | OFlags::NONBLOCK));
        flags.map_err(|error| Error::retry(format!("ffmpeg: {error}")))?;
        Ok(Work {
            child,
            input: Some(input),
            output: packets_beside(reader, context, || Origin::File(Film::new(0.0, 0.0, false))),
            size: [frame.width, frame.height],
            format: frame.format,
            source: Arc::clone(&frame.source),
            step,
            inside: VecDeque::new(),
        })
    }

    /// Whether a frame can follow those before.
    pub fn fits(&self, frame: &Frame) -> bool {
        self.size == [frame.width, frame.height]
            && self.format == frame.format
            && self.source == frame.source
    }

    /// The earliest that is in it.
    pub fn earliest(&self) -> Option<Time> {
        self.inside.front().copied()
    }

    /// Gives it a frame, and hands on what leaves it meanwhile.
    ///
    /// # Errors
    /// `Retry` if it has ended, or gives nothing.
    pub fn push(&mut self, frame: &Frame, out: &mut Emit<Arc<Coded>>) -> Result<()> {
        if self.inside.len() >= MOST_INSIDE {
            return Err(Error::retry("the encoder gives nothing"));
        }
        self.inside.push_back(frame.at);
        let mut rest = &frame.pixels[..];
        while !rest.is_empty() {
            let input = self.input.as_mut().expect("it is open until the end");
            match input.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.collect(TURN, out)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::retry(format!("the encoder has ended: {error}"))),
            }
        }
        self.collect(Duration::ZERO, out).map(drop)
    }

    /// Hands on what has left it; waits so long for the first of it. Says whether there may be more.
    ///
    /// # Errors
    /// `Retry` if what leaves it cannot be read.
    pub fn collect(&mut self, wait: Duration, out: &mut Emit<Arc<Coded>>) -> Result<bool> {
        let mut wait = wait;
        loop {
            match self.output.next(wait)? {
                Next::Nothing => return Ok(true),
                Next::End => return Ok(false),
                Next::Item(unit) => {
                    wait = Duration::ZERO;
                    // They leave it in the order in which they came.
                    let at = self.inside.pop_front().unwrap_or(unit.at);
                    out.send(Arc::new(Coded {
                        source: Arc::clone(&self.source),
                        at,
                        duration: self.step,
                        ..Arc::unwrap_or_clone(unit)
                    }));
                }
            }
        }
    }

    /// Hands on the last of it.
    ///
    /// # Errors
    /// As `collect`.
    pub fn finish(mut self, out: &mut Emit<Arc<Coded>>) -> Result<()> {
        self.input = None;
        let deadline = Instant::now() + LAST;
        while self.collect(TURN, out)? {
            if Instant::now() > deadline {
                return Err(Error::retry("the encoder does not end"));
            }
        }
        Ok(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pixel_format(format: PixelFormat) -> &'static str {
    match format {
        PixelFormat::Bgr8 => "bgr24",
        PixelFormat::Rgb8 => "rgb24",
    }
}
