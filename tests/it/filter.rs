//! `filter` behind a detector: what the condition holds of, no more often than was asked, as it was told.

use serde_json::Value;

use crate::bad_input::{detect, refused};
use crate::scratch::Scratch;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo");

#[test]
fn a_crowd_in_the_street_is_told_every_ten_seconds() {
    let scratch = Scratch::new();
    let pipeline = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{DEMO}/vtest.avi'\nfps = 2\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [transforms.crowd]\ntype = 'filter'\ninputs = ['people']\ncooldown_ms = '10s'\n\
         when = 'objects.filter(it, it.score > 0.5).size() >= 3'\n\
         [sinks.all]\ntype = 'jsonl'\ninputs = ['people']\npath = 'all.jsonl'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['crowd']\npath = 'crowd.jsonl'\n"
    );
    let ended = scratch.run(&pipeline, &["--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (all, crowds) = (scratch.events("all.jsonl"), scratch.events("crowd.jsonl"));

    let is_crowd = |event: &&Value| {
        let objects = event["objects"].as_array().into_iter().flatten();
        objects
            .filter(|it| it["score"].as_f64() > Some(0.5))
            .count()
            >= 3
    };
    let mut expected: Vec<&Value> = Vec::new();
    for event in all.iter().filter(is_crowd) {
        let since = |last: &&Value| event["t"].as_f64().zip(last["t"].as_f64());
        let cold = expected.last().and_then(since);
        if cold.is_none_or(|(now, last)| now - last >= 10.0) {
            expected.push(event);
        }
    }
    assert!(expected.len() > 3, "{} crowds", expected.len());
    assert_eq!(crowds.iter().collect::<Vec<_>>(), expected);

    // Nobody takes objects of the filter, so none are made for it.
    let said: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    let edges = said["pipeline"]["edges"].as_array().cloned();
    let to_filter: Vec<Value> = edges
        .into_iter()
        .flatten()
        .filter(|it| it["to"] == "crowd")
        .map(|it| it["kind"].clone())
        .collect();
    assert_eq!(to_filter, ["event"]);
    let found = all.iter().filter_map(|it| it["objects"].as_array());
    let found: usize = found.map(Vec::len).sum();
    assert_eq!(
        said["summary"]["detections"], found,
        "told once, counted once"
    );
}

fn filter(options: &str) -> String {
    let filter = format!("\ntransforms.f = {{ type = 'filter', inputs = ['d'], {options} }}");
    detect("model = 'yunet'").replace("inputs = ['d']", "inputs = ['f']") + &filter
}

#[test]
fn a_wrong_condition_is_shown_where() {
    for (options, said) in [
        (
            "when = 'score > '",
            "this is no condition: it ends too early … :4:67 … such as `objects.exists",
        ),
        (
            "when = 'objects.exists(it, it.lable == 1)'",
            "this has no `lable` … pipeline.toml:4:78 … did you mean `label`?",
        ),
        (
            "when = 'kind == 3'",
            "a text is compared with a number … pipeline.toml:4:59 … they are never equal",
        ),
        (
            "when = '''\n true\n && kinde == 1'''",
            "no kind of event has a field `kinde` … pipeline.toml:6:5 … did you mean `kind`?",
        ),
        // What stands there is not what is read, so the whole of it is shown.
        (
            "when = \"kinde == \\\"x\\\"\"",
            "no kind of event has a field `kinde` … pipeline.toml:4:58",
        ),
    ] {
        refused(filter(options), said);
    }
}

#[test]
fn a_filter_of_speech_makes_no_detections() {
    refused(
        "sources.mic = { type = 'audio_file', path = 'x.wav' }
         transforms.v = { type = 'vad', inputs = ['mic'] }
         transforms.f = { type = 'filter', inputs = ['v'] }
         transforms.d = { type = 'detect', inputs = ['f'], model = 'yunet' }
         sinks.log = { type = 'console', inputs = ['d'] }",
        "`detect` takes frames, but `f` makes `speech` and `speech_start` events … :4:54",
    );
}
