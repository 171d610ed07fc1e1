//! What was seen, heard or lost: the events that sinks write, version 1.
//!
//! One JSON object a line: a head that all kinds share, and a body, one file a kind. Times are capture
//! times; boxes are pixels of the source frame. A new kind is its file and its line in the list below:
//! port, schema, sentence and counters come with it.

mod alert;
mod classification;
mod detection;
mod disagreement;
mod found;
mod gap;
mod head;
mod health;
mod id;
mod motion;
pub mod read;
mod redaction;
mod report;
mod saved;
mod schema;
mod sound;
mod speech;
mod speech_start;
mod track;
mod transcript;
mod zone;

use std::fmt::{self, Display, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::alert::{Alert, Evidence, Severity};
pub use self::classification::{Class, Classification, Looked};
pub use self::detection::Detection;
pub use self::disagreement::Disagreement;
pub use self::found::Found;
pub use self::gap::Gap;
pub use self::head::Head;
pub use self::health::{Condition, Health};
pub use self::id::Id;
pub use self::motion::{Motion, Phase};
pub use self::redaction::{Hidden, Mode, Redaction, Span};
pub use self::report::{Report, Tone};
pub use self::saved::{Kept, Saved};
pub use self::sound::Sound;
pub use self::speech::Speech;
pub use self::speech_start::SpeechStart;
pub use self::track::{Sight, Step, Track};
pub use self::transcript::{Doubt, Transcript, Word};
pub use self::zone::{Action, Direction, Reason, Zone};
use crate::media::clock::Time;
use crate::media::kind::Kind;
use crate::media::objects::Object;

/// Declares the kinds of events.
macro_rules! events {
    ($($kind:ident,)*) => {
        /// What an event tells: one variant a kind.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs)]
        pub enum Body { $($kind($kind),)* }

        /// Every kind of event.
        pub const KINDS: &[Kind] = &[$($kind::KIND,)*];

        impl Body {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Body::$kind(_) => $kind::KIND,)* }
            }

            /// How it is said.
            pub fn tone(&self) -> Tone {
                match self { $(Body::$kind(body) => body.tone(),)* }
            }

            /// Why it may be nothing, or not the last word, if so.
            pub fn unsure(&self) -> Option<&'static str> {
                match self { $(Body::$kind(body) => body.unsure(),)* }
            }

            /// Whether the next of its kind, node and source says all that it does.
            pub fn is_passing(&self) -> bool {
                match self { $(Body::$kind(body) => body.is_passing(),)* }
            }

            /// The objects that it is about.
            pub fn objects(&self) -> &[Object] {
                match self { $(Body::$kind(body) => body.objects(),)* }
            }

            /// Which event it is where `node` tells it about `source` at the capture time `at`.
            pub fn id(&self, node: &str, source: &str, at: Time) -> Id {
                match self {
                    $(Body::$kind(body) => match body.lasting() {
                        Some(lasting) => Id::of(node, source, at, $kind::NAME, &lasting),
                        None => Id::of(node, source, at, $kind::NAME, body),
                    },)*
                }
            }

            /// The body of this kind that an object of JSON holds, whatever else it holds; none if there is no such kind.
            fn read(kind: &str, object: Value) -> Option<serde_json::Result<Body>> {
                $(
                    if kind == $kind::NAME {
                        return Some(serde_json::from_value(object).map(Body::$kind));
                    }
                )*
                None
            }

            fn say(&self, to: &mut dyn Write) -> fmt::Result {
                match self { $(Body::$kind(body) => body.say(to),)* }
            }

            fn end(&self, at: Time) -> Time {
                match self { $(Body::$kind(body) => body.end(at),)* }
            }
        }

        $(
            impl From<$kind> for Body {
                fn from(body: $kind) -> Body { Body::$kind(body) }
            }

            impl InBody for $kind {
                fn of(body: &Body) -> Option<&$kind> {
                    match body {
                        Body::$kind(body) => Some(body),
                        _ => None,
                    }
                }
            }
        )*

        /// The schema of each kind, as it is written after the version.
        fn schemas(generator: &mut SchemaGenerator) -> Vec<Schema> {
            vec![$(schema::of::<$kind>(generator),)*]
        }
    };
}

