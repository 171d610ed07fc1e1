//! `zenoh`: what otus on another machine gives: frames, sound, objects and events of one of its sources.

mod course;
mod receiver;

use std::sync::Arc;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;

use self::receiver::{Kept, Receiver, lock};
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::events::read::Moved;
use crate::media::events::{Event, InBody, Of};
use crate::media::frame::{Frame, PixelFormat};
use crate::media::kind::Lane;
use crate::media::objects::Objects;
use crate::nodes::parts::far::letter::{self, Letter, What};
use crate::nodes::parts::far::line::Line;
use crate::nodes::parts::far::scene::Scene;
use crate::nodes::parts::far::{self, Network};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// Longest wait before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);
/// What is refused is logged so often at most.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);
/// Decoders and resamplers go beyond 1, never that far.
const LOUDEST: f32 = 8.0;
/// Clocks that differ by less agree.
const AGREED: Duration = Duration::from_millis(100);

/// Options of `zenoh`.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Config {
    /// What is asked for: the key of the other machine's `zenoh`, `/`, and the name of a source there.
    pub key: String,
    /// Where the other machine is.
    #[serde(flatten)]
    pub network: Network,
    /// Pictures of more pixels are refused before room is made for them.
    #[serde(default = "fifty_million")]
    #[schemars(range(min = 256, max = 1_000_000_000))]
    pub max_pixels: u64,
    /// How long neither picture nor sound may come before that is an outage. Where only events are taken, silence is none.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub stall_timeout_ms: u64,
}

fn fifty_million() -> u64 {
    50_000_000
}

fn five_seconds() -> u64 {
    5_000
}

ports! {
    /// What another machine can give.
    pub enum Given {
        Frame(Arc<Frame>),
        Objects(Arc<Objects>),
        Audio(Arc<Audio>),
        Event(Arc<Event>),
    }
}

impl<B: InBody> From<Of<B>> for Given {
    fn from(of: Of<B>) -> Given {
        Given::Event(of.into_event())
    }
}

/// What comes of one source of another machine.
pub struct Zenoh {
    receiver: Arc<Receiver>,
    kept: Arc<Kept>,
    config: Config,
    context: Context,
    last_media: Instant,
    warned: Option<Instant>,
    /// By how much the other clock was ahead when that was said.
    told_ahead: Duration,
}

impl Node for Zenoh {
    const NAME: &'static str = "zenoh";
    const ABOUT: &'static str = "Frames, sound, objects and events of a source of otus on another machine, which gives them with the sink `zenoh`. They \
        have the times at which they were captured there: the clocks of both machines must agree, by NTP or PTP. Those of a clock that \
        is ahead are set back by as much.";
    const EXAMPLE: &'static str = "key = \"yard/porch\"\nconnect = [\"tcp/10.0.0.5:7447\"]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        far::check(&config.network, &config.key)
    }

    fn open(config: &Config, context: &Context) -> Result<Zenoh> {
        let kept = context.kept::<Kept>();
        let receiver = kept.receiver(&config.network, &config.key)?;
        let zenoh = Zenoh {
            receiver,
            kept,
            config: config.clone(),
            context: context.clone(),
            last_media: Instant::now(),
            warned: None,
            told_ahead: Duration::ZERO,
        };
        zenoh.describe();
        zenoh.receiver.ask_for(&config.key, &context.wanted)?;
        zenoh.wait_for_media()?;
        lock(&zenoh.kept.course).after_an_outage();
        Ok(zenoh)
    }
}

impl Source for Zenoh {
    type Out = Given;

    fn is_live(_: &Config) -> bool {
        true
    }

    fn is_there(config: &Config) -> Option<bool> {
        Line::has_media(&config.network, &config.key)
    }

    fn next(&mut self, out: &mut Emit<Given>) -> Result<Flow> {
        let wanted = &self.context.wanted;
        self.receiver.ask_for(&self.config.key, wanted)?;
        if let Some(letter) = self.receiver.inbox.take(LOOK_UP) {
            let is_event = letter.header.what.lane() == Lane::Event;
            match self.open_letter(letter, out) {
                Ok(()) if is_event => {}
                Ok(()) => self.last_media = Instant::now(),
                Err(why) => self.receiver.inbox.refuse(why),
            }
        }
        self.warn();
        match self.awaits_media() && self.last_media.elapsed() > self.patience() {
            true => Err(self.silent()),
            false => Ok(Flow::More),
        }
    }
}

