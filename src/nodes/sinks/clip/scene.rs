//! When the clip of a camera begins and ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::media::clock::Time;
use crate::media::events::{Event, Id};
use crate::nodes::parts::course::{About, Course};

/// So many things that last are known at a time.
const MOST_LASTING: usize = 256;
/// So many events are named with their clip.
const MOST_NAMED: usize = 16;

/// How much is shown of what happens.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Before it.
    pub pre: Duration,
    /// After it.
    pub post: Duration,
    /// At most, from when it begins.
    pub most: Duration,
}

/// Something that happens, which a clip shows.
#[derive(Debug)]
pub struct Scene {
    /// When it begins.
    pub subject: Time,
    /// Why there is a clip.
    pub why: String,
    /// What it is about first.
    pub label: Option<Arc<str>>,
    pub track: Option<u64>,
    /// The first of what it shows.
    pub events: Vec<Id>,
    until: Time,
    /// What lasts and is not over.
    lasting: BTreeSet<String>,
}

impl Scene {
    /// The scene that begins with an event, if one does.
    pub fn begin(event: &Event, about: About, rules: Rules) -> Option<Scene> {
        let mut lasting = BTreeSet::new();
        match about.course {
            Course::Once => {}
            Course::Begins(name) => drop(lasting.insert(name)),
            // What was there when its clip was long enough makes no other.
            Course::GoesOn | Course::Ends(_) => return None,
        }
        Some(Scene {
            subject: event.head.at,
            why: event.sentence().to_string(),
            label: about.label,
            track: about.track,
            events: vec![event.head.id],
            until: event.end().after(rules.post),
            lasting,
        })
    }

    /// Something else happens meanwhile, or the same goes on.
    pub fn go_on(&mut self, event: &Event, about: About, rules: Rules) {
        self.until = self.until.max(event.end().after(rules.post));
        if self.events.len() < MOST_NAMED {
            self.events.push(event.head.id);
        }
        match about.course {
            Course::Once | Course::GoesOn => {}
            Course::Begins(name) if self.lasting.len() < MOST_LASTING => {
                self.lasting.insert(name);
            }
            Course::Begins(_) => {}
            Course::Ends(name) => drop(self.lasting.remove(&name)),
        }
    }

    /// When it ends, by what is known.
    pub fn end(&self, rules: Rules) -> Time {
        let latest = self.subject.after(rules.most);
        match self.lasting.is_empty() {
            true => self.until.min(latest),
            false => latest,
        }
    }
}
