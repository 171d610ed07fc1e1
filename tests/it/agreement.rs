//! The same files give the same answers on every processor: what was written down on x86-64 with
//! `UPDATE_GOLDEN=1` must come out of ARM code too, but for what rounding does.

use serde_json::Value;

use crate::scratch::Scratch;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/agreement.jsonl");
/// Of boxes, in pixels of a picture of 768x576.
const PIXELS: f64 = 1.5;
/// Of scores and probabilities, from 0 to 1.
const SCORE: f64 = 0.03;
/// Of Whisper's mean log probability of a token, which 16-bit weights multiply along.
const LOG_PROBABILITY: f64 = 0.05;
/// One window of Silero, in seconds.
const WINDOW: f64 = 0.033;

#[test]
fn people_speech_and_words_are_the_same_on_every_processor() {
    let found = events();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lines: Vec<String> = found.iter().map(Value::to_string).collect();
        std::fs::write(GOLDEN, lines.join("\n") + "\n").expect("the tree is writable");
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN).expect("it is checked in");
    let golden: Vec<Value> = golden
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(found.len(), golden.len(), "{found:#?}");
    for (found, golden) in found.iter().zip(&golden) {
        agrees("", found, golden).unwrap_or_else(|path| panic!("{path}:\n{found}\n{golden}"));
    }
}

/// Eight frames of the demo's video and all of its recordings, each node's events in their order.
fn events() -> Vec<Value> {
    let scratch = Scratch::new();
    let ended = scratch.run(
        &format!(
            "[sources.street]\ntype = 'camera'\nuri = '{DEMO}/vtest.avi'\nfps = 0.1\n\
             [sources.voice]\ntype = 'audio_file'\npath = '{DEMO}/*.wav'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['voice']\nmin_silence_ms = 500\n\
             [transforms.words]\ntype = 'transcribe'\nmodel = 'otus-words'\ninputs = ['speech']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'speech', 'words']\npath = 'log.jsonl'\n"
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut events = scratch.events("log.jsonl");
    for event in &mut events {
        let event = event.as_object_mut().expect("an event is an object");
        // Times of the day, how long it took, and a sum of digits that may differ a little.
        event.remove("time");
        event.remove("id");
        event.remove("lag_ms");
    }
    // A stable sort: within a node the order counts.
    events.sort_by_key(|event| event["node"].to_string());
    events
}

/// `Err` names what differs by more than its tolerance.
fn agrees(path: &str, found: &Value, golden: &Value) -> Result<(), String> {
    let most = match path.rsplit('/').find(|name| name.parse::<usize>().is_err()) {
        Some("box") => PIXELS,
        Some("score" | "probability" | "no_speech_prob" | "voiced") => SCORE,
        Some("avg_logprob" | "min_logprob") => LOG_PROBABILITY,
        Some("start" | "end" | "t") => WINDOW,
        _ => 0.0,
    };
    let same = match (found, golden) {
        (Value::Array(found), Value::Array(golden)) if found.len() == golden.len() => {
            for (at, (found, golden)) in found.iter().zip(golden).enumerate() {
                agrees(&format!("{path}/{at}"), found, golden)?;
            }
            true
        }
        (Value::Object(found), Value::Object(golden)) if found.keys().eq(golden.keys()) => {
            for (key, value) in found {
                agrees(&format!("{path}/{key}"), value, &golden[key])?;
            }
            true
        }
        (Value::Number(found), Value::Number(golden)) => {
            let number = |it: &serde_json::Number| it.as_f64().expect("events hold f64");
            (number(found) - number(golden)).abs() <= most
        }
        _ => found == golden,
    };
    if same { Ok(()) } else { Err(path.to_owned()) }
}
