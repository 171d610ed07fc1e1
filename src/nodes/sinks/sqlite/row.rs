//! The columns of an event, read out of its JSON: a new kind of event needs no line here.

use std::sync::Arc;

use rusqlite::{Connection, Result, Statement, params};
use serde::Deserialize;

use crate::media::events::Event;

/// How a row is added.
pub const INSERT: &str = "INSERT INTO events \
    (t, start, \"end\", kind, source, node, label, zone, track, score, text, path, model, private, says, json) VALUES \
    (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What follows from the rows of a batch: how many there are, where they are, and their words.
const FOLLOW: [&str; 3] = [
    "INSERT INTO tally SELECT t / 600000, source, kind, count(*), sum(length(json)) FROM events WHERE id >= ? GROUP BY 1, 2, 3 \
        ON CONFLICT DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes",
    "INSERT INTO slots SELECT t / 600000, min(id), max(id) FROM events WHERE id >= ? GROUP BY 1 \
        ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
    "INSERT INTO words(rowid, text) SELECT id, text FROM events WHERE id >= ? AND text IS NOT NULL",
];

/// Puts down what follows from the rows that have been added, from this one on.
///
/// # Errors
/// What SQLite says.
pub fn follow(history: &Connection, first: i64) -> Result<()> {
    let mut follow = FOLLOW.iter();
    follow.try_for_each(|it| history.execute(it, [first]).map(drop))
}

/// What is looked for in an event. Kinds use the same names for the same things.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    phase: Option<String>,
    label: Option<String>,
    phrase: Option<String>,
    condition: Option<String>,
    zone: Option<String>,
    track: Option<u64>,
    of: Option<Whom>,
    score: Option<f64>,
    probability: Option<f64>,
    #[serde(default)]
    objects: Vec<Seen>,
    text: Option<String>,
    heard: Option<String>,
    reason: Option<String>,
    path: Option<String>,
    model: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
}

/// What a part of a frame was cut out for.
#[derive(Deserialize)]
struct Whom {
    track: Option<u64>,
}

/// One of the objects of a detection.
#[derive(Deserialize)]
struct Seen {
    label: String,
    score: f64,
}

/// An event as a row.
pub struct Row {
    event: Arc<Event>,
    kind: &'static str,
    json: String,
    fields: Fields,
}

impl Row {
    /// The row of an event.
    pub fn of(event: Arc<Event>) -> Row {
        let json = event.to_json();
        let fields = serde_json::from_str(&json).expect("events use these names for these things");
        Row {
            kind: event.body.kind().name,
            event,
            json,
            fields,
        }
    }

    /// Whether the event will be told again, as it goes on.
    pub fn is_update(&self) -> bool {
        self.kind == "track" && self.fields.phase.as_deref() == Some("update")
    }

    /// Adds it to the table; `private`: the pipeline file asks for privacy.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn insert(&self, into: &mut Statement<'_>, private: bool) -> Result<()> {
        let (head, it) = (&self.event.head, &self.fields);
        let t = head.time.as_millisecond();
        let at = |second: Option<f64>| second.map(|it| t + ((it - head.t) * 1000.0).round() as i64);
        let start = at(it.start).unwrap_or(t);
        // The strongest stands for all.
        let first = it.objects.first();
        let label = it.label.as_deref().or(first.map(|it| &*it.label));
        let label = label.or(it.phrase.as_deref()).or(it.condition.as_deref());
        let track = it.track.or(it.of.as_ref().and_then(|it| it.track));
        let reason = it.reason.as_ref().filter(|_| self.kind == "gap");
        let path = it.path.as_ref().filter(|_| self.kind == "saved");
        // By place: looking for names takes a tenth of the time.
        let row = params![
            t,
            start,
            at(it.end).unwrap_or(start),
            self.kind,
            &*head.source,
            &*head.node,
            label,
            it.zone,
            track.map(u64::cast_signed),
            it.score.or(it.probability).or(first.map(|it| it.score)),
            it.text.as_ref().or(it.heard.as_ref()).or(reason),
            path,
            it.model,
            private,
            self.event.sentence().to_string(),
            self.json,
        ];
        into.execute(row).map(drop)
    }
}
