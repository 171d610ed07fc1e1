//! `redact`: frames in which what was found cannot be recognised.

mod cover;
mod hold;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use self::cover::{Cover, Method};
use self::hold::{Held, Sighting};
use crate::media::events::{Of, Track};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::{More, Object, Objects};
use crate::media::recycle::Recycle;
use crate::nodes::parts::looked;
use crate::nodes::parts::polygon::mask::Masks;
use crate::nodes::parts::polygon::{Point, flaws};
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Misuse, Result};
use crate::pipeline::contract::node::{Emit, Node, Transform, numbered};
use crate::ports;

/// Options of `redact`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is covered, in the detector's words. A word that it does not use covers nothing. Default: all that it finds.
    pub labels: Vec<String>,
    /// `blank`: black, of which nothing can be brought back. `pixelate`: at most three squares along a box. `blur`: the same,
    /// with soft edges; a lighter blur could be undone, so there is none. Of these two a model may still see that there is a face,
    /// and guess whose of a few it is; many frames tell it more than one.
    pub method: Method,
    /// Of the sides of a box, the part that is covered more on each side.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub margin: f32,
    /// How long something that is not found any more stays covered, where it was and where it was going: detectors miss a face
    /// for some frames when it turns. Longer than the time between two frames, or it does nothing.
    #[schemars(range(min = 0, max = 60_000))]
    pub hold_ms: u64,
    /// What is always black: a list of areas, each a list of at least three corners `[x, y]` in parts of the frame's width and
    /// height. `[[[0, 0], [1, 0], [1, 0.3]]]` is a triangle at the top.
    pub masks: Vec<Vec<Point>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            labels: Vec::new(),
            method: Method::Blank,
            margin: 0.35,
            hold_ms: 500,
            masks: Vec::new(),
        }
    }
}

ports! {
    /// What was found, with its frame; who has come and left, which shows nobody, goes on as it is.
    pub enum Given {
        Objects(Arc<Objects>),
        Track(Of<Track>),
    }
}

ports! {
    /// What may be shown.
    pub enum Covered {
        Frame(Arc<Frame>),
        Objects(Arc<Objects>),
        Track(Of<Track>),
    }
}

/// Covers what was found.
pub struct Redact {
    labels: Vec<String>,
    margin: f32,
    hold: Duration,
    masks: Masks,
    cover: Cover,
    pool: Recycle<Frame>,
    /// What was covered a moment ago, by source; also after it was opened anew.
    held: Arc<Mutex<HashMap<Arc<str>, Held>>>,
    /// Boxes to be covered in the frame at hand.
    areas: Vec<[u32; 4]>,
}

impl Node for Redact {
    const NAME: &'static str = "redact";
    const ALSO: &'static [&'static str] = &[
        "anonymise",
        "anonymize",
        "anonymiser",
        "anonymizer",
        "blur",
        "blur_faces",
        "pixelate",
        "mosaic",
        "blank",
        "censor",
        "cover",
        "deface",
        "hide",
        "privacy",
        "privacy_mask",
    ];
    const ABOUT: &'static str = "Makes frames in which what a detector has found is covered, and what was found a moment ago, and gives \
        the objects on with these frames, so that `snapshot` and `annotate` work behind it; `track` events go on too. It takes \
        no frames, only objects with the frame they were found in: of a detector that fails or falls behind, no picture comes out. \
        Of objects that a model has found in parts of a frame (`crop`), or that no detector has found (`embed` of frames), \
        it makes no picture either, and says so.";
    const EXAMPLE: &'static str =
        "labels = [\"face\"]\nmasks = [[[0.0, 0.0], [0.3, 0.0], [0.0, 0.4]]]";
    type Config = Config;

    fn check(config: &Config) -> Vec<Misuse> {
        flaws::of_masks("masks", &config.masks)
    }

    fn labels(config: &Config) -> Vec<(String, String)> {
        numbered("labels", &config.labels)
    }

    fn open(config: &Config, context: &Context) -> Result<Redact> {
        Ok(Redact {
            labels: config.labels.clone(),
            margin: config.margin,
            hold: Duration::from_millis(config.hold_ms),
            masks: Masks::new(&config.masks),
            cover: Cover::new(config.method),
            pool: Recycle::new(Frame::empty),
            held: context.kept(),
            areas: Vec::new(),
        })
    }
}

impl Transform for Redact {
    type In = Given;
    type Out = Covered;
    const REDACTS: bool = true;

    fn apply(&mut self, given: Given, out: &mut Emit<Covered>) -> Result<()> {
        let objects = match given {
            Given::Objects(objects) => objects,
            Given::Track(track) => {
                out.send(track);
                return Ok(());
            }
        };
        if !objects.complete {
            return Err(Error::fatal(
                "not all of the picture was looked at: take objects of a detector of whole frames, not behind `crop`, nor `embed` of frames",
            ));
        }
        let frame = looked::frame(&objects)?;
        self.look(&objects, [frame.width, frame.height]);
        let Redact {
            masks,
            cover,
            areas,
            ..
        } = self;
        let covered = self.pool.share(|to| {
            frame.copy(to);
            for area in areas.iter() {
                cover.cover(to, *area);
            }
            masks.cover(to);
            Ok::<(), Infallible>(())
        });
        let Ok(covered) = covered;
        out.send(Arc::clone(&covered));
        if out.wants(Lane::Objects) {
            out.send(Arc::new(Objects {
                frame: Some(covered),
                found: unrecognised(&objects.found),
                ..(*objects).clone()
            }));
        }
        Ok(())
    }
}

impl Redact {
    /// Finds out what is to be covered.
    fn look(&mut self, objects: &Objects, size: [u32; 2]) {
        let wanted =
            |label: &str| self.labels.is_empty() || self.labels.iter().any(|it| it == label);
        let found = objects.found.iter().filter(|it| wanted(&it.label));
        let seen: Vec<Sighting> = found.map(Sighting::of).collect();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.entry(Arc::clone(&objects.source)).or_default();
        let missed = held.see(objects.at, &seen, self.hold);
        let all = seen.iter().map(|it| it.bounds).chain(missed);
        let pixels = |bounds: [f32; 4]| match bounds.iter().all(|it| it.is_finite()) {
            true => looked::pixels(bounds, size, self.margin),
            false => Some([0, 0, size[0], size[1]]),
        };
        self.areas.clear();
        self.areas.extend(all.filter_map(pixels));
    }
}

/// The same objects, without what somebody could be known again by.
fn unrecognised(found: &Arc<[Object]>) -> Arc<[Object]> {
    let is_known = |it: &Object| it.more.as_ref().is_some_and(|it| it.vector.is_some());
    if !found.iter().any(is_known) {
        return Arc::clone(found);
    }
    let without = |object: &Object| {
        let more = object.more.as_ref().map(|more| {
            Box::new(More {
                vector: None,
                ..(**more).clone()
            })
        });
        Object {
            more,
            ..object.clone()
        }
    };
    found.iter().map(without).collect()
}
