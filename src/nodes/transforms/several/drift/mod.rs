//! `drift`: tells when what a camera shows, a microphone hears or a model finds is other than its own past.

mod findings;
mod hours;
mod lasting;
mod levels;
mod nights;
mod options;
mod picture;
mod sampler;
mod scene;
mod sound;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::findings::Findings;
pub use self::options::Config;
use self::picture::Picture;
use self::sampler::Sampler;
use self::sound::Sound;
use crate::media::audio::Audio;
use crate::media::clock::Time;
use crate::media::events::{Health, Of};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::Objects;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// So many models of one camera are followed.
const MOST_MODELS: usize = 16;

/// What is known of all sources; it outlives a failure and a reload, but not the process.
pub struct Drift {
    every: Duration,
    after: Duration,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    cameras: BTreeMap<Arc<str>, Camera>,
    microphones: BTreeMap<Arc<str>, Sound>,
    findings: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Findings>>,
    /// What is other than usual now, with its source before it.
    active: BTreeSet<String>,
}

#[derive(Default)]
struct Camera {
    sampler: Sampler,
    picture: Picture,
    looked: Option<Time>,
}

ports! {
    /// What may be other than usual.
    pub enum Watched {
        Frame(Arc<Frame>),
        Objects(Arc<Objects>),
        Audio(Arc<Audio>),
    }
}

impl Node for Drift {
    const NAME: &'static str = "drift";
    const ALSO: &'static [&'static str] = &[
        "tamper",
        "tampering",
        "tamper_detection",
        "camera_health",
        "blindness",
        "covered",
        "monitor",
        "anomaly",
        "health",
    ];
    const ABOUT: &'static str = "Tells, as `health`, when a camera is covered, blurred or turned, a microphone muffled, or a \
        model finds less, more or less surely than usual at these hours: each against its own past, which it learns within a minute, \
        and within a week for models. Night, night vision, glare and rain are told too, but not as an alarm. What it has learnt outlives a \
        reload, not a restart. Not for cameras that turn by themselves.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(config: &Config, context: &Context) -> Result<Drift> {
        let known: Arc<Mutex<Known>> = context.kept();
        let shown = Arc::clone(&known);
        context.describe_live("condition", move || {
            let active = &lock(&shown).active;
            let all: Vec<&str> = active.iter().map(String::as_str).collect();
            (!all.is_empty()).then(|| all.join(", "))
        });
        let shown = Arc::clone(&known);
        context.describe_live("seen and heard", move || lock(&shown).says());
        Ok(Drift {
            every: Duration::from_millis(config.every_ms),
            after: config.after(),
            known,
        })
    }
}

impl Transform for Drift {
    type In = Watched;
    type Out = Of<Health>;

    fn ignores(config: &Config, lane: Lane) -> bool {
        config.ignores(lane)
    }

    fn apply(&mut self, watched: Watched, out: &mut Emit<Self::Out>) -> Result<()> {
        let mut known = lock(&self.known);
        let known = &mut *known;
        match watched {
            // A part of a picture moves about, and its whole is looked at anyway.
            Watched::Frame(frame) if frame.part.is_none() => {
                let camera = known.cameras.entry(Arc::clone(&frame.source)).or_default();
                let told = camera.look(&frame, self.every, self.after);
                let about = (&frame.source, frame.at, Some(frame.seq));
                tell(told, about, &mut known.active, out);
            }
            Watched::Frame(_) => {}
            Watched::Audio(audio) => {
                let microphones = &mut known.microphones;
                let sound = microphones.entry(Arc::clone(&audio.source)).or_default();
                let told = sound.hear(&audio, self.after);
                let about = (&audio.source, audio.end(), None);
                tell(told, about, &mut known.active, out);
            }
            Watched::Objects(objects) => {
                let models = known
                    .findings
                    .entry(Arc::clone(&objects.source))
                    .or_default();
                if models.len() >= MOST_MODELS && !models.contains_key(&objects.model) {
                    return Ok(());
                }
                let findings = models.entry(Arc::clone(&objects.model)).or_default();
                let told = findings.take(&objects);
                let about = (&objects.source, objects.at, Some(objects.seq));
                tell(told, about, &mut known.active, out);
            }
        }
        Ok(())
    }
}

impl Camera {
    fn look(&mut self, frame: &Frame, every: Duration, after: Duration) -> Vec<Health> {
        if self.looked.is_some_and(|it| frame.at.since(it) < every) {
            return Vec::new();
        }
        self.looked = Some(frame.at);
        let Some((seen, is_new)) = self.sampler.look(frame) else {
            return Vec::new();
        };
        let ended = if is_new {
            self.picture.begin_anew()
        } else {
            None
        };
        let mut told = self.picture.look(seen, after);
        told.extend(ended);
        told
    }
}

impl Known {
    fn says(&self) -> Option<String> {
        let seen = |it: &Camera| it.picture.says(it.sampler.seen());
        let cameras = self
            .cameras
            .iter()
            .map(|(source, it)| format!("{source}: {}", seen(it)));
        let heard = |(source, it): (&Arc<str>, &Sound)| Some(format!("{source}: {}", it.says()?));
        let all: Vec<String> = cameras
            .chain(self.microphones.iter().filter_map(heard))
            .collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn tell(
    told: Vec<Health>,
    (source, at, seq): (&Arc<str>, Time, Option<u64>),
    active: &mut BTreeSet<String>,
    out: &mut Emit<Of<Health>>,
) {
    for health in told {
        let name = format!("{source}: {}", health.condition.name());
        match health.active {
            true => active.insert(name),
            false => active.remove(&name),
        };
        out.event(source, at, seq, health);
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
