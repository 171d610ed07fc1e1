//! Objects in one frame after the other: a model, its family, and what of overlapping boxes is left.

use std::sync::Arc;

use super::detector::{Detector, Options};
use super::eye::{Eye, fatal};
use super::nms::{Candidate, sort, suppress};
use crate::media::frame::Frame;
use crate::media::objects::Object;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::{Error, Result};

/// Pictures with more proposals than this are noise; suppression takes quadratic time.
const MOST_CANDIDATES: usize = 3_000;

/// A detector with buffers for one frame at a time.
pub struct Finder {
    /// The model.
    pub eye: Eye,
    /// How it is understood.
    pub detector: Detector,
    /// Least confidence.
    score: f32,
    /// Of two boxes of a label that overlap more than this, the weaker is dropped.
    overlap: f32,
    candidates: Vec<Candidate>,
}

impl Finder {
    /// Loads a model and makes sense of it.
    ///
    /// # Errors
    /// `Fatal` if it cannot be had or understood; `Retry` if it cannot be run now.
    pub fn open(
        (model, sha256): (&str, Option<&str>),
        options: &Options,
        [score, overlap]: [f32; 2],
        context: &Context,
    ) -> Result<Finder> {
        let (mut eye, first) = Eye::open(model, sha256, &options.shown, context)?;
        let about = &eye.session.about;
        let detector = Detector::of(about, &eye.input, &first, options, &context.base);
        let detector = detector.map_err(fatal)?;
        eye.show(detector.picture, detector.head.varies());
        context.describe("family", detector.family);
        Ok(Finder {
            eye,
            detector,
            score,
            overlap,
            candidates: Vec::new(),
        })
    }

    /// What is in a frame, the surest first.
    ///
    /// # Errors
    /// `Retry` if the model cannot be run, or what it puts out cannot be what its family means.
    pub fn find(&mut self, frame: &Frame) -> Result<Arc<[Object]>> {
        let [width, height] = [self.eye.input.width, self.eye.input.height];
        let (outputs, fit) = self.eye.see(frame)?;
        let arrays = outputs.arrays()?;
        let (detector, found) = (&mut self.detector, &mut self.candidates);
        found.clear();
        detector
            .head
            .decode(&arrays, self.score, found)
            .map_err(Error::Retry)?;
        if !found.iter().all(Candidate::is_sound) {
            return Err(Error::retry("the model puts out what is no number"));
        }
        detector.believe(found, width, height)?;
        found.retain(|it| detector.wanted[it.class]);
        sort(found);
        found.truncate(MOST_CANDIDATES);
        if !detector.head.suppressed() {
            suppress(found, self.overlap);
        }
        let objects = found.iter().map(|it| detector.object(it, &arrays, fit));
        Ok(objects.collect())
    }
}
