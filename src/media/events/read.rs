//! An event that another machine has told, read from its line of JSON: its times are moved to the clock of this run.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::{Body, Event, Head, Id};
use crate::media::clock::Time;

/// What bodies call moments: seconds since the run began.
const MOMENTS: [&str; 4] = ["t", "start", "end", "subject"];
/// Here these words count letters.
const NO_MOMENTS: &str = "redaction";

/// What a line says beside its body.
#[derive(Deserialize)]
struct Line {
    v: u64,
    kind: String,
    id: Id,
    node: Arc<str>,
    seq: Option<u64>,
}

/// When it was told, and of what it is an event here.
pub struct Moved {
    /// What this run calls the source that it is about.
    pub source: Arc<str>,
    /// Its capture time in this run.
    pub at: Time,
    /// The wall-clock label of that.
    pub time: Timestamp,
    /// How much later the clock of this run shows everything, in seconds.
    pub by: f64,
}

/// Why a line is no event.
#[derive(Debug)]
pub enum Unread {
    /// It is no JSON object, or lacks something.
    Json(serde_json::Error),
    /// It has another version.
    Version(u64),
    /// It is of a kind that this build does not know.
    Kind(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::Json(error) => write!(f, "this is no event: {error}"),
            Unread::Version(v) => write!(f, "this is an event of version {v}, and not of 1"),
            Unread::Kind(kind) => write!(f, "there are no events of kind {kind:?}"),
        }
    }
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Unread {
        Unread::Json(error)
    }
}

impl Event {
    /// Reads a line.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(line: &[u8], moved: Moved) -> Result<Event, Unread> {
        let mut whole: Map<String, Value> = serde_json::from_slice(line)?;
        let told = Line::deserialize(&Value::Object(whole.clone()))?;
        if told.v != 1 {
            return Err(Unread::Version(told.v));
        }
        move_all(&mut whole, moved.by);
        let body = Body::read(&told.kind, Value::Object(whole));
        let body = body.ok_or(Unread::Kind(told.kind))??;
        let head = Head {
            id: told.id,
            node: told.node,
            source: moved.source,
            seq: told.seq,
            time: moved.time,
            t: moved.at.as_secs_f64(),
            at: moved.at,
        };
        Ok(Event { head, body })
    }
}

fn move_all(object: &mut Map<String, Value>, by: f64) {
    for (name, value) in object {
        match value {
            Value::Object(inner) if name != NO_MOMENTS => move_all(inner, by),
            Value::Array(list) => list
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|it| move_all(it, by)),
            Value::Number(moment) if MOMENTS.contains(&name.as_str()) => {
                let then = moment.as_f64().map(|it| it + by);
                if let Some(then) = then.and_then(Number::from_f64) {
                    *moment = then;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::events::{Gap, Transcript, Word, schema};

    fn event(body: impl Into<Body>, at: f64) -> Event {
        let (body, at) = (body.into(), Time::from_secs_f64(at));
        let head = Head {
            id: body.id("words", "mic", at),
            node: Arc::from("words"),
            source: Arc::from("mic"),
            seq: None,
            time: Timestamp::UNIX_EPOCH,
            t: at.as_secs_f64(),
            at,
        };
        Event { head, body }
    }

    fn moved(by: f64) -> Moved {
        Moved {
            source: Arc::from("far"),
            at: Time::from_secs_f64(102.5),
            time: Timestamp::UNIX_EPOCH,
            by,
        }
    }

    #[test]
    fn what_was_told_comes_again_at_the_time_of_this_run() {
        let transcript = Transcript {
            start: 2.5,
            end: 4.0,
            text: "turn on the lights".to_owned(),
            words: vec![Word {
                word: "turn".to_owned(),
                start: 2.5,
                end: 2.75,
                probability: 0.5,
            }],
            ..Transcript::default()
        };
        let told = event(transcript, 2.5);
        let read = Event::read(told.to_json().as_bytes(), moved(100.0)).expect("it is one");
        assert_eq!(read.head.id, told.head.id);
        let expected = told
            .to_json()
            .replace("\"source\":\"mic\"", "\"source\":\"far\"")
            .replace(":2.5", ":102.5")
            .replace(":2.75", ":102.75")
            .replace(":4.0", ":104.0");
        assert_eq!(read.to_json(), expected);
    }

    #[test]
    fn what_is_no_event_is_said() {
        let line = event(Gap::new(Time::ZERO, Time::ZERO, "away"), 0.0).to_json();
        for (line, said) in [
            ("rubbish".to_owned(), "this is no event"),
            ("[1]".to_owned(), "this is no event"),
            (line.replace("\"v\":1", "\"v\":2"), "of version 2"),
            (line.replace("\"gap\"", "\"hole\""), "of kind \"hole\""),
            (line.replace("\"reason\"", "\"why\""), "`reason`"),
        ] {
            let unread = Event::read(line.as_bytes(), moved(0.0)).err();
            let unread = unread.map(|it| it.to_string()).unwrap_or_default();
            assert!(unread.contains(said), "{line}: {unread}");
        }
    }

    /// A moment of a new kind of event would else stay where it was.
    #[test]
    fn every_moment_of_the_schema_is_moved() {
        fn look(value: &Value, seen: &mut usize) {
            let properties = value.get("properties").and_then(Value::as_object);
            for (name, about) in properties.into_iter().flatten() {
                let about = about["description"].as_str().unwrap_or_default();
                if about.contains("econds since the run began") {
                    assert!(MOMENTS.contains(&name.as_str()), "{name}: {about}");
                    *seen += 1;
                }
            }
            let inner = value.as_object().into_iter().flat_map(Map::values);
            let listed = value.as_array().into_iter().flatten();
            inner.chain(listed).for_each(|it| look(it, seen));
        }
        let mut seen = 0;
        look(&schema().to_value(), &mut seen);
        assert!(seen > 20, "{seen}");
    }
}
