//! What a run prints: sentences for people, lines of JSON and nothing else for programs, and nothing to nobody.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::scratch::Scratch;

/// People in the street, as fast as they can be had, to the console.
fn pipeline(format: &str) -> String {
    let street = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{street}'\nfps = 1\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.screen]\ntype = 'console'\ninputs = ['people']\nformat = '{format}'\n"
    )
}

fn lines(format: &str, more: &[&str]) -> Vec<Value> {
    let ended = Scratch::new().run(&pipeline(format), more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    ended.stdout.lines().map(parse).collect()
}

#[test]
fn programs_get_lines_of_json_and_nothing_else() {
    for said in [
        lines("json", &[]),
        lines("json", &["--json"]),
        lines("text", &["--json"]),
    ] {
        let (summary, events) = said.split_last().expect("it says something");
        assert!(
            summary["summary"]["frames"].as_u64() > Some(70),
            "{summary}"
        );
        assert!(events.len() > 70 && events.iter().all(|it| it["kind"] == "detection"));
    }
}

#[test]
fn a_refused_file_is_told_to_programs_in_one_line() {
    let scratch = Scratch::new();
    let ended = scratch.run("[sources.cam]\ntype = 'camra'\n", &["--json"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(78), 1));
    let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(said["problems"][0]["line"], 2);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    let scratch = Scratch::new();
    scratch.write(
        "pipeline.toml",
        "status.listen = 'off'\n".to_owned() + &pipeline("text"),
    );
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    otus.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut otus = otus.spawn().expect("it starts");
    let mut screen = BufReader::new(otus.stdout.take().expect("it is piped")).lines();
    assert!(screen.next().is_some_and(|it| it.is_ok()));
    drop(screen);
    let ended = otus.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(
        ended.status.success() && !errors.contains("ERROR"),
        "{errors}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_listing_quietly() {
    let (reader, listing) = std::io::pipe().expect("there are descriptors");
    drop(reader);
    let output = Scratch::new().otus(&["nodes"]).stdout(listing).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.signal(), Some(libc::SIGPIPE));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn on_a_terminal_a_stream_of_detections_is_one_line_that_changes() {
    let scratch = Scratch::new();
    scratch.write(
        "pipeline.toml",
        "status.listen = 'off'\n".to_owned() + &pipeline("text").replace("fps = 1", "fps = 0.25"),
    );
    // It gives the program a terminal.
    let run = format!("{} run pipeline.toml 2>log.txt", env!("CARGO_BIN_EXE_otus"));
    let mut script = scratch.otus_at(Path::new("script"), &["-qec", &run, "/dev/null"]);
    let output = script.env("TERM", "xterm").output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let changes = said.matches("\x1b[1A\r\x1b[J").count();
    assert!(changes > 10, "{said}");
    let last = said.rsplit("\x1b[J").next().unwrap_or_default();
    let mut lines = last.lines();
    let line = lines.next().unwrap_or_default();
    assert!(line.contains("people") && line.contains("person"), "{line}");
    assert!(line.ends_with(&format!(" ×{}", changes + 1)), "{last}");
    // The summary stands below it.
    assert!(last.contains("20 frames"), "{last}");
}
