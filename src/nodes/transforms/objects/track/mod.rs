//! `track`: tells when things come, stay and leave, and which of a frame's objects are those of the frame before.

mod assign;
mod course;
#[cfg(test)]
mod tests;
mod tracker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use self::tracker::{Changes, Rules, Track, Tracker};
use crate::media::clock::Time;
use crate::media::events::{self, Of, Step};
use crate::media::kind::Lane;
use crate::media::objects::{More, Objects};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// Options of `track`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// From this score on something is surely seen; what is less sure only keeps those there who were there already:
    /// let `detect` report from 0.1 on.
    #[schemars(range(min = 0.01, max = 1.0))]
    pub score: f32,
    /// In so many frames in a row something must be seen before it has come.
    #[schemars(range(min = 1, max = 100))]
    pub frames: u64,
    /// How long something may be hidden before it has left.
    #[schemars(range(min = 0, max = 600_000))]
    pub lost_ms: u64,
    /// How often it is told that something is still there. 0: never.
    #[schemars(range(min = 0, max = 86_400_000))]
    pub update_ms: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            score: 0.5,
            frames: 2,
            lost_ms: 2_000,
            update_ms: 0,
        }
    }
}

/// What is known, also after it was opened anew.
#[derive(Default)]
struct Known {
    last_id: u64,
    sources: HashMap<Arc<str>, Tracker>,
}

/// Follows the objects of all sources.
pub struct Follow {
    rules: Rules,
    update: Duration,
    known: Arc<Mutex<Known>>,
}

ports! {
    /// What is told.
    pub enum Followed {
        Objects(Arc<Objects>),
        Track(Of<events::Track>),
    }
}

impl Node for Follow {
    const NAME: &'static str = "track";
    const ALSO: &'static [&'static str] = &[
        "tracker",
        "tracking",
        "bytetrack",
        "byte_track",
        "sort",
        "botsort",
        "follow",
        "reid",
    ];
    const ABOUT: &'static str =
        "Follows objects from frame to frame, and tells when each comes and leaves.";
    const EXAMPLE: &'static str = "lost_ms = 3_000";
    type Config = Config;

    fn open(config: &Config, context: &Context) -> Result<Follow> {
        Ok(Follow {
            rules: Rules {
                sure: config.score,
                frames: config.frames,
                lost: Duration::from_millis(config.lost_ms),
            },
            update: Duration::from_millis(config.update_ms),
            known: context.kept(),
        })
    }
}

impl Transform for Follow {
    type In = Arc<Objects>;
    type Out = Followed;
    const WAIT_MS: Option<u64> = Some(2_000);

    fn apply(&mut self, objects: Arc<Objects>, out: &mut Emit<Followed>) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { last_id, sources } = &mut *known;
        let source = &objects.source;
        let tracker = sources.entry(Arc::clone(source)).or_default();
        let name = || {
            *last_id += 1;
            *last_id
        };
        let frame = (objects.at, objects.seq);
        let Changes { ids, come, left } = tracker.see(frame, &objects.found, &self.rules, name);
        left.iter().for_each(|it| tell(Step::End, source, it, out));
        come.iter()
            .for_each(|it| tell(Step::Start, source, it, out));
        for track in tracker.tracks().filter(|_| !self.update.is_zero()) {
            if track.last == frame && objects.at.since(track.told) >= self.update {
                track.told = objects.at;
                tell(Step::Update, source, track, out);
            }
        }
        if out.wants(Lane::Objects) {
            out.send(with(&objects, &ids));
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Followed>) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, tracker) in &mut known.sources {
            let left = tracker.leave(to, &self.rules);
            left.iter().for_each(|it| tell(Step::End, source, it, out));
        }
        Ok(())
    }

    fn holds(&self) -> Option<Time> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.sources.values().filter_map(Tracker::holds).min()
    }
}

fn tell(phase: Step, source: &Arc<str>, track: &Track, out: &mut Emit<Followed>) {
    let Some(id) = track.id else { return };
    let (at, seq) = match phase {
        Step::Start => track.first,
        Step::Update | Step::End => track.last,
    };
    let (score, bounds) = track.object;
    let event = events::Track {
        phase,
        id,
        label: Arc::clone(&track.label),
        score,
        bounds,
        start: track.first.0.as_secs_f64(),
        end: track.last.0.as_secs_f64(),
        frames: track.frames,
        best: (phase == Step::End).then(|| track.best.clone()),
    };
    out.event(source, at, Some(seq), event);
}

/// The same objects, and which ones they are.
fn with(objects: &Objects, ids: &[Option<u64>]) -> Arc<Objects> {
    let found = objects.found.iter().zip(ids).map(|(object, id)| {
        let mut object = object.clone();
        if id.is_some() {
            let more: &mut More = object.more.get_or_insert_default();
            more.track = *id;
        }
        object
    });
    Arc::new(Objects {
        found: found.collect(),
        ..objects.clone()
    })
}
