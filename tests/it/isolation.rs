//! Models in processes of their own (F6): the same events, and a crash of native code ends nothing else.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::scratch::{Running, Scratch, wait_for};

const SIGKILL: i32 = 9;
const SIGABRT: i32 = 6;
const SIGTERM: i32 = 15;
const SIGSTOP: i32 = 19;
const PATIENCE: Duration = Duration::from_secs(30);

fn demo() -> String {
    format!("{}/.demo", env!("CARGO_MANIFEST_DIR"))
}

/// What the demo sees and hears, without wall-clock times.
fn log(isolation: &str) -> Vec<String> {
    let scratch = Scratch::new();
    let demo = demo();
    let ended = scratch.run(
        &format!(
            "[runtime]\nisolation = '{isolation}'\n\
             [sources.street]\ntype = 'camera'\nuri = '{demo}/vtest.avi'\nfps = 0.2\n\
             [sources.voice]\ntype = 'audio_file'\npath = '{demo}/Front_*.wav'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\nworkers = 2\n\
             [transforms.speech]\ntype = 'vad'\ninputs = ['voice']\n\
             [transforms.words]\ntype = 'transcribe'\nmodel = 'otus-words'\ninputs = ['speech']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'speech', 'words']\npath = 'log.jsonl'\n"
        ),
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut events = scratch.events("log.jsonl");
    for event in &mut events {
        let fields = event.as_object_mut().expect("an event is an object");
        fields.remove("time");
    }
    events.iter().map(ToString::to_string).collect()
}

#[test]
fn processes_of_their_own_see_and_hear_the_same() {
    let together = log("none");
    assert!(together.iter().any(|it| it.contains("\"transcript\"")));
    assert_eq!(together, log("process"));
}

/// Workers of a process, by /proc.
fn workers(parent: u32) -> Vec<i32> {
    let children = format!("/proc/{parent}/task");
    let tasks = std::fs::read_dir(children).into_iter().flatten().flatten();
    let list = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("children"));
        let text = text.unwrap_or_default();
        text.split_whitespace()
            .filter_map(|it| it.parse().ok())
            .collect::<Vec<_>>()
    };
    let is_worker = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.ends_with(b"worker\0")
    };
    tasks.flat_map(list).filter(is_worker).collect()
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: the worker belongs to this test's own process, which has not reaped it.
    unsafe { libc::kill(pid, signal) };
}

fn street(scratch: &Scratch) -> Running {
    scratch.start(
        &format!(
            "[runtime]\nisolation = 'process'\nhang_timeout_ms = 1000\n\
             [sources.street]\ntype = 'camera'\nuri = '{}/vtest.avi'\npace = 'realtime'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'log.jsonl'\n",
            demo()
        ),
        &[],
    )
}

fn goes_on(log: &Path) {
    let lines = || crate::scratch::events(log).len();
    let before = lines();
    wait_for("more events", PATIENCE, || {
        (lines() > before + 2).then_some(())
    });
}

/// F6 and, for a worker, F7.
#[test]
fn a_worker_that_crashes_or_hangs_is_started_anew_within_two_seconds() {
    let scratch = Scratch::new();
    let running = street(&scratch);
    let log = scratch.path("log.jsonl");
    goes_on(&log);
    for (how, patience) in [(SIGABRT, 2), (SIGKILL, 2), (SIGSTOP, 3)] {
        let [old] = workers(running.id())[..] else {
            panic!("one node, one worker")
        };
        let begun = Instant::now();
        signal(old, how);
        wait_for("another worker", Duration::from_secs(patience), || {
            let new = workers(running.id());
            (new.len() == 1 && new[0] != old).then_some(())
        });
        println!("signal {how}: another worker after {:?}", begun.elapsed());
        goes_on(&log);
    }
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in [
        "the worker process of otus-person died: signal: 6",
        "no answer in",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

#[test]
fn no_worker_outlives_its_parent() {
    let scratch = Scratch::new();
    let running = street(&scratch);
    goes_on(&scratch.path("log.jsonl"));
    let [worker] = workers(running.id())[..] else {
        panic!("one node, one worker")
    };
    running.signal(SIGKILL);
    let gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    };
    wait_for("the end of the worker", PATIENCE, gone);
}

#[test]
fn a_person_who_starts_a_worker_is_told_what_it_is() {
    let ended = Running::start(Scratch::new().otus(&["worker"])).wait();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("this is no worker"),
        "{}",
        ended.stderr
    );
}
