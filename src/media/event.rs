//! What was seen, heard or lost: the events that sinks write, version 1.
//!
//! One JSON object a line. Times are capture times; boxes are pixels of the source frame.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::media::clock::Time;

/// What every event says about itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Head {
    /// The node that reports it.
    pub node: Arc<str>,
    /// The source whose media it is about.
    pub source: Arc<str>,
    /// Sequence number of the frame it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Wall-clock label of `t`: RFC 3339, UTC, milliseconds.
    #[serde(serialize_with = "milliseconds")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Capture time: seconds since the run began.
    #[serde(serialize_with = "three_places")]
    pub t: f64,
    /// Capture time, unrounded.
    #[serde(skip)]
    pub at: Time,
}

impl Head {
    /// A head for something in `source` at `at`. The runtime fills in node and wall clock.
    pub fn new(source: &Arc<str>, at: Time) -> Head {
        Head {
            node: Arc::from(""),
            source: Arc::clone(source),
            seq: None,
            time: Timestamp::UNIX_EPOCH,
            t: at.as_secs_f64(),
            at,
        }
    }
}

/// One object that a detector found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Object {
    /// What it is, in the model's words.
    pub label: Arc<str>,
    /// Confidence, 0 to 1.
    #[serde(serialize_with = "three_places")]
    pub score: f32,
    /// `[x, y, width, height]` in pixels of the source frame.
    #[serde(rename = "box", serialize_with = "tenths")]
    pub bounds: [f32; 4],
}

/// An event: one variant a kind.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Objects in one frame, strongest first.
    Detection {
        /// What all events have.
        #[serde(flatten)]
        head: Head,
        /// `[width, height]` of the frame in pixels.
        frame: [u32; 2],
        /// What was found; never empty.
        objects: Vec<Object>,
        /// Manifest id and the first 12 hex digits of the file's sha256.
        model: Arc<str>,
        /// ONNX Runtime execution provider that ran the model.
        provider: Arc<str>,
    },
    /// One stretch of speech.
    Speech {
        /// What all events have.
        #[serde(flatten)]
        head: Head,
        /// Seconds since the run began at which speech starts.
        #[serde(serialize_with = "three_places")]
        start: f64,
        /// Seconds since the run began at which speech ends.
        #[serde(serialize_with = "three_places")]
        end: f64,
        /// Mean speech probability, 0 to 1.
        #[serde(serialize_with = "three_places")]
        probability: f32,
    },
    /// What was said in one stretch of speech.
    Transcript {
        /// What all events have.
        #[serde(flatten)]
        head: Head,
        /// Seconds since the run began at which speech starts.
        #[serde(serialize_with = "three_places")]
        start: f64,
        /// Seconds since the run began at which speech ends.
        #[serde(serialize_with = "three_places")]
        end: f64,
        /// The words.
        text: String,
        /// ISO 639-1 code of the language.
        language: Arc<str>,
        /// Mean log probability of the tokens, 0 or less; nearer 0 is surer.
        #[serde(serialize_with = "three_places")]
        avg_logprob: f32,
        /// Probability that there is no speech at all, 0 to 1.
        #[serde(serialize_with = "three_places")]
        no_speech_prob: f32,
        /// False if the text is empty, repeats itself or is most likely invented.
        accepted: bool,
        /// Milliseconds from the end of speech to this event; absent for files.
        #[serde(skip_serializing_if = "Option::is_none")]
        lag_ms: Option<u64>,
        /// Manifest id and the first 12 hex digits of the file's sha256.
        model: Arc<str>,
    },
    /// Media that was lost.
    Gap {
        /// What all events have.
        #[serde(flatten)]
        head: Head,
        /// Seconds since the run began at which media stopped.
        #[serde(serialize_with = "three_places")]
        start: f64,
        /// Seconds since the run began at which media came back.
        #[serde(serialize_with = "three_places")]
        end: f64,
        /// Why, in words.
        reason: String,
    },
    /// A source that runs and yet gives nothing of use, or does again.
    Health {
        /// What all events have.
        #[serde(flatten)]
        head: Head,
        /// What is or was wrong.
        condition: Condition,
        /// Whether it is so now.
        active: bool,
        /// For how many seconds it has been, or was, so.
        #[serde(serialize_with = "three_places")]
        seconds: f64,
    },
}