impl Zenoh {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.config.stall_timeout_ms)
    }

    fn awaits_media(&self) -> bool {
        let media = far::LANES.into_iter().filter(|it| *it != Lane::Event);
        media.into_iter().any(|it| self.context.wanted.has(it))
    }

    fn silent(&self) -> Error {
        let (key, seconds) = (&self.config.key, self.patience().as_secs_f64());
        Error::retry(format!(
            "nothing has come with the key {key} for {seconds} s: see whether the other machine is reached, and gives it"
        ))
    }

    /// Waits until a picture or sound has come, if they are what is wanted.
    fn wait_for_media(&self) -> Result<()> {
        let end = Instant::now() + self.patience();
        while self.awaits_media() && !self.receiver.inbox.has_media() {
            if self.context.stop.wait(Duration::from_millis(20)) {
                break;
            }
            if Instant::now() > end {
                return Err(self.silent());
            }
        }
        Ok(())
    }

    /// Shows what has become of what was sent.
    fn describe(&self) {
        let inbox = Arc::clone(&self.receiver.inbox);
        let context = &self.context;
        context.describe_live("dropped", move || Some(inbox.counts().dropped.to_string()));
        let inbox = Arc::clone(&self.receiver.inbox);
        context.describe_live("refused", move || {
            let counts = inbox.counts();
            Some(match counts.why {
                Some(why) => format!("{}, the last {why}", counts.refused),
                None => counts.refused.to_string(),
            })
        });
        let kept = Arc::clone(&self.kept);
        context.describe_live("missed", move || {
            Some(lock(&kept.course).missed().to_string())
        });
        let kept = Arc::clone(&self.kept);
        context.describe_live("clock_ahead_ms", move || {
            Some(lock(&kept.course).ahead().as_millis().to_string())
        });
    }

    /// Logs what is wrong with what comes, now and then.
    fn warn(&mut self) {
        let node = &self.context.id;
        let ahead = lock(&self.kept.course).ahead();
        if ahead > AGREED.max(2 * self.told_ahead) {
            self.told_ahead = ahead;
            let seconds = ahead.as_secs_f64();
            tracing::warn!(%node, "the other machine's clock is {seconds:.1} s ahead: its times are set back by as much; set both clocks");
        }
        if self
            .warned
            .is_some_and(|it| it.elapsed() < BETWEEN_WARNINGS)
        {
            return;
        }
        if let Some(why) = self.receiver.inbox.news() {
            self.warned = Some(Instant::now());
            let all = self.receiver.inbox.counts().refused;
            tracing::warn!(%node, "something came that is of no use, {all} so far: {why}");
        }
    }

    /// Hands on what is in it.
    fn open_letter(&mut self, letter: Letter, out: &mut Emit<Given>) -> Result<(), String> {
        let Letter { header, payload } = letter;
        let at = lock(&self.kept.course).place(&header, &self.context.clock)?;
        match header.what {
            What::Frame { seq } => {
                let seq = lock(&self.kept.course).frame(Lane::Frame, seq)?;
                let frame = self.frame(seq, at, &payload)?;
                out.send(Arc::new(frame));
            }
            What::Objects(scene) => {
                let objects = self.objects(scene, at, &payload)?;
                out.send(Arc::new(objects));
            }
            What::Audio { first_sample } => self.sound(first_sample, at, &payload, out)?,
            What::Event { at: theirs } => {
                let event = self.event(theirs, at, &payload)?;
                out.send(Arc::new(event));
            }
        }
        Ok(())
    }

    fn frame(&self, seq: u64, at: Time, jpeg: &[u8]) -> Result<Frame, String> {
        let (pixels, [width, height]) = letter::decoded(jpeg, self.config.max_pixels)?;
        Ok(Frame {
            source: Arc::clone(&self.context.id),
            seq,
            at,
            file: None,
            width,
            height,
            format: PixelFormat::Rgb8,
            pixels,
            part: None,
        })
    }

    fn objects(&self, scene: Scene, at: Time, jpeg: &[u8]) -> Result<Objects, String> {
        let seq = lock(&self.kept.course).frame(Lane::Objects, scene.seq)?;
        let mut objects = scene.objects(&self.context.id)?;
        (objects.at, objects.seq) = (at, seq);
        if !jpeg.is_empty() {
            let frame = self.frame(seq, at, jpeg)?;
            if [frame.width, frame.height] != objects.size {
                return Err("its picture has another size than it says".to_owned());
            }
            objects.frame = Some(Arc::new(frame));
        }
        Ok(objects)
    }

    fn sound(
        &self,
        theirs: u64,
        at: Time,
        bytes: &[u8],
        out: &mut Emit<Given>,
    ) -> Result<(), String> {
        let (samples, rest) = bytes.as_chunks::<4>();
        let samples: Vec<f32> = samples.iter().map(|it| f32::from_le_bytes(*it)).collect();
        let is_sound = samples.iter().all(|it| it.abs() <= LOUDEST);
        if !rest.is_empty() || samples.is_empty() || !is_sound {
            return Err("this is no sound: samples are 32-bit floats, about -1 to 1".to_owned());
        }
        let source = Arc::clone(&self.context.id);
        let (first_sample, gap) = lock(&self.kept.course).sound(theirs, samples.len(), at)?;
        if let Some(gap) = gap {
            out.event(&source, Time::from_secs_f64(gap.start), None, gap);
        }
        out.send(Arc::new(Audio {
            source,
            live: true,
            first_sample,
            at,
            samples,
        }));
        Ok(())
    }

    fn event(&self, theirs: u64, at: Time, line: &[u8]) -> Result<Event, String> {
        let moved = Moved {
            source: Arc::clone(&self.context.id),
            at,
            time: self.context.clock.wall(at),
            by: at.as_secs_f64() - Time::from_nanos(theirs).as_secs_f64(),
        };
        Event::read(line, moved).map_err(|it| it.to_string())
    }
}
