//! What flows along an edge. Cloning a packet never copies pixels, samples or text.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::audio::{Audio, Utterance};
use crate::media::clock::Time;
use crate::media::event::Event;
use crate::media::frame::Frame;

/// The kinds a type stands for on an edge.
pub trait Payload: Send + 'static {
    /// All kinds that a value of this type can be.
    const KINDS: &'static [Kind];
}

/// A payload that a node can take.
pub trait FromPacket: Payload {
    /// Unwraps a packet whose kind is one of `KINDS`.
    fn from_packet(packet: Packet) -> Self;
}

/// What a node makes that also reports: items of its own, and events.
pub enum WithEvents<T> {
    /// An item of the node's own kind.
    Item(T),
    /// Something seen, heard or lost.
    Event(Event),
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

/// Declares every payload once: the kind, the packet variant, the typed view.
macro_rules! payloads {
    ($($kind:ident($ty:ty), $name:literal, capacity $capacity:literal, $doc:literal;)*) => {
        /// What kind of thing a packet carries.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = $doc] $kind,)* }

        /// One thing on its way along an edge.
        #[derive(Clone, Debug)]
        pub enum Packet { $(#[doc = $doc] $kind($ty),)* }

        impl Packet {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Packet::$kind(_) => Kind::$kind,)* }
            }
        }

        impl Kind {
            /// Every kind there is, in the order of their declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// Name in messages and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// How many packets wait on an edge unless the pipeline file says otherwise.
            pub fn default_capacity(self) -> usize {
                match self { $(Kind::$kind => $capacity,)* }
            }
        }

        $(
            impl Payload for $ty {
                const KINDS: &'static [Kind] = &[Kind::$kind];
            }

            impl From<$ty> for Packet {
                fn from(item: $ty) -> Packet { Packet::$kind(item) }
            }

            impl FromPacket for $ty {
                fn from_packet(packet: Packet) -> Self {
                    match packet {
                        Packet::$kind(item) => item,
                        other => unreachable!("the graph was checked, yet a {} lane carries {}",
                            $name, other.kind()),
                    }
                }
            }
        )*
    };
}

payloads! {
    Frame(Arc<Frame>), "frame", capacity 2, "A video frame; perishable.";
    Audio(Arc<Audio>), "audio", capacity 64, "A chunk of audio; continuous.";
    Utterance(Arc<Utterance>), "utterance", capacity 16, "A stretch of speech.";
    Event(Arc<Event>), "event", capacity 256, "What was seen, heard or lost; precious.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Packet {
    /// Capture time, of the first sample or of the start of what an event tells about.
    pub fn at(&self) -> Time {
        match self {
            Packet::Frame(frame) => frame.at,
            Packet::Audio(audio) => audio.at,
            Packet::Utterance(utterance) => utterance.start,
            Packet::Event(event) => event.head().at,
        }
    }
}

impl Packet {
    /// Capture time of the last of what it is about: the last sample, the end of speech.
    pub fn end(&self) -> Time {
        match self {
            Packet::Audio(audio) => audio.end(),
            Packet::Utterance(utterance) => utterance.end,
            Packet::Event(event) => event.end(),
            Packet::Frame(_) => self.at(),
        }
    }
}

/// What a node makes; on its way the event is shared.
impl Payload for Event {
    const KINDS: &'static [Kind] = &[Kind::Event];
}

impl From<Event> for Packet {
    fn from(event: Event) -> Packet {
        Packet::Event(Arc::new(event))
    }
}

/// Kinds of `WithEvents<T>`; one impl a payload, because a const cannot join two slices of generics.
macro_rules! with_events {
    ($($ty:ty, $kind:ident;)*) => {$(
        impl Payload for WithEvents<$ty> {
            const KINDS: &'static [Kind] = &[Kind::$kind, Kind::Event];
        }
    )*};
}

with_events! {
    Arc<Frame>, Frame;
    Arc<Audio>, Audio;
    Arc<Utterance>, Utterance;
}

impl<T: Into<Packet>> From<WithEvents<T>> for Packet {
    fn from(item: WithEvents<T>) -> Packet {
        match item {
            WithEvents::Item(item) => item.into(),
            WithEvents::Event(event) => event.into(),
        }
    }
}
