//! What a kind of event is.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::media::clock::Time;
use crate::media::kind::{Kind, Lane, Private};
use crate::media::objects::Object;

/// A kind of event: what its body says beside the head.
pub trait Report: Serialize + JsonSchema + Send + Sync + 'static {
    /// Name of the kind, as in the JSON.
    const NAME: &'static str;
    /// Whether it holds words that were said.
    const SPOKEN: bool = false;
    /// The kind as a port.
    const KIND: Kind = Kind {
        name: Self::NAME,
        lane: Lane::Event,
        holds: if Self::SPOKEN {
            &[Private::Speech]
        } else {
            &[]
        },
    };

    /// Says it in a sentence, without its source and time.
    ///
    /// # Errors
    /// What `to` says.
    fn say(&self, to: &mut dyn Write) -> fmt::Result;

    /// How it is said.
    fn tone(&self) -> Tone {
        Tone::Plain
    }

    /// Capture time of the last of what it is about, which begins `at`.
    fn end(&self, at: Time) -> Time {
        at
    }

    /// Why it may be nothing, or not the last word, if so: what is unsure goes only where it is asked for.
    fn unsure(&self) -> Option<&'static str> {
        None
    }

    /// Whether it only says how things are at the moment: where they are shown as they come, the next of its kind, node
    /// and source stands in its place.
    fn is_passing(&self) -> bool {
        false
    }

    /// The same without what belongs to this run and not to what has happened; none if nothing does.
    fn lasting(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// The objects that it is about.
    fn objects(&self) -> &[Object] {
        &[]
    }
}

/// How a sentence is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// In passing.
    Plain,
    /// It is what one waits for.
    Strong,
    /// It may be nothing.
    Faint,
    /// Something is wrong.
    Alarm,
}
