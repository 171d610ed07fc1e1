//! An event as a line of JSON tells it, and what of it is a decision.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Fields that tell of the run, or when, and not of what was decided.
const OF_THE_RUN: [&str; 14] = [
    "v", "kind", "node", "source", "seq", "id", "time", "t", "lag_ms", "late_ms", "model",
    "provider", "path", "sha256",
];
/// Numbers that are summarised.
const SCORES: [&str; 5] = [
    "score",
    "probability",
    "avg_logprob",
    "no_speech_prob",
    "voiced",
];

/// An event.
pub struct Told {
    pub kind: String,
    pub node: String,
    pub source: String,
    /// Seconds since the run began.
    pub t: f64,
    /// Seconds by the wall clock.
    pub wall: f64,
    /// What it is about, or what was said.
    pub label: String,
    /// Texts and truths in it, sorted, each with its field.
    pub words: Vec<String>,
    /// Mean of the scores in it.
    pub score: Option<f64>,
}

impl Told {
    /// What a line tells; none if it is no event.
    pub fn read(line: &str) -> Option<Told> {
        let Value::Object(fields) = serde_json::from_str(line).ok()? else {
            return None;
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let wall: Timestamp = text("time")?.parse().ok()?;
        let (mut words, mut scores) = (Vec::new(), Vec::new());
        decided(&fields, &mut words, &mut scores);
        words.sort();
        let sum: f64 = scores.iter().sum();
        Some(Told {
            kind: text("kind")?,
            node: text("node")?,
            source: text("source")?,
            t: fields.get("t")?.as_f64()?,
            wall: wall.as_millisecond() as f64 / 1000.0,
            label: label(&fields),
            words,
            score: (!scores.is_empty()).then(|| sum / scores.len() as f64),
        })
    }

    /// Who told it of what.
    pub fn teller(&self) -> (&str, &str, &str) {
        (&self.kind, &self.node, &self.source)
    }
}

fn decided(fields: &Map<String, Value>, words: &mut Vec<String>, scores: &mut Vec<f64>) {
    for (name, value) in fields {
        if !OF_THE_RUN.contains(&&**name) {
            look_at(name, value, words, scores);
        }
    }
}

fn look_at(name: &str, value: &Value, words: &mut Vec<String>, scores: &mut Vec<f64>) {
    match value {
        Value::String(text) => words.push(format!("{name}: {text}")),
        Value::Bool(truth) => words.push(format!("{name}: {truth}")),
        Value::Number(number) if SCORES.contains(&name) => scores.extend(number.as_f64()),
        Value::Array(list) => list.iter().for_each(|it| look_at(name, it, words, scores)),
        Value::Object(fields) => decided(fields, words, scores),
        Value::Null | Value::Number(_) => {}
    }
}

/// What it is about, in few words.
fn label(fields: &Map<String, Value>) -> String {
    let first = ["text", "label", "condition", "reason"]
        .iter()
        .find_map(|it| fields.get(*it)?.as_str());
    if let Some(first) = first {
        return first.to_owned();
    }
    let list = ["objects", "classes"]
        .iter()
        .find_map(|it| fields.get(*it)?.as_array());
    let labels = list
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("label")?.as_str());
    let mut labels: Vec<&str> = labels.collect();
    labels.sort_unstable();
    labels.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_what_was_said_of_what_and_not_when() {
        let line = r#"{"v":1,"kind":"detection","node":"people","source":"porch","seq":812,"time":"2026-11-22T05:00:00.123Z","t":27.066,
            "objects":[{"label":"person","score":0.9,"box":[4,1,9,2]},{"label":"dog","score":0.5,"box":[4,1,9,2]}],"model":"a@1"}"#;
        let told = Told::read(line).expect("an event");
        assert_eq!(told.teller(), ("detection", "people", "porch"));
        assert_eq!(told.words, ["label: dog", "label: person"]);
        assert_eq!(
            (told.label.as_str(), told.score),
            ("dog, person", Some(0.7))
        );
        assert!(Told::read("{\"v\":1}").is_none());
    }
}
