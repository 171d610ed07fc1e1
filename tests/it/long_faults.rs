//! Faults that take minutes: `make test-faults` runs them, and prints what it measured.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::live_camera::{
    PATIENCE, Server, ask, log, more_frames, node, rig_is_here, start, status,
};
use crate::scratch::{Scratch, wait_for};
use libc::SIGTERM;

/// Resident kilobytes, descriptors and threads of a process.
fn weigh(pid: u32) -> [u64; 3] {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).expect("it runs");
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .and_then(|it| it.parse().ok())
        .expect("a number");
    let count = |what: &str| {
        let listed = fs::read_dir(format!("/proc/{pid}/{what}")).expect("it runs");
        listed.count() as u64
    };
    [pages * 4, count("fd"), count("task")]
}

fn failures(scratch: &Scratch) -> Option<u64> {
    status(scratch)?["pipeline"]["nodes"][0]["failures"].as_u64()
}

/// F3: the camera throws its viewers out once a second, a thousand times.
#[test]
#[ignore = "takes half an hour"]
fn a_thousand_reconnects_leave_nothing_behind() {
    if !rig_is_here() {
        return;
    }
    let wanted = std::env::var("OTUS_RECONNECTS")
        .ok()
        .and_then(|it| it.parse().ok());
    let wanted: u64 = wanted.unwrap_or(1_000);
    let scratch = Scratch::new();
    let server = Server::start("0", &["--cut", "1000"]);
    let watch = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{}'\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['cam']\npath = 'events.jsonl'\n",
        server.uri
    );
    let otus = start(&scratch, &watch, &[("OTUS_LOG", "error")]);
    let reconnects = |count: u64, patience: u64| {
        wait_for("reconnects", Duration::from_secs(patience), || {
            sleep(Duration::from_millis(200));
            (failures(&scratch)? >= count).then_some(())
        });
    };
    reconnects(wanted / 10, 600);
    let (begun, before) = (Instant::now(), weigh(otus.id()));
    reconnects(wanted, 3_600);
    let after = weigh(otus.id());
    println!(
        "{wanted} reconnects; after a tenth {before:?}, in the end {after:?} (kB, descriptors, threads), {:.0?} for the rest",
        begun.elapsed()
    );
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    assert!(after[0] <= before[0] + 2_000, "{before:?} {after:?}");
    assert!(
        after[1] <= before[1] + 2 && after[2] <= before[2] + 2,
        "{before:?} {after:?}"
    );
}

/// Four for each processor.
struct Burden(Vec<Child>);

impl Burden {
    fn start() -> Burden {
        let count = 4 * std::thread::available_parallelism().map_or(2, usize::from);
        let spin = |_| {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
        };
        Burden((0..count).map(|it| spin(it).expect("a shell")).collect())
    }
}

impl Drop for Burden {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Between which ages, in seconds, 99 % of the packets of a node were reached: a bucket's two ends.
fn p99(scratch: &Scratch, id: &str) -> (f64, f64) {
    let text = ask(scratch, "/metrics").expect("it listens");
    let start = "otus_node_latency_seconds_bucket{";
    let lines = text.lines().filter_map(|line| line.strip_prefix(start));
    let lines = lines.filter(|line| line.contains(&format!("node=\"{id}\"")));
    let bucket = |line: &str| {
        let (_, bound) = line.split_once("le=\"").expect("a bound");
        let (bound, _) = bound.split_once('"').expect("a bound");
        let bound = bound.replace('+', "").to_lowercase();
        let count = line.rsplit(' ').next().and_then(|it| it.parse().ok());
        (bound.parse().expect("a number"), count.expect("a count"))
    };
    let buckets: Vec<(f64, f64)> = lines.map(bucket).collect();
    let all = buckets.last().expect("there are buckets").1;
    let at = buckets.iter().position(|it| it.1 >= 0.99 * all);
    let at = at.expect("the last holds all");
    (if at == 0 { 0.0 } else { buckets[at - 1].0 }, buckets[at].0)
}

/// F22: eight others want the processors as well.
#[test]
#[ignore = "measures times, and takes a minute"]
fn a_starved_processor_drops_frames_and_does_not_lag() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &[]);
    let watch = format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{}'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['cam']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people', 'cam']\npath = 'events.jsonl'\n",
        server.uri
    );
    let burden = Burden::start();
    let otus = start(&scratch, &watch, &[]);
    more_frames(&scratch, 15);
    sleep(Duration::from_secs(30));
    let people = wait_for("the node", PATIENCE, || node(&scratch, "people"));
    drop(burden);
    let made = people["calls"]["succeeded"].as_u64().unwrap_or(1) as f64;
    let inference = people["call_seconds"].as_f64().unwrap_or(0.0) / made;
    let (age, rule) = (p99(&scratch, "people"), 2.0 * inference + 1.0 / 15.0);
    println!(
        "{made} inferences of {inference:.3} s; 99 % of the frames were done {age:?} s after their \
         capture, the rule is {rule:.3} s"
    );
    assert!(age.0 <= rule, "{age:?} {rule}");
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
}