events! {
    Detection,
    Classification,
    Speech,
    SpeechStart,
    Transcript,
    Found,
    Gap,
    Health,
    Motion,
    Sound,
    Track,
    Zone,
    Saved,
    Alert,
    Disagreement,
}

/// A kind of event that is in the list.
pub trait InBody: Report + DeserializeOwned + Into<Body> {
    /// The body, if it is of this kind.
    fn of(body: &Body) -> Option<&Self>;
}

/// An event. It is whole from its birth; whoever passes it on leaves it as it is.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who tells it, of which source, when.
    pub head: Head,
    /// What it tells.
    pub body: Body,
}

impl Event {
    /// Capture time of the last of what it is about.
    pub fn end(&self) -> Time {
        self.body.end(self.head.at)
    }

    /// What it tells in a sentence, without its source and time.
    pub fn sentence(&self) -> impl Display + '_ {
        Sentence(&self.body)
    }

    /// The event as one line of JSON, without the line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Line::from(self)).expect("events hold nothing that JSON cannot say")
    }

    /// The same behind what is there.
    pub fn append_json(&self, to: &mut Vec<u8>) {
        serde_json::to_writer(to, &Line::from(self))
            .expect("events hold nothing that JSON cannot say");
    }
}

struct Sentence<'a>(&'a Body);

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.say(f)
    }
}

/// JSON Schema of an event as it is written.
pub fn schema() -> Schema {
    schema::of_line(schemas)
}

/// An event of one kind, in the packet that carries it.
#[derive(Clone, Debug)]
pub struct Of<B> {
    event: Arc<Event>,
    kind: PhantomData<fn() -> B>,
}

impl<B: InBody> Of<B> {
    /// The same event, if it is of this kind.
    pub fn new(event: Arc<Event>) -> Option<Of<B>> {
        B::of(&event.body)?;
        let kind = PhantomData;
        Some(Of { event, kind })
    }

    /// Who tells it, of which source, when.
    pub fn head(&self) -> &Head {
        &self.event.head
    }

    /// What it tells.
    pub fn body(&self) -> &B {
        B::of(&self.event.body).expect("it was looked at when this was made")
    }

    /// The event as any sink takes it.
    pub fn into_event(self) -> Arc<Event> {
        self.event
    }
}

/// An event as it is written: the version of the format comes first.
#[derive(Serialize)]
pub struct Line<'a> {
    v: u8,
    kind: &'static str,
    #[serde(flatten)]
    head: &'a Head,
    #[serde(flatten)]
    body: &'a Body,
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Line<'a> {
        Line {
            v: 1,
            kind: event.body.kind().name,
            head: &event.head,
            body: &event.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detection_reads_as_documented() {
        let detection = Detection {
            file: None,
            frame: [1280, 720],
            objects: Arc::new([Object {
                label: Arc::from("person"),
                score: 0.912_34,
                bounds: [412.0, 188.04, 96.0, 260.0],
                more: None,
            }]),
            model: Arc::from("yolox-nano@695e750a5d57"),
            provider: Arc::from("cpu"),
        };
        let body: Body = detection.into();
        let at = Time::from_secs_f64(27.066_04);
        let head = Head {
            id: body.id("people", "porch", at),
            node: Arc::from("people"),
            source: Arc::from("porch"),
            seq: Some(812),
            time: jiff::Timestamp::UNIX_EPOCH,
            t: 27.066_04,
            at,
        };
        let event = Event { head, body };
        let expected = concat!(
            r#"{"v":1,"kind":"detection","id":"9a3e120c440c0af2","node":"people","source":"porch","seq":812,"#,
            r#""time":"1970-01-01T00:00:00.000Z","t":27.066,"frame":[1280,720],"#,
            r#""objects":[{"label":"person","score":0.912,"box":[412.0,188.0,96.0,260.0]}],"#,
            r#""model":"yolox-nano@695e750a5d57","provider":"cpu"}"#
        );
        assert_eq!(event.to_json(), expected);
        assert_eq!(event.sentence().to_string(), "person 0.91 at 412,188");
    }
}
