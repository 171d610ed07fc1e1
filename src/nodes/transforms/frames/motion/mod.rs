//! `motion`: lets frames through while something moves, so that models look only when there is a reason.

mod background;
mod luma;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use self::background::Background;
use self::luma::Grid;
use crate::media::clock::Time;
use crate::media::events::{Motion as Event, Of, Phase};
use crate::media::frame::Frame;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform};
use crate::ports;

/// Options of `motion`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By how many of 255 steps of brightness a spot must differ from the scene. Noisier cameras raise it by
    /// themselves.
    #[schemars(range(min = 1, max = 255))]
    pub threshold: u8,
    /// The part of the picture that must move, 0 to 1.
    #[schemars(range(min = 0.000_01, max = 1.0))]
    pub min_area: f32,
    /// How long frames are let through after the last in which something moved.
    #[schemars(range(min = 0, max = 3_600_000))]
    pub hold_ms: u64,
    /// One frame is let through at least every so many seconds, whether or not something moves.
    #[schemars(range(min = 1, max = 86_400))]
    pub full_look_s: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            threshold: 14,
            min_area: 0.000_5,
            hold_ms: 3_000,
            full_look_s: 60,
        }
    }
}

/// Something that moves, or did lately.
struct Course {
    source: Arc<str>,
    start: Time,
    latest: Time,
    area: f32,
}

/// What is known of a source.
#[derive(Default)]
struct Scene {
    grid: Grid,
    background: Background,
    course: Option<Course>,
    /// When a frame was let through last.
    passed: Option<Time>,
}

/// The scenes of all sources.
pub struct Motion {
    threshold: f32,
    min_area: f32,
    hold: Duration,
    full_look: Duration,
    cells: Vec<i16>,
    scenes: BTreeMap<Arc<str>, Scene>,
}

ports! {
    /// Frames that are worth a look, and that something moves.
    pub enum Gated {
        Frame(Arc<Frame>),
        Motion(Of<Event>),
    }
}

impl Node for Motion {
    const NAME: &'static str = "motion";
    const ALSO: &'static [&'static str] = &["motion_detection", "movement", "background", "gate"];
    const ABOUT: &'static str =
        "Lets frames through while something moves and for a while after, and tells of it.";
    const EXAMPLE: &'static str = "";
    type Config = Config;

    fn open(config: &Config, _: &Context) -> Result<Motion> {
        Ok(Motion {
            threshold: f32::from(config.threshold),
            min_area: config.min_area,
            hold: Duration::from_millis(config.hold_ms),
            full_look: Duration::from_secs(config.full_look_s),
            cells: Vec::new(),
            scenes: BTreeMap::new(),
        })
    }
}

impl Transform for Motion {
    type In = Arc<Frame>;
    type Out = Gated;
    const WAIT_MS: Option<u64> = Some(2_000);

    fn apply(&mut self, frame: Arc<Frame>, out: &mut Emit<Gated>) -> Result<()> {
        let scene = self.scenes.entry(Arc::clone(&frame.source)).or_default();
        if scene.grid.fit(&frame) {
            scene.background.forget();
        }
        scene.grid.read(&frame, &mut self.cells);
        let columns = scene.grid.columns();
        let area = scene
            .background
            .compare(&self.cells, columns, frame.at, self.threshold);
        if let Some(area) = area.filter(|area| *area >= self.min_area) {
            scene.moved(&frame, area, out);
        }
        let due = |passed: Time| frame.at.since(passed) >= self.full_look;
        if scene.course.is_some() || scene.passed.is_none_or(due) {
            scene.passed = Some(frame.at);
            out.send(frame);
        }
        Ok(())
    }

    fn pass(&mut self, to: Time, out: &mut Emit<Gated>) -> Result<()> {
        let is_over = |it: &mut Course| it.latest.after(self.hold) < to;
        let scenes = self.scenes.values_mut();
        let over = scenes.filter_map(|it| it.course.take_if(is_over));
        let mut over: Vec<Course> = over.collect();
        over.sort_by_key(|it| it.latest);
        for course in over {
            let told = course.told(Phase::End);
            out.event(&course.source, course.latest, None, told);
        }
        Ok(())
    }

    /// That it is over is told with the time at which something moved last.
    fn holds(&self) -> Option<Time> {
        let courses = self.scenes.values().filter_map(|it| it.course.as_ref());
        courses.map(|it| it.latest).min()
    }
}

impl Scene {
    fn moved(&mut self, frame: &Frame, area: f32, out: &mut Emit<Gated>) {
        if let Some(course) = &mut self.course {
            course.latest = frame.at;
            course.area = course.area.max(area);
            return;
        }
        let course = Course {
            source: Arc::clone(&frame.source),
            start: frame.at,
            latest: frame.at,
            area,
        };
        let told = course.told(Phase::Start);
        out.event(&course.source, course.start, Some(frame.seq), told);
        self.course = Some(course);
    }
}

impl Course {
    fn told(&self, phase: Phase) -> Event {
        Event {
            phase,
            start: self.start.as_secs_f64(),
            end: self.latest.as_secs_f64(),
            area: self.area,
        }
    }
}
