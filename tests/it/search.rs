//! `otus events`: what is found in a history, and what is said where there is none.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use libc::SIGTERM;

use crate::bad_input::check;
use crate::history::street;
use crate::samples::wav;
use crate::scratch::{Running, Scratch, wait_for};

fn otus(scratch: &Scratch, arguments: &str) -> crate::scratch::Ended {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    Running::start(scratch.otus(&arguments)).wait()
}

/// The same events as those of `jsonl`, while they are written and after that.
#[test]
fn what_was_written_is_found_as_it_was() {
    let scratch = Scratch::new();
    let Some(text) = street(&scratch, "path = 'history.db'") else {
        return;
    };
    let text = text + "[sinks.log]\ntype = 'jsonl'\ninputs = ['see']\npath = 'events.jsonl'\n";
    let running = scratch.start(&text, &[]);
    let patience = Duration::from_secs(30);
    wait_for("a history", patience, || {
        let ended = otus(&scratch, "events pipeline.toml --json");
        (ended.code == Some(0) && !ended.stdout.is_empty()).then_some(())
    });
    let mut follow = scratch.otus(&["events", "history.db", "--follow", "--json", "--limit", "1"]);
    let mut follow = follow.spawn().expect("it runs");
    let lines = BufReader::new(follow.stdout.take().expect("it is piped")).lines();
    let followed: Vec<String> = lines.take(5).map(|it| it.expect("a line")).collect();
    let _ = follow.kill();
    let _ = follow.wait();
    running.signal(SIGTERM);
    assert_eq!(running.wait().code, Some(0));
    let log = std::fs::read_to_string(scratch.path("events.jsonl")).expect("it is there");
    assert!(
        log.contains(&followed.join("\n")),
        "each comes once, in order"
    );
    let all = otus(
        &scratch,
        "events pipeline.toml --json --limit 100000 --since 1h",
    );
    assert_eq!(all.stdout, log);
    let few = otus(
        &scratch,
        "events history.db --kind detection --label thing --limit 2",
    );
    let some = otus(&scratch, "events history.db --source street --limit 2");
    let lines: Vec<&str> = some.stdout.lines().collect();
    assert!(
        lines[0].starts_with("TIME ") && lines.len() == 3,
        "{lines:?}"
    );
    assert!(lines[2].contains("  street  detection "), "{lines:?}");
    check(&few, 0, "nothing that was kept fits");
    check(
        &otus(&scratch, "events history.db --until 1d"),
        0,
        "nothing that was kept",
    );
    check(
        &otus(&scratch, "events history.db --text thing"),
        0,
        "nothing that was kept",
    );
}

#[test]
fn where_there_is_no_history_that_is_said() {
    let scratch = Scratch::new();
    scratch.write("tone.wav", wav(16_000, 16_000));
    let sink = |name: &str, ty: &str| {
        format!("[sinks.{name}]\ntype = '{ty}'\ninputs = ['mic']\npath = '{name}.db'\n")
    };
    let pipeline = |sinks: &[String]| {
        let source = "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\n";
        scratch.write("pipeline.toml", source.to_owned() + &sinks.concat());
        otus(&scratch, "events pipeline.toml")
    };
    let said = "pipeline.toml keeps no history: give it a sink of type `sqlite`";
    check(&pipeline(&[sink("log", "jsonl")]), 1, said);
    let one = sink("one", "sqlite");
    let said = "there is no one.db yet: it is written once the pipeline runs";
    check(&pipeline(std::slice::from_ref(&one)), 1, said);
    let said = "several histories; name one of them instead: one.db, two.db";
    check(&pipeline(&[one.clone(), sink("two", "sqlite")]), 1, said);
    scratch.write("one.db", "five years of notes, which are no database");
    check(&pipeline(&[one]), 1, "one.db is no database");
    let said =
        "invalid value 'yesterday' for '--since <TIME>' … such as 30m, 2h or 7d … such as 16:42";
    check(
        &otus(&scratch, "events pipeline.toml --since yesterday"),
        2,
        said,
    );
    check(
        &otus(&scratch, "events nowhere.toml"),
        78,
        "cannot read the pipeline file",
    );
}
