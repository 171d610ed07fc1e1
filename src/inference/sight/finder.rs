//! Objects in one frame after the other: a model, its family, and what of overlapping boxes is left.

use std::sync::Arc;

use super::detector::{Detector, Options, Rules};
use super::eye::{Eye, fatal};
use super::nms::Candidate;
use crate::media::frame::Frame;
use crate::media::objects::Object;
use crate::pipeline::contract::context::Context;
use crate::pipeline::contract::error::Result;

/// A detector with buffers for one frame at a time.
pub struct Finder {
    /// The model.
    pub eye: Eye,
    /// How it is understood.
    pub detector: Detector,
    rules: Rules,
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
        rules: Rules,
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
            rules,
            candidates: Vec::new(),
        })
    }

    /// What is in a frame, the surest first.
    ///
    /// # Errors
    /// `Retry` if the model cannot be run, or what it puts out cannot be what its family means.
    pub fn find(&mut self, frame: &Frame) -> Result<Arc<[Object]>> {
        let size = [self.eye.input.width, self.eye.input.height];
        let (outputs, fit) = self.eye.see(frame)?;
        let arrays = outputs.arrays()?;
        let (detector, found) = (&mut self.detector, &mut self.candidates);
        detector.pick(&arrays, size, self.rules, found)?;
        let objects = found.iter().map(|it| detector.object(it, &arrays, fit));
        Ok(objects.collect())
    }
}
