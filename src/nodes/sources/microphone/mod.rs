//! `microphone`: sound from a sound card, at whatever rate and channel count it has.
//!
//! The device's callback only copies into a lock-free ring. Everything else happens on a reader's
//! thread: mixing, resampling, stamping. What the ring cannot hold is told as a gap, never spliced.
//! A sound server that hangs holds up that thread in its calls, and not the node.

mod card;
mod devices;
mod errors;
mod feed;
mod log;
mod losses;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use cpal::ErrorKind;
use schemars::JsonSchema;
use serde::Deserialize;

use self::card::Card;
pub use self::devices::devices;
use self::errors::explain;
use self::losses::Losses;
use crate::media::audio::{Audio, SAMPLE_RATE, duration_of};
use crate::media::clock::{Clock, SampleClock, Time};
use crate::media::events::{Gap, Health, Of};
use crate::media::mono::Channel;
use crate::media::resample::ToMono16k;
use crate::nodes::parts::condition::Remedy;
use crate::nodes::parts::level::Level;
use crate::pipeline::contract::blocking::{Blocking, Next};
use crate::pipeline::contract::claim::Claim;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::{Emit, Flow, Node, Source};
use crate::ports;

/// How often the ring is emptied.
const PERIOD: Duration = Duration::from_millis(20);
/// Longest wait for sound before the runtime is asked whether to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// Options of `microphone`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the device, as `otus devices` lists it; the number of a sound card; or a pattern with `*` and `?` that its
    /// name or what people call it is like, such as `"*C920*"`: it is found wherever it is plugged in. Default: the
    /// system's default.
    #[serde(default)]
    pub device: Option<String>,
    /// Which channel is heard: its number, counted from 0 as ALSA and FFmpeg do; `"mix"`, the mean of all; `"loudest"`,
    /// the one with the most energy over about a second. Channels that cancel each other when mixed are noticed: the
    /// louder one is heard then.
    #[serde(default)]
    pub channel: Channel,
    /// How much sound waits in the sound card for a machine that is busy, in two halves: one comes late by half of it.
    /// A device that cannot gives as much as it can.
    #[serde(default = "several_frames")]
    #[schemars(range(min = 10, max = 2_000))]
    pub buffer_ms: u32,
    /// How long the device may give nothing before it is opened anew.
    #[serde(default = "five_seconds")]
    #[schemars(range(min = 100, max = 120_000))]
    pub stall_timeout_ms: u64,
    /// How long all samples may be exactly zero before that is told: no real microphone is so quiet.
    #[serde(default = "a_minute")]
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub silent_after_ms: u64,
    /// What else is done then.
    #[serde(default)]
    pub when_silent: Remedy,
}

fn several_frames() -> u32 {
    160
}

fn five_seconds() -> u64 {
    5_000
}

fn a_minute() -> u64 {
    60_000
}

/// A device that is read on a thread of its own.
pub struct Microphone {
    source: Arc<str>,
    sound: Blocking<Piece>,
    /// Read already.
    held: Option<Piece>,
    stall_timeout: Duration,
    last_sound: Instant,
    level: Level,
}

/// What is read of it.
enum Piece {
    Sound(Arc<Audio>),
    /// Nothing, from this time on.
    Lost(Time, Gap),
}

ports! {
    /// What a microphone gives.
    pub enum Sound {
        Audio(Arc<Audio>),
        Gap(Of<Gap>),
        Health(Of<Health>),
    }
}

/// An open device.
struct Reader {
    source: Arc<str>,
    clock: Clock,
    card: Card,
    interleaved_rate: u64,
    convert: ToMono16k,
    stamp: Option<SampleClock>,
    next_sample: u64,
    stall_timeout: Duration,
    last_sound: Instant,
    interleaved: Vec<f32>,
    losses: Losses,
    /// To be given out, in this order: at most a gap, sound and another gap.
    ready: VecDeque<Piece>,
}

impl Node for Microphone {
    const NAME: &'static str = "microphone";
    const ALSO: &'static [&'static str] = &[
        "mic",
        "audio",
        "sound",
        "alsa",
        "pulse",
        "pulseaudio",
        "pipewire",
        "audio_input",
    ];
    const ABOUT: &'static str = "Sound from a microphone, at any rate and channel count.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn claims(config: &Config, _: &Path) -> Vec<Claim> {
        let card = config.device.as_deref().and_then(devices::card_of);
        card.map(|it| Claim::device(Path::new(&it)))
            .into_iter()
            .collect()
    }

    fn open(config: &Config, context: &Context) -> Result<Microphone> {
        let name = format!("{}-read", context.id);
        let stall_timeout = Duration::from_millis(config.stall_timeout_ms);
        let level = Level::new(config.silent_after_ms, config.when_silent, context);
        let (config, reader) = (config.clone(), context.clone());
        let open = move || Reader::open(&config, &reader);
        let mut sound = Blocking::start(&name, open, Reader::read);
        // Opening may take as long as a silence.
        let held = sound.first(stall_timeout * 2, &context.stop)?;
        Ok(Microphone {
            source: Arc::clone(&context.id),
            sound,
            held,
            stall_timeout,
            last_sound: Instant::now(),
            level,
        })
    }
}

impl Source for Microphone {
    type Out = Sound;

    fn is_live(_: &Config) -> bool {
        true
    }

