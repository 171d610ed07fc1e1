//! Events at a real HTTP server that comes and goes, is slow, and answers what it should not.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use libc::SIGKILL;
use serde_json::Value;

use crate::broker::{forwarded, miss, numbers, runs, stop, street};
use crate::live_camera::{self, node};
use crate::scratch::{Running, Scratch, wait_for};
use crate::status::free_port;

const PATIENCE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/receiver.py");
pub const KEY: &str = "hook-key-9f2c";

/// Who takes what is posted.
pub struct Receiver<'a> {
    scratch: &'a Scratch,
    pub port: u16,
    process: Option<Running>,
}

impl<'a> Receiver<'a> {
    pub fn new(scratch: &'a Scratch) -> Receiver<'a> {
        scratch.write("answer", "200");
        Receiver {
            scratch,
            port: free_port(),
            process: None,
        }
    }

    pub fn start(&mut self) {
        let said = self.scratch.path("said.txt");
        let mut command = Command::new("python3");
        command.args([RIG, "--port", &self.port.to_string(), "--key", KEY]);
        command.arg("--took").arg(self.scratch.path("took"));
        command.arg("--answer").arg(self.scratch.path("answer"));
        command
            .stdin(Stdio::null())
            .stdout(File::create(&said).expect("writable"))
            .stderr(Stdio::null());
        self.process = Some(Running::start(command));
        wait_for("the receiver", PATIENCE, || {
            fs::read_to_string(&said)
                .ok()?
                .starts_with("ready")
                .then_some(())
        });
    }

    pub fn stop(&mut self) {
        self.process = None;
    }

    fn answers(&self, what: &str) {
        self.scratch.write("answer.part", what);
        let (part, whole) = (
            self.scratch.path("answer.part"),
            self.scratch.path("answer"),
        );
        fs::rename(part, whole).expect("writable");
    }

    /// The requests that were taken, each a list of events.
    fn requests(&self) -> Vec<Vec<Value>> {
        let text = fs::read_to_string(self.scratch.path("took")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |it| it.0);
        let parse = |line: &str| serde_json::from_str(line).expect("a list");
        whole.lines().map(parse).collect()
    }

    pub fn events(&self) -> Vec<Value> {
        self.requests().into_iter().flatten().collect()
    }

    fn more(&self) {
        let before = self.events().len();
        wait_for("more events", PATIENCE, || {
            (self.events().len() > before + 3).then_some(())
        });
    }
}

fn webhook(port: u16, more: &str) -> String {
    format!(
        "[sinks.tell]\ntype = 'webhook'\nuri = 'http://127.0.0.1:{port}/hook'\nsecret = '{KEY}'\n\
         folder = 'outbox'\ninputs = ['see']\n{more}"
    )
}

fn error(scratch: &Scratch, said: &str) {
    wait_for(said, PATIENCE, || {
        let node = node(scratch, "tell")?;
        node["last_error"].as_str()?.contains(said).then_some(())
    });
}

/// Nobody is there at first; then the receiver is slow, goes three times, fails and talks nonsense.
#[test]
fn what_a_receiver_missed_comes_in_order_and_in_batches() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::new(&scratch);
    let hook = webhook(receiver.port, "batch = 50\n");
    let film = street(&scratch, "fast", &hook);
    let waits = miss(&scratch, &film);
    receiver.start();
    let running = live_camera::start(&scratch, &street(&scratch, "realtime", &hook), &[]);
    wait_for("what waited", PATIENCE, || {
        (receiver.events().len() as u64 > waits + 5).then_some(())
    });
    assert!(receiver.requests().iter().all(|it| it.len() <= 50));
    assert!(receiver.requests()[0].len() > 1);
    receiver.answers("slow");
    receiver.more();
    for _ in 0..3 {
        receiver.stop();
        sleep(SECOND / 2);
        receiver.answers("200");
        receiver.start();
        receiver.more();
    }
    receiver.answers("503");
    error(&scratch, "answers 503");
    receiver.answers("nonsense");
    sleep(2 * SECOND);
    receiver.answers("200");
    receiver.more();
    stop(running, &scratch);
    let (numbers, again) = numbers(&receiver.events());
    println!("{} events, {again} came twice", numbers.len());
    let runs = runs(&numbers);
    assert!(
        runs.len() == 2 && runs[0] >= waits && runs[1] > 10,
        "{runs:?}"
    );
    assert!(!live_camera::log(&scratch).contains(KEY));
}

/// What leads elsewhere or refuses the key is named, not followed and not tried again at once.
#[test]
fn redirections_are_not_followed_and_refusals_not_hammered() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::new(&scratch);
    receiver.start();
    receiver.answers("302");
    let hook = webhook(receiver.port, "");
    let running = live_camera::start(&scratch, &street(&scratch, "realtime", &hook), &[]);
    error(&scratch, "where nothing is sent");
    stop(running, &scratch);
    receiver.answers("200");
    let other = hook.replace(KEY, "another-key");
    let running = live_camera::start(&scratch, &street(&scratch, "realtime", &other), &[]);
    error(
        &scratch,
        "answers 401 Unauthorized: see `user` and `password`, or `token`",
    );
    wait_for("events that go on", PATIENCE, || {
        (forwarded(&scratch)? > 10).then_some(())
    });
    let failures = node(&scratch, "tell").map(|it| it["failures"].clone());
    assert_eq!(failures, Some(Value::from(1)));
    stop(running, &scratch);
    assert!(receiver.events().is_empty());
}

/// Killed at random moments: what counted as delivered comes, in order.
#[test]
fn a_kill_loses_nothing_that_was_to_be_posted() {
    let scratch = Scratch::new();
    let mut receiver = Receiver::new(&scratch);
    let kills = std::env::var("OTUS_KILLS")
        .ok()
        .and_then(|it| it.parse().ok());
    let kills: usize = kills.unwrap_or(2);
    let film = street(&scratch, "fast", &webhook(receiver.port, ""));
    let mut delivered = Vec::new();
    for kill in 0..kills {
        match kill % 2 {
            0 => receiver.start(),
            _ => receiver.stop(),
        }
        let running = live_camera::start(&scratch, &film, &[]);
        wait_for("events", PATIENCE, || {
            (forwarded(&scratch)? > 20).then_some(())
        });
        sleep(Duration::from_millis(fastrand::u64(0..300)));
        delivered.push(forwarded(&scratch).unwrap_or_default());
        running.signal(SIGKILL);
        running.wait();
    }
    receiver.stop();
    receiver.start();
    let running = live_camera::start(&scratch, &film, &[]);
    wait_for("events", PATIENCE, || {
        (forwarded(&scratch)? > 20).then_some(())
    });
    stop(running, &scratch);
    let all = wait_for("the last film", PATIENCE, || {
        let all = numbers(&receiver.events());
        let begun = all.0.iter().filter(|it| **it == 0).count();
        (begun > kills && all.0.last() > Some(&20)).then_some(all)
    });
    let runs = runs(&all.0);
    println!(
        "{kills} kills, {} events, {} came twice",
        all.0.len(),
        all.1
    );
    assert_eq!(runs.len(), kills + 1);
    for (came, delivered) in runs.iter().zip(&delivered) {
        assert!(came >= delivered, "{runs:?} {delivered:?}");
    }
}
