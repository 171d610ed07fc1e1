//! `annotate`: frames with what was found drawn into them, for people.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::draw::Canvas;
use crate::media::frame::Frame;
use crate::media::objects::{Object, Objects};
use crate::media::recycle::Recycle;
use crate::nodes::parts::looked;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;
use crate::pipeline::contract::node::{Emit, Node, Transform, numbered};

/// Options of `annotate`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is drawn, in the detector's words. Default: all that it finds.
    pub labels: Vec<String>,
    /// Whether it is told how sure each object is.
    pub scores: bool,
    /// Whether the time of the frame stands in its corner: day and time of day here, and how far that is from UTC.
    pub time: bool,
    /// Whether the zones and lines of a `zones` before this are drawn.
    pub zones: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            labels: Vec::new(),
            scores: true,
            time: true,
            zones: true,
        }
    }
}

/// As people here write it.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.1f %:z";

/// Draws what was found.
pub struct Annotate {
    config: Config,
    context: Context,
    here: TimeZone,
    pool: Recycle<Frame>,
    words: String,
}

impl Node for Annotate {
    const NAME: &'static str = "annotate";
    const ALSO: &'static [&'static str] = &[
        "annotator",
        "annotation",
        "draw",
        "draw_boxes",
        "box",
        "boxes",
        "bounding_box",
        "overlay",
        "osd",
        "render",
        "visualize",
        "visualise",
        "visualizer",
        "caption",
        "timestamp",
    ];
    const ABOUT: &'static str = "Makes frames in which what was found is drawn: a box each, its label and score, the number that \
        `track` gives it, the zones and lines of `zones`, and the time. A label has the same colour everywhere.";
    const EXAMPLE: &'static str = "scores = false";
    type Config = Config;

    fn labels(config: &Config) -> Vec<(String, String)> {
        numbered("labels", &config.labels)
    }

    fn open(config: &Config, context: &Context) -> Result<Annotate> {
        Ok(Annotate {
            config: config.clone(),
            context: context.clone(),
            here: TimeZone::system(),
            pool: Recycle::new(Frame::empty),
            words: String::new(),
        })
    }
}

impl Transform for Annotate {
    type In = Arc<Objects>;
    type Out = Arc<Frame>;
    const STATELESS: bool = true;

    fn apply(&mut self, objects: Arc<Objects>, out: &mut Emit<Arc<Frame>>) -> Result<()> {
        let frame = looked::frame(&objects)?;
        let Annotate {
            config,
            context,
            here,
            pool,
            words,
        } = self;
        let Ok(drawn) = pool.share(|to| {
            frame.copy(to);
            let mut canvas = Canvas::of(to);
            for area in objects.areas.iter().filter(|_| config.zones) {
                canvas.outlined(&area.points, &area.name, &area.name);
            }
            // The strongest is drawn last, over the others.
            for object in objects.found.iter().rev().filter(|it| config.draws(it)) {
                config.describe(object, words);
                canvas.labelled(object.bounds, words, &object.label);
            }
            if config.time {
                canvas.caption(&time_of(context.clock.wall(frame.at), here));
            }
            Ok::<(), Infallible>(())
        });
        out.send(drawn);
        Ok(())
    }
}

fn time_of(at: Timestamp, here: &TimeZone) -> String {
    at.to_zoned_datetime(here.clone())
        .strftime(TIME)
        .to_string()
}

impl Config {
    fn draws(&self, object: &Object) -> bool {
        self.labels.is_empty() || self.labels.iter().any(|it| **it == *object.label)
    }

    /// What stands above a box.
    fn describe(&self, object: &Object, words: &mut String) {
        words.clear();
        words.push_str(&object.label);
        let track = object.more.as_ref().and_then(|it| it.track);
        if let Some(track) = track {
            write!(words, " #{track}").expect("a string takes all");
        }
        if self.scores {
            write!(words, " {:.2}", object.score).expect("a string takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::PixelFormat;
    use crate::media::objects::{Area, More};
    use crate::media::packet::Packet;
    use crate::pipeline::contract::catalogue::transform;
    use crate::pipeline::contract::testing::drive;

    fn object(label: &str, bounds: [f32; 4], track: Option<u64>) -> Object {
        let more = More {
            track,
            ..More::default()
        };
        Object {
            label: label.into(),
            score: 0.914,
            bounds,
            more: Some(Box::new(more)),
        }
    }

    /// What is made of a white frame of 60 by 40 in which a dog and a cat were found.
    fn annotated(options: &str) -> Arc<Frame> {
        let mut frame = Frame::empty();
        frame.reshape(60, 40, PixelFormat::Bgr8).fill(255);
        (frame.source, frame.seq) = ("cam".into(), 7);
        let dog = object("dog", [4.0, 12.0, 20.0, 10.0], None);
        let cat = object("cat", [34.0, 12.0, 20.0, 10.0], None);
        let objects = Objects {
            source: Arc::clone(&frame.source),
            seq: frame.seq,
            at: frame.at,
            size: [60, 40],
            file: None,
            frame: Some(Arc::new(frame)),
            complete: true,
            found: [dog, cat].into(),
            model: "test".into(),
            provider: "cpu".into(),
            areas: [Area {
                name: "z".into(),
                points: vec![[0.6, 0.7], [0.9, 0.7]],
            }]
            .into(),
        };
        let given = Packet::from(Arc::new(objects));
        let made = drive(&transform::<Annotate>(), options, [given]).expect("it runs");
        match &made[..] {
            [Packet::Frame(frame)] => Arc::clone(frame),
            other => panic!("{other:?}"),
        }
    }

    fn is_drawn(frame: &Frame, x: usize, y: usize) -> bool {
        frame.pixels[(y * 60 + x) * 3..][..3] != [255; 3]
    }

    #[test]
    fn boxes_words_and_time_are_drawn_where_they_belong() {
        let frame = annotated("");
        assert_eq!((&*frame.source, frame.seq), ("cam", 7));
        for (x, y) in [(4, 15), (23, 15), (34, 15), (4, 4), (0, 32), (59, 39)] {
            assert!(is_drawn(&frame, x, y), "{x}, {y}");
        }
        for (x, y) in [(10, 17), (3, 15), (40, 17), (30, 25)] {
            assert!(!is_drawn(&frame, x, y), "{x}, {y}");
        }
        assert!(is_drawn(&frame, 50, 27), "the line of a zone");
        let plain = annotated("time = false\nlabels = ['cat']\nscores = false\nzones = false");
        assert!(!is_drawn(&plain, 50, 27));
        assert!(is_drawn(&plain, 34, 15) && !is_drawn(&plain, 4, 15) && !is_drawn(&plain, 0, 39));
    }

    #[test]
    fn the_time_is_that_of_this_place_in_summer_and_winter() {
        let here = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("it is one");
        let told = |at: &str| time_of(at.parse().expect("a time"), &here);
        assert_eq!(
            told("2026-11-29T15:42:07.19Z"),
            "2026-11-29 16:42:07.1 +01:00"
        );
        assert_eq!(told("2026-07-01T22:00:00Z"), "2026-07-02 00:00:00.0 +02:00");
    }

    #[test]
    fn the_number_of_a_track_and_the_score_stand_beside_the_label() {
        let told = |scores, track| {
            let config = Config {
                scores,
                ..Config::default()
            };
            let mut words = "before".to_owned();
            config.describe(&object("dog", [0.0; 4], track), &mut words);
            words
        };
        assert_eq!(told(true, Some(12)), "dog #12 0.91");
        assert_eq!(told(true, None), "dog 0.91");
        assert_eq!(told(false, None), "dog");
    }
}
