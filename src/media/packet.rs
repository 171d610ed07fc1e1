//! What flows along an edge. Cloning a packet never copies pixels, samples or text.

use std::sync::Arc;

use crate::media::audio::{Audio, Utterance};
use crate::media::clock::Time;
use crate::media::coded::Coded;
use crate::media::events::{self, Event, InBody, Of, Report};
use crate::media::frame::Frame;
use crate::media::kind::{Kind, Lane, Private};
use crate::media::objects::Objects;

/// The kinds that a type stands for on an edge.
pub trait Payload: Send + 'static {
    /// All kinds that a value of this type can be.
    const KINDS: &'static [Kind];
}

/// A payload that a node can take.
pub trait FromPacket: Payload {
    /// Unwraps a packet whose kind is one of `KINDS`.
    fn from_packet(packet: Packet) -> Self;
}

/// What a node makes that makes nothing.
pub enum Nothing {}

impl Payload for Nothing {
    const KINDS: &'static [Kind] = &[];
}

impl From<Nothing> for Packet {
    fn from(nothing: Nothing) -> Packet {
        match nothing {}
    }
}

/// Declares what flows beside events: the lane of the same name, the packet variant, the typed view, what of
/// people it can hold.
macro_rules! payloads {
    ($($lane:ident($ty:ty), $name:literal, [$($private:ident)*], $doc:literal;)*) => {
        /// One thing on its way along an edge.
        #[derive(Clone, Debug)]
        pub enum Packet {
            $(#[doc = $doc] $lane($ty),)*
            /// What was seen, heard or lost.
            Event(Arc<Event>),
        }

        impl Packet {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Packet::$lane(_) => <$ty as Payload>::KINDS[0],)*
                    Packet::Event(event) => event.body.kind(),
                }
            }

            /// Where it waits on an edge.
            pub fn lane(&self) -> Lane {
                match self {
                    $(Packet::$lane(_) => Lane::$lane,)*
                    Packet::Event(_) => Lane::Event,
                }
            }
        }

        $(
            impl Payload for $ty {
                const KINDS: &'static [Kind] = &[Kind {
                    name: $name,
                    lane: Lane::$lane,
                    holds: &[$(Private::$private),*],
                }];
            }

            impl From<$ty> for Packet {
                fn from(item: $ty) -> Packet { Packet::$lane(item) }
            }

            impl FromPacket for $ty {
                fn from_packet(packet: Packet) -> Self {
                    match packet {
                        Packet::$lane(item) => item,
                        other => astray(&other),
                    }
                }
            }
        )*
    };
}

payloads! {
    Frame(Arc<Frame>), "frame", [Looks], "A picture; perishable.";
    Objects(Arc<Objects>), "objects", [Looks], "What was found in a picture; perishable.";
    Audio(Arc<Audio>), "audio", [Speech], "A chunk of sound; continuous.";
    Utterance(Arc<Utterance>), "utterance", [Speech], "A stretch of speech.";
    Coded(Arc<Coded>), "coded", [Speech Looks], "An access unit of a compressed stream.";
}

fn astray(packet: &Packet) -> ! {
    unreachable!(
        "the graph was checked, yet a {} came where none is taken",
        packet.kind()
    )
}

impl Packet {
    /// Capture time, of the first sample or of the start of what an event tells about.
    pub fn at(&self) -> Time {
        match self {
            Packet::Frame(frame) => frame.at,
            Packet::Objects(objects) => objects.at,
            Packet::Audio(audio) => audio.at,
            Packet::Utterance(utterance) => utterance.start,
            Packet::Coded(coded) => coded.at,
            Packet::Event(event) => event.head.at,
        }
    }

    /// The source node that it comes from.
    pub fn source(&self) -> &Arc<str> {
        match self {
            Packet::Frame(frame) => &frame.source,
            Packet::Objects(objects) => &objects.source,
            Packet::Audio(audio) => &audio.source,
            Packet::Utterance(utterance) => &utterance.source,
            Packet::Coded(coded) => &coded.source,
            Packet::Event(event) => &event.head.source,
        }
    }

    /// Capture time of the last of what it is about: the last sample, the end of speech.
    pub fn end(&self) -> Time {
        match self {
            Packet::Audio(audio) => audio.end(),
            Packet::Utterance(utterance) => utterance.end,
            Packet::Coded(coded) => coded.at.after(coded.duration),
            Packet::Event(event) => event.end(),
            Packet::Frame(_) | Packet::Objects(_) => self.at(),
        }
    }
}

