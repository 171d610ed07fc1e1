//! How what was found in a frame is told.

use std::sync::Arc;

use crate::inference::onnx::session::Session;
use crate::media::events::{Detection, Of};
use crate::media::frame::Frame;
use crate::media::kind::Lane;
use crate::media::objects::{Object, Objects};
use crate::media::packet::Packet;
use crate::pipeline::contract::node::Emit;
use crate::ports;

ports! {
    /// What was found in a frame: for those who work on it, also when that is nothing; and as an event
    /// when there is something to tell.
    pub enum Found {
        Objects(Arc<Objects>),
        Detection(Of<Detection>),
    }
}

/// Tells what was found in a frame, strongest first.
pub fn tell<T>(session: &Session, frame: &Arc<Frame>, found: Arc<[Object]>, out: &mut Emit<T>)
where
    T: Into<Packet>,
    Of<Detection>: Into<T>,
    Arc<Objects>: Into<T>,
{
    if !found.is_empty() {
        let frame = frame.whole();
        let detection = Detection {
            file: frame.file.clone(),
            frame: [frame.width, frame.height],
            objects: Arc::clone(&found),
            model: Arc::clone(&session.about.name),
            provider: Arc::clone(session.provider()),
        };
        out.event(&frame.source, frame.at, Some(frame.seq), detection);
    }
    if out.wants(Lane::Objects) {
        out.send(Arc::new(objects(session, frame, found)));
    }
}

/// What was found in a frame, with the frame as it was captured.
pub fn objects(session: &Session, frame: &Arc<Frame>, found: Arc<[Object]>) -> Objects {
    let complete = frame.part.is_none();
    let frame = frame.whole();
    Objects {
        source: Arc::clone(&frame.source),
        seq: frame.seq,
        at: frame.at,
        size: [frame.width, frame.height],
        file: frame.file.clone(),
        frame: Some(Arc::clone(frame)),
        complete,
        found,
        model: Arc::clone(&session.about.name),
        provider: Arc::clone(session.provider()),
        areas: Arc::default(),
    }
}
