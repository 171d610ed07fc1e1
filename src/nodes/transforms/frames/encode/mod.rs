//! `encode`: frames as a compressed stream, for `record` and `clip`.

mod encoder;
mod options;
mod work;

use std::sync::Arc;
use std::time::Duration;

pub use self::options::Config;
use self::work::Work;
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::frame::Frame;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform};

/// How often frames come, until two of them tell.
const USUAL_STEP: Duration = Duration::from_millis(40);

/// An encoder, and the frames that are in it.
pub struct Encode {
    config: Config,
    encoder: String,
    context: Context,
    /// The first frame, until the next tells how often they come.
    first: Option<Arc<Frame>>,
    work: Option<Work>,
}

impl Node for Encode {
    const NAME: &'static str = "encode";
    const ALSO: &'static [&'static str] = &[
        "encoder",
        "x264enc",
        "h264enc",
        "h265enc",
        "nvv4l2h264enc",
        "v4l2h264enc",
        "compress",
    ];
    const ABOUT: &'static str = "Codes frames as H.264 or H.265, so that `record` and `clip` take cameras that give raw pictures (USB, CSI), frames behind \
        `redact` or `annotate`, and cameras with a `mask`. The work is done by an `ffmpeg` in a process of its own, by the board's \
        encoder where there is one. Capture times stay what they are; there is no sound in it.";
    const EXAMPLE: &'static str = "bitrate_kbps = 1500";
    type Config = Config;

    fn open(config: &Config, context: &Context) -> Result<Encode> {
        let encoder = encoder::choose(config.codec, config.encoder.as_deref())?;
        context.describe("encoder", &encoder);
        Ok(Encode {
            config: config.clone(),
            encoder,
            context: context.clone(),
            first: None,
            work: None,
        })
    }
}

impl Transform for Encode {
    type In = Arc<Frame>;
    type Out = Arc<Coded>;
    const SINGLE: bool = true;

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Arc<Coded>>) -> Result<()> {
        if let Some(work) = self.work.take_if(|it| !it.fits(&frame)) {
            work.finish(out)?;
        }
        if self.work.is_none() {
            let Some(first) = self.first.take() else {
                self.first = Some(frame);
                return Ok(());
            };
            let step = frame.at.since(first.at);
            self.begin(&first, step, out)?;
        }
        match &mut self.work {
            Some(work) if work.fits(&frame) => work.push(&frame, out),
            _ => {
                self.first = Some(frame);
                Ok(())
            }
        }
    }

    fn idle(&mut self, out: &mut Emit<Arc<Coded>>) -> Result<()> {
        self.work
            .as_mut()
            .map_or(Ok(()), |it| it.collect(Duration::ZERO, out).map(drop))
    }

    fn holds(&self) -> Option<Time> {
        let first = self.first.as_ref().map(|it| it.at);
        let inside = self.work.as_ref().and_then(Work::earliest);
        first.into_iter().chain(inside).min()
    }

    fn finish(&mut self, out: &mut Emit<Arc<Coded>>) -> Result<()> {
        if let Some(first) = self.first.take() {
            if let Some(work) = self.work.take() {
                work.finish(out)?;
            }
            self.begin(&first, USUAL_STEP, out)?;
        }
        self.work.take().map_or(Ok(()), |it| it.finish(out))
    }
}

impl Encode {
    fn begin(
        &mut self,
        first: &Arc<Frame>,
        step: Duration,
        out: &mut Emit<Arc<Coded>>,
    ) -> Result<()> {
        let work = Work::start(&self.encoder, &self.config, first, step, &self.context)?;
        self.work.insert(work).push(first, out)
    }
}
