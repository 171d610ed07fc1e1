//! What nodes take that decide by conditions: events, and the objects of frames.

use std::sync::Arc;

use serde::Serialize;

use crate::media::events::Event;
use crate::media::objects::Objects;
use crate::ports;

ports! {
    /// What may have a condition.
    pub enum Told {
        Objects(Arc<Objects>),
        Event(Arc<Event>),
    }
}

/// How conditions call objects.
pub const OBJECTS: &str = "objects";

/// Objects as a condition has them.
#[derive(Serialize)]
pub struct Looked<'a> {
    kind: &'static str,
    #[serde(flatten)]
    objects: &'a Objects,
}

impl<'a> Looked<'a> {
    /// Of these.
    pub fn at(objects: &'a Objects) -> Looked<'a> {
        let kind = OBJECTS;
        Looked { kind, objects }
    }
}
