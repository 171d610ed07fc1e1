//! What kinds of things flow, and how they wait.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of thing, as a port takes or makes it. Names are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Name in messages and in the reference.
    pub name: &'static str,
    /// Where it waits on an edge.
    pub lane: Lane,
    /// What of people it can hold.
    pub holds: &'static [Private],
}

/// What of people is shown and kept only after a node has redacted it, where the pipeline file asks for privacy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// What they say: the sound of it, or the words.
    Speech,
    /// What they look like.
    Looks,
}

impl Kind {
    /// Whether it can hold this of people.
    pub fn holds(&self, what: Private) -> bool {
        self.holds.contains(&what)
    }
}

/// What happens to a packet when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// Wait for room: nothing is lost, and back-pressure reaches the source.
    Block,
    /// Discard the oldest packet that waits: the consumer always sees fresh data.
    DropOldest,
    /// Discard the packet being sent.
    DropNewest,
}

/// Declares what every lane is like.
macro_rules! lanes {
    ($($lane:ident, $name:literal, $plural:literal, $capacity:literal, $live:ident, $doc:literal;)*) => {
        /// One queue of an edge: kinds of one lane wait in one line, so that frames never evict events.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Lane { $(#[doc = $doc] $lane,)* }

        impl Lane {
            /// Every lane, in the order of their declaration.
            pub const ALL: &'static [Lane] = &[$(Lane::$lane,)*];

            /// Name in messages and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Lane::$lane => $name,)* }
            }

            /// Several of them.
            pub fn plural(self) -> &'static str {
                match self { $(Lane::$lane => $plural,)* }
            }

            /// How many packets wait on an edge unless the pipeline file says otherwise.
            pub fn default_capacity(self, live: bool) -> usize {
                match self {
                    Lane::Event if live => LIVE_EVENTS,
                    $(Lane::$lane => $capacity,)*
                }
            }

            /// What happens on a full edge unless the pipeline file says otherwise: files can wait, so
            /// nothing is lost; devices cannot, so the freshest wins.
            pub fn default_when_full(self, live: bool) -> WhenFull {
                match self {
                    $(Lane::$lane if live => WhenFull::$live,)*
                    _ => WhenFull::Block,
                }
            }
        }
    };
}

/// Some minutes of events, in 8 MB: a sink whose disk hangs must not stop seeing, hearing and the other sinks.
const LIVE_EVENTS: usize = 8_192;

lanes! {
    Frame, "frame", "frames", 2, DropOldest, "Pictures.";
    Objects, "objects", "objects", 2, DropOldest, "What was found in pictures.";
    Audio, "audio", "audio", 64, DropOldest, "Chunks of sound.";
    Utterance, "utterance", "utterances", 16, Block, "Stretches of speech.";
    Coded, "coded", "coded packets", 256, DropOldest, "Compressed media.";
    Event, "event", "events", 256, DropOldest, "What was seen, heard or lost.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Kinds in words, `last` before the last of them: events are named only where not all are meant.
pub fn list(kinds: &[Kind], all_events: &[Kind], last: &str) -> String {
    let every = !all_events.is_empty() && all_events.iter().all(|it| kinds.contains(it));
    let named = |kind: &&Kind| kind.lane != Lane::Event || !every;
    let mut names: Vec<String> = kinds
        .iter()
        .filter(named)
        .map(|kind| match kind.lane {
            Lane::Event => format!("`{}`", kind.name),
            lane => lane.plural().to_owned(),
        })
        .collect();
    match every {
        true => names.push("events".to_owned()),
        false if kinds.iter().any(|it| it.lane == Lane::Event) => {
            let end = names.last_mut().expect("there is a kind");
            end.push_str(" events");
        }
        false => {}
    }
    match names.split_last() {
        Some((end, before)) if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        _ => names.concat(),
    }
}
