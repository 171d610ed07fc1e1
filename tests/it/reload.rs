//! Another pipeline file while it runs (F11).

use std::time::Duration;

use crate::scratch::{Running, Scratch, wait_for};

const SIGHUP: i32 = 1;
const SIGTERM: i32 = 15;

fn pipeline(more: &str) -> String {
    format!(
        "[sources.street]\ntype = 'camera'\nuri = '{}/.demo/vtest.avi'\npace = 'realtime'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'log.jsonl'\n{more}\n\
         [status]\nlisten = 'off'\n",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn a_new_file_is_taken_over_without_a_gap_and_a_wrong_one_changes_nothing() {
    let scratch = Scratch::new();
    let running = scratch.start(&pipeline("").replace("[status]\nlisten = 'off'\n", ""), &[]);
    let events = |name: &str| scratch.events(name);
    let patience = Duration::from_secs(30);
    wait_for("events", patience, || {
        (events("log.jsonl").len() > 3).then_some(())
    });

    let other = "[sinks.other]\ntype = 'jsonl'\ninputs = ['people']\npath = 'other.jsonl'";
    scratch.write("pipeline.toml", pipeline(other));
    running.signal(SIGHUP);
    wait_for("the new sink", patience, || {
        (events("other.jsonl").len() > 3).then_some(())
    });

    scratch.write("pipeline.toml", pipeline("[sinks.other]\ntype = 'jsonll'"));
    running.signal(SIGHUP);
    let before = events("other.jsonl").len();
    wait_for("it goes on", patience, || {
        (events("other.jsonl").len() > before + 5).then_some(())
    });

    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("the new graph runs"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("unknown type `jsonll`"),
        "{}",
        ended.stderr
    );
    let seen: Vec<u64> = events("log.jsonl")
        .iter()
        .filter_map(|it| it["seq"].as_u64())
        .collect();
    // There are people in nearly every frame.
    assert!(
        seen.windows(2)
            .all(|pair| (1..=2).contains(&(pair[1] - pair[0]))),
        "{seen:?}"
    );
}

#[test]
fn of_many_reloads_at_once_the_last_counts() {
    let scratch = Scratch::new();
    scratch.write("pipeline.toml", pipeline(""));
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let patience = Duration::from_secs(30);
    wait_for("events", patience, || {
        scratch.events("log.jsonl").pop().map(drop)
    });
    for number in 1..=4 {
        let sink = "[sinks.other]\ntype = 'jsonl'\ninputs = ['people']";
        let other = format!("{sink}\npath = 'other-{number}.jsonl'");
        scratch.write("pipeline.toml", pipeline(&other));
        running.signal(SIGHUP);
        std::thread::sleep(Duration::from_millis(30));
    }
    wait_for("the last sink", patience, || {
        scratch.events("other-4.jsonl").pop().map(drop)
    });
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("not reloaded"), "{}", ended.stderr);
}

#[test]
fn otus_reload_tells_what_came_of_it() {
    let scratch = Scratch::new();
    let socket = scratch.path("otus.sock");
    let listen = format!("listen = 'unix:{}'", socket.display());
    let file = |more: &str| pipeline(more).replace("listen = 'off'", &listen);
    scratch.write("pipeline.toml", file(""));
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let patience = Duration::from_secs(30);
    wait_for("the socket", patience, || socket.exists().then_some(()));
    let reload = || {
        let socket = socket.to_str().expect("a plain path");
        Running::start(scratch.otus(&["reload", "--socket", socket])).wait()
    };
    let done = reload();
    assert_eq!(
        (done.code, done.stdout.trim()),
        (Some(0), "the new graph runs"),
        "{}",
        done.stderr
    );

    scratch.write("pipeline.toml", file("[sinks.other]\ntype = 'jsonll'"));
    let refused = reload();
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("unknown type `jsonll`"),
        "{}",
        refused.stderr
    );
    running.signal(SIGTERM);
    assert_eq!(running.wait().code, Some(0));
}
