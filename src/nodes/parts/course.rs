//! What an event says of something that lasts: that it begins, goes on or is over.

use std::sync::Arc;

use crate::media::events::{Body, Event, Phase, Step};

/// What an event is about.
pub struct About {
    /// What it is about, in the model's words.
    pub label: Option<Arc<str>>,
    /// Which one, of `track`.
    pub track: Option<u64>,
    /// Where in the course of something it is.
    pub course: Course,
}

/// Where in the course of something an event is. What lasts has a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// It happens.
    Once,
    /// It begins.
    Begins(String),
    /// It is still so.
    GoesOn,
    /// It is over.
    Ends(String),
}

impl About {
    /// Whether something begins by it, or happens at once.
    pub fn begins(&self) -> bool {
        matches!(self.course, Course::Once | Course::Begins(_))
    }

    /// None if nobody wants to see pictures for it.
    pub fn of(event: &Event) -> Option<About> {
        let once = |label: Option<&Arc<str>>, track| About {
            label: label.cloned(),
            track,
            course: Course::Once,
        };
        let name =
            |of: &dyn std::fmt::Display| format!("{} {} {of}", event.head.node, event.body.kind());
        Some(match &event.body {
            Body::Gap(_) | Body::Health(_) | Body::Saved(_) | Body::SpeechStart(_) => return None,
            Body::Track(track) => About {
                course: match track.phase {
                    Step::Start => Course::Begins(name(&track.id)),
                    Step::Update => Course::GoesOn,
                    Step::End => Course::Ends(name(&track.id)),
                },
                ..once(Some(&track.label), Some(track.id))
            },
            Body::Zone(zone) => once(Some(&zone.label), Some(zone.track)),
            Body::Sound(sound) => About {
                course: course(sound.phase, name(&sound.label)),
                ..once(Some(&sound.label), None)
            },
            Body::Motion(motion) => About {
                course: course(motion.phase, name(&"")),
                ..once(None, None)
            },
            body => once(body.objects().first().map(|it| &it.label), None),
        })
    }
}

fn course(phase: Phase, name: String) -> Course {
    match phase {
        Phase::Start => Course::Begins(name),
        Phase::End => Course::Ends(name),
    }
}