    fn next(&mut self, out: &mut Emit<Self::Out>) -> Result<Flow> {
        if let Some(held) = self.held.take() {
            self.give(held, out);
            return Ok(Flow::More);
        }
        match self.sound.next(LOOK_UP)? {
            Next::Item(piece) => {
                self.last_sound = Instant::now();
                if let Piece::Sound(audio) = &piece {
                    for health in self.level.note(audio)?.into_iter().flatten() {
                        out.event(&audio.source, audio.at, None, health);
                    }
                }
                self.give(piece, out);
            }
            Next::End => return Err(silent()),
            // The reader says so itself, unless it hangs.
            Next::Nothing if self.last_sound.elapsed() > self.stall_timeout + LOOK_UP => {
                return Err(silent());
            }
            Next::Nothing => {}
        }
        Ok(Flow::More)
    }
}

impl Microphone {
    fn give(&self, piece: Piece, out: &mut Emit<Sound>) {
        match piece {
            Piece::Sound(audio) => out.send(audio),
            Piece::Lost(from, gap) => out.event(&self.source, from, None, gap),
        }
    }
}

fn silent() -> Error {
    Error::retry("the microphone gives nothing; is it still plugged in?")
}

impl Reader {
    fn open(config: &Config, context: &Context) -> Result<Reader> {
        let device = devices::find(config.device.as_deref())?;
        let card = Card::open(&device, config.buffer_ms)?;
        let (rate, channels) = (card.rate, card.channels);
        let convert = ToMono16k::new(rate, channels, config.channel).map_err(Error::Fatal)?;
        context.describe("device", format!("{channels} channels at {rate} Hz"));
        Ok(Reader {
            source: Arc::clone(&context.id),
            clock: context.clock.clone(),
            card,
            interleaved_rate: u64::from(rate) * channels as u64,
            convert,
            stamp: None,
            next_sample: 0,
            stall_timeout: Duration::from_millis(config.stall_timeout_ms),
            last_sound: Instant::now(),
            interleaved: Vec::new(),
            losses: Losses::default(),
            ready: VecDeque::new(),
        })
    }

    fn read(&mut self) -> Result<Option<Piece>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Ok(Some(ready));
            }
            std::thread::sleep(PERIOD);
            self.check_faults()?;
            let now = self.clock.now();
            let waiting = self.card.ring.slots();
            if waiting > 0 {
                self.last_sound = Instant::now();
                let samples = self.take(waiting);
                // Only a full ring loses sound, so what was lost came after all that was waiting.
                let lost = self.card.overrun.swap(0, Relaxed) as f64 / self.interleaved_rate as f64;
                let lost_from = now.before(Duration::from_secs_f64(lost));
                if !samples.is_empty() {
                    self.tell_loss(samples.len(), lost_from);
                    let audio = Arc::new(self.stamped(samples, lost_from));
                    self.ready.push_back(Piece::Sound(audio));
                }
                if lost > 0.0 {
                    self.tell_gap(lost_from, now, "the microphone was read too late");
                }
            } else if self.last_sound.elapsed() > self.stall_timeout {
                return Err(silent());
            }
        }
    }

    /// Empties the ring.
    fn take(&mut self, waiting: usize) -> Vec<f32> {
        self.interleaved.clear();
        let chunk = self
            .card
            .ring
            .read_chunk(waiting)
            .expect("so many were waiting");
        let (first, second) = chunk.as_slices();
        self.interleaved.extend_from_slice(first);
        self.interleaved.extend_from_slice(second);
        chunk.commit_all();
        let mut samples = Vec::new();
        self.convert.push(&self.interleaved, &mut samples);
        if let Some(warning) = self.convert.warning() {
            tracing::warn!(node = %self.source, "{warning}");
        }
        samples
    }

    fn check_faults(&mut self) -> Result<()> {
        for fault in self.card.faults.try_iter() {
            match fault.kind() {
                // The stream goes on by itself.
                ErrorKind::Xrun => self.losses.tell(Instant::now())?,
                ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => tracing::debug!("{fault}"),
                _ => return Err(explain(&fault)),
            }
        }
        Ok(())
    }

    /// Sound that was lost before the ring, ahead of so many samples that end now.
    fn tell_loss(&mut self, samples: usize, now: Time) {
        let Some(heard_to) = self.stamp.as_ref().map(SampleClock::next) else {
            return;
        };
        let begins = now.before(duration_of(samples as u64)).max(heard_to);
        if self.losses.between(heard_to, begins, Instant::now()) {
            self.tell_gap(heard_to, begins, "the sound card was read too late");
        }
    }

    fn tell_gap(&mut self, from: Time, to: Time, why: &str) {
        let gap = Gap::new(from, to, why);
        self.ready.push_back(Piece::Lost(from, gap));
        // One at least, or what comes next would pass for what follows.
        let lost = (to.since(from).as_secs_f64() * f64::from(SAMPLE_RATE)) as u64;
        self.next_sample += lost.max(1);
        self.stamp = None;
    }

    fn stamped(&mut self, samples: Vec<f32>, now: Time) -> Audio {
        let length = duration_of(samples.len() as u64);
        if self.stamp.is_none() {
            let start = now.before(length);
            // The index follows capture time, so that an outage shows as a jump.
            let index = start.as_nanos() as u128 * u128::from(SAMPLE_RATE) / 1_000_000_000;
            self.next_sample = self.next_sample.max(index as u64);
            self.stamp = Some(SampleClock::new(SAMPLE_RATE, start));
        }
        let stamp = self.stamp.as_mut().expect("it was made just now");
        let audio = Audio {
            source: Arc::clone(&self.source),
            live: true,
            first_sample: self.next_sample,
            at: stamp.advance(samples.len(), now),
            samples,
        };
        self.next_sample += audio.samples.len() as u64;
        audio
    }
}