/// What can be wrong with media that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The picture does not change at all, not even by noise.
    Frozen,
    /// All samples are exactly zero.
    Silent,
}

impl Condition {
    /// The word for it, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Frozen => "frozen",
            Condition::Silent => "silent",
        }
    }
}

impl Event {
    /// What all kinds have in common.
    pub fn head(&self) -> &Head {
        match self {
            Event::Detection { head, .. }
            | Event::Speech { head, .. }
            | Event::Transcript { head, .. }
            | Event::Gap { head, .. }
            | Event::Health { head, .. } => head,
        }
    }

    /// What all kinds have in common, for the runtime to complete.
    pub fn head_mut(&mut self) -> &mut Head {
        match self {
            Event::Detection { head, .. }
            | Event::Speech { head, .. }
            | Event::Transcript { head, .. }
            | Event::Gap { head, .. }
            | Event::Health { head, .. } => head,
        }
    }

    /// Capture time of the last of what it is about.
    pub fn end(&self) -> Time {
        match self {
            Event::Speech { end, .. } | Event::Transcript { end, .. } | Event::Gap { end, .. } => {
                Time::from_secs_f64(*end)
            }
            Event::Detection { head, .. } | Event::Health { head, .. } => head.at,
        }
    }

    /// Name of the kind, as in the JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Detection { .. } => "detection",
            Event::Speech { .. } => "speech",
            Event::Transcript { .. } => "transcript",
            Event::Gap { .. } => "gap",
            Event::Health { .. } => "health",
        }
    }

    /// Media of `source` was lost between `from` and `to`.
    pub fn gap(source: &Arc<str>, from: Time, to: Time, reason: impl Into<String>) -> Event {
        Event::Gap {
            head: Head::new(source, from),
            start: from.as_secs_f64(),
            end: to.as_secs_f64(),
            reason: reason.into(),
        }
    }

    /// A source has been `condition` for so long, or is so no more.
    pub fn health(
        source: &Arc<str>,
        at: Time,
        condition: Condition,
        active: bool,
        lasted: Duration,
    ) -> Event {
        Event::Health {
            head: Head::new(source, at),
            condition,
            active,
            seconds: lasted.as_secs_f64(),
        }
    }

    /// The event as one line of JSON, without the line break.
    pub fn to_json(&self) -> String {
        let line = Line { v: 1, event: self };
        serde_json::to_string(&line).expect("events hold nothing that JSON cannot say")
    }
}

/// An event as it is written: the version of the format comes first.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "otus event", inline)]
pub struct Line<'a> {
    /// Version of the format.
    v: u8,
    #[serde(flatten)]
    event: &'a Event,
}

fn milliseconds<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.3}"))
}

fn three_places<T: Into<f64> + Copy, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(rounded((*value).into(), 1000.0))
}

fn tenths<S: Serializer>(bounds: &[f32; 4], to: S) -> Result<S::Ok, S::Error> {
    bounds.map(|side| rounded(side.into(), 10.0)).serialize(to)
}

fn rounded(value: f64, places: f64) -> f64 {
    (value * places).round() / places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detection_reads_as_documented() {
        let mut head = Head::new(&Arc::from("porch"), Time::from_secs_f64(27.066_04));
        head.node = Arc::from("people");
        head.seq = Some(812);
        let event = Event::Detection {
            head,
            frame: [1280, 720],
            objects: vec![Object {
                label: Arc::from("person"),
                score: 0.912_34,
                bounds: [412.0, 188.04, 96.0, 260.0],
            }],
            model: Arc::from("yolox-nano@695e750a5d57"),
            provider: Arc::from("cpu"),
        };
        let expected = concat!(
            r#"{"v":1,"kind":"detection","node":"people","source":"porch","seq":812,"#,
            r#""time":"1970-01-01T00:00:00.000Z","t":27.066,"frame":[1280,720],"#,
            r#""objects":[{"label":"person","score":0.912,"box":[412.0,188.0,96.0,260.0]}],"#,
            r#""model":"yolox-nano@695e750a5d57","provider":"cpu"}"#
        );
        assert_eq!(event.to_json(), expected);
    }
}
