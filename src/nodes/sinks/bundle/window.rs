//! The latest events: what was before something asked for a bundle.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::clock::Time;
use crate::media::events::{Body, Event};

/// So many are known.
const MOST: usize = 4_096;

/// Events in the order in which they were told.
#[derive(Clone, Default)]
pub struct Window {
    events: VecDeque<Arc<Event>>,
    /// When the latest was over that has been forgotten.
    forgotten: Option<Time>,
}

impl Window {
    /// Takes an event, and forgets the oldest if they are too many.
    pub fn push(&mut self, event: &Arc<Event>) {
        if self.events.len() >= MOST
            && let Some(oldest) = self.events.pop_front()
        {
            self.forgotten = self.forgotten.max(Some(span(&oldest).1));
        }
        self.events.push_back(Arc::clone(event));
    }

    /// Those that are about this time or a part of it.
    pub fn between(&self, from: Time, to: Time) -> impl Iterator<Item = &Arc<Event>> {
        self.events.iter().filter(move |it| touches(it, from, to))
    }

    /// Whether one that is about this time or later was forgotten.
    pub fn has_forgotten(&self, from: Time) -> bool {
        self.forgotten.is_some_and(|it| it >= from)
    }
}

/// Whether an event is about this time or a part of it.
pub fn touches(event: &Event, from: Time, to: Time) -> bool {
    let (start, end) = span(event);
    start <= to && end >= from
}

/// What an event is about: of a file, what it holds, whenever it was told.
fn span(event: &Event) -> (Time, Time) {
    match &event.body {
        Body::Saved(it) => (Time::from_secs_f64(it.start), Time::from_secs_f64(it.end)),
        _ => (event.head.at, event.end()),
    }
}
