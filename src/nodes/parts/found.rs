//! How what was found in a frame is picked and told.

use std::sync::Arc;

use crate::inference::onnx::tensor::Array;
use crate::inference::sight::detector::Detector;
use crate::inference::sight::eye::Eye;
use crate::inference::sight::nms::{Candidate, sort, suppress};
use crate::media::events::{Detection, Of};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::{Object, Objects};
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::node::Emit;
use crate::ports;

/// Pictures with more proposals than this are noise; suppression takes quadratic time.
const MOST_CANDIDATES: usize = 3_000;

ports! {
    /// What was found in a frame: for those who work on it, also when that is nothing; and as an event
    /// when there is something to tell.
    pub enum Found {
        Objects(Arc<Objects>),
        Detection(Of<Detection>),
    }
}

/// Which proposals are taken for objects.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Least confidence.
    pub score: f32,
    /// Of two boxes of a label that overlap more, the weaker is dropped.
    pub overlap: f32,
}

/// Fills `into` with what a detector takes for objects, strongest first, in model pixels.
///
/// # Errors
/// `Retry` if it puts out what cannot be.
pub fn pick(
    detector: &mut Detector,
    outputs: &[Array<'_>],
    [width, height]: [usize; 2],
    rules: Rules,
    into: &mut Vec<Candidate>,
) -> Result<()> {
    into.clear();
    let decoded = detector.head.decode(outputs, rules.score, into);
    decoded.map_err(Error::Retry)?;
    if !into.iter().all(Candidate::is_sound) {
        return Err(Error::retry("the model puts out what is no number"));
    }
    detector.believe(into, width, height)?;
    into.retain(|it| detector.wanted[it.class]);
    sort(into);
    into.truncate(MOST_CANDIDATES);
    if !detector.head.suppressed() {
        suppress(into, rules.overlap);
    }
    Ok(())
}

/// Who found it, as it is told.
pub struct Finder {
    /// Manifest id and the first digits of the sum of the model.
    pub model: Arc<str>,
    /// The execution provider that runs it.
    pub provider: Arc<str>,
}

impl Finder {
    /// The model of an eye.
    pub fn of(eye: &Eye) -> Finder {
        Finder {
            model: Arc::clone(&eye.session.about.name),
            provider: Arc::from(eye.session.provider.name()),
        }
    }

    /// Tells what was found in a frame, strongest first.
    pub fn tell(&self, frame: &Arc<Frame>, found: Arc<[Object]>, out: &mut Emit<Found>) {
        if !found.is_empty() {
            let frame = frame.whole();
            let detection = Detection {
                file: frame.file.clone(),
                frame: [frame.width, frame.height],
                objects: Arc::clone(&found),
                model: Arc::clone(&self.model),
                provider: Arc::clone(&self.provider),
            };
            out.event(&frame.source, frame.at, Some(frame.seq), detection);
        }
        if out.wants(Lane::Objects) {
            out.send(self.objects(frame, found));
        }
    }

    /// What was found in a frame, with the frame as it was captured.
    pub fn objects(&self, frame: &Arc<Frame>, found: Arc<[Object]>) -> Arc<Objects> {
        let frame = frame.whole();
        Arc::new(Objects {
            source: Arc::clone(&frame.source),
            seq: frame.seq,
            at: frame.at,
            size: [frame.width, frame.height],
            file: frame.file.clone(),
            frame: Some(Arc::clone(frame)),
            found,
            model: Arc::clone(&self.model),
            provider: Arc::clone(&self.provider),
        })
    }
}