/// What an event takes in memory, about.
const EVENT_BYTES: usize = 1024;

impl Packet {
    /// Bytes of media that it keeps in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Packet::Frame(frame) => {
                frame.pixels.len() + frame.part.as_ref().map_or(0, |it| it.of.pixels.len())
            }
            Packet::Objects(it) => it.frame.as_ref().map_or(EVENT_BYTES, |it| it.pixels.len()),
            Packet::Audio(audio) => size_of_val(&audio.samples[..]),
            Packet::Utterance(utterance) => size_of_val(&utterance.samples[..]),
            Packet::Coded(coded) => coded.data.len(),
            Packet::Event(_) => EVENT_BYTES,
        }
    }
}

/// Events of any kind.
impl Payload for Arc<Event> {
    const KINDS: &'static [Kind] = events::KINDS;
}

impl From<Arc<Event>> for Packet {
    fn from(event: Arc<Event>) -> Packet {
        Packet::Event(event)
    }
}

impl FromPacket for Arc<Event> {
    fn from_packet(packet: Packet) -> Self {
        match packet {
            Packet::Event(event) => event,
            other => astray(&other),
        }
    }
}

/// Events of one kind.
impl<B: Report> Payload for Of<B> {
    const KINDS: &'static [Kind] = &[B::KIND];
}

impl<B: InBody> From<Of<B>> for Packet {
    fn from(of: Of<B>) -> Packet {
        Packet::Event(of.into_event())
    }
}

impl<B: InBody> From<Of<B>> for Arc<Event> {
    fn from(of: Of<B>) -> Arc<Event> {
        of.into_event()
    }
}

impl<B: InBody> FromPacket for Of<B> {
    fn from_packet(packet: Packet) -> Self {
        match packet {
            Packet::Event(event) => {
                Of::new(event).expect("a lane carries the kinds that are taken")
            }
            other => astray(&other),
        }
    }
}

/// How many kinds there are in several lists.
pub const fn total(lists: &[&[Kind]]) -> usize {
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

/// Several lists of kinds as one, whose length is their total.
pub const fn joined<const TOTAL: usize>(lists: &[&[Kind]]) -> [Kind; TOTAL] {
    let mut all = [events::KINDS[0]; TOTAL];
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[count] = lists[list][at];
            (at, count) = (at + 1, count + 1);
        }
        list += 1;
    }
    all
}

/// Declares what a node takes or makes when that is more than one kind: an enum of them.
///
/// ```
/// use otus::media::events::{Gap, Of};
/// use otus::media::{frame::Frame, packet::Payload};
///
/// otus::ports! {
///     /// What a camera makes.
///     pub enum Seen {
///         Frame(std::sync::Arc<Frame>),
///         Gap(Of<Gap>),
///     }
/// }
/// assert_eq!(Seen::KINDS.len(), 2);
/// ```
#[macro_export]
macro_rules! ports {
    ($(#[$about:meta])* $view:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident($ty:ty)),* $(,)? }) => {
        $(#[$about])*
        $view enum $name { $($(#[$doc])* #[allow(missing_docs)] $variant($ty),)* }

        impl $crate::media::packet::Payload for $name {
            const KINDS: &'static [$crate::media::kind::Kind] = {
                use $crate::media::kind::Kind;
                use $crate::media::packet::{Payload, joined, total};
                const LISTS: &[&[Kind]] = &[$(<$ty as Payload>::KINDS,)*];
                const ALL: [Kind; total(LISTS)] = joined(LISTS);
                &ALL
            };
        }

        $(
            impl From<$ty> for $name {
                fn from(item: $ty) -> $name { $name::$variant(item) }
            }
        )*

        impl From<$name> for $crate::media::packet::Packet {
            fn from(item: $name) -> Self {
                match item { $($name::$variant(item) => item.into(),)* }
            }
        }

        impl $crate::media::packet::FromPacket for $name {
            fn from_packet(packet: $crate::media::packet::Packet) -> Self {
                use $crate::media::packet::{FromPacket, Payload};
                let kind = packet.kind();
                $(
                    if <$ty as Payload>::KINDS.contains(&kind) {
                        return $name::$variant(<$ty as FromPacket>::from_packet(packet));
                    }
                )*
                unreachable!("the graph was checked, yet a {kind} came where none is taken")
            }
        }
    };
}
