//! A network camera that is real: an RTSP server on loopback that dies, hangs and asks for a password.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libc::{SIGCONT, SIGSTOP, SIGTERM};
use serde_json::Value;

use crate::scratch::{Running, Scratch, has_opencv, skipped, wait_for};

/// Debian's, because that is the one which sees Debian's `gi`.
const PYTHON: &str = "/usr/bin/python3";
const RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/rtsp_server.py");
const SECOND: Duration = Duration::from_secs(1);
/// For what takes a second where nothing else runs.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What the clocks of test, server and otus may differ by, in seconds.
const TOLERANCE: f64 = 1.5;

#[test]
fn frames_of_a_network_camera_reach_a_detector() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &[]);
    let watch = pipeline(&server.uri, DETECT, "\"cam\", \"people\"");
    let otus = start(&scratch, &watch, &[]);
    wait_for("frames in the detector", PATIENCE, || {
        let status = status(&scratch)?;
        let mut edges = status["pipeline"]["edges"].as_array()?.iter();
        let seen = edges
            .find(|edge| edge["to"] == "people")
            .and_then(|edge| edge["forwarded"].as_u64());
        (frames(&scratch)? >= 30 && seen >= Some(5)).then_some(())
    });
    let metrics = ask(&scratch, "/metrics").expect("it listens");
    let latencies = "otus_node_latency_seconds_bucket{le=\"+Inf\",node=\"people\"}";
    assert!(metrics.contains(latencies), "{metrics}");
    otus.signal(SIGTERM);
    let ended = otus.wait();
    assert_eq!(ended.code, Some(0), "{}", log(&scratch));
    let report: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    assert!(
        report["summary"]["frames"].as_u64() >= Some(30),
        "{}",
        report["summary"]
    );
    assert!(gaps(&scratch).is_empty(), "{:?}", gaps(&scratch));
}

/// Its sound is not decoded, and does not keep FFmpeg from finding out what the pictures are.
#[test]
fn a_camera_with_sound_is_seen_where_nobody_listens() {
    if !rig_is_here() {
        return;
    }
    for sound in ["aac", "pcmu"] {
        let scratch = Scratch::new();
        let server = Server::start("0", &["--sound", sound]);
        let otus = start(&scratch, &pipeline(&server.uri, "", "\"cam\""), &[]);
        more_frames(&scratch, 15);
        otus.signal(SIGTERM);
        assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
        assert!(gaps(&scratch).is_empty(), "{}", log(&scratch));
    }
}

#[test]
fn frames_flow_again_within_five_seconds_of_the_return_of_a_camera() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &[]);
    let otus = start(&scratch, &pipeline(&server.uri, "", "\"cam\""), &[]);
    more_frames(&scratch, 15);
    let port = server.port();
    drop(server);
    let (killed, lost_at) = (Instant::now(), uptime(&scratch));
    wait_for("otus to notice", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    sleep((3 * SECOND).saturating_sub(killed.elapsed()));
    let server = Server::start(&port, &[]);
    let back = Instant::now();
    more_frames(&scratch, 1);
    let (recovery, found_at) = (back.elapsed(), uptime(&scratch));
    more_frames(&scratch, 15);
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    drop(server);
    println!(
        "frames again {:.2} s after the server's return",
        recovery.as_secs_f64()
    );
    assert!(recovery < 5 * SECOND, "{recovery:?}\n{}", log(&scratch));
    one_gap(&scratch, lost_at, found_at);
}

#[test]
fn a_camera_that_hangs_is_noticed_and_does_not_hold_up_a_stop() {
    if !rig_is_here() {
        return;
    }
    let scratches = [Scratch::new(), Scratch::new()];
    let server = Server::start("0", &[]);
    let watch = pipeline(&server.uri, "", "\"cam\"");
    let [reading, connecting] = scratches
        .each_ref()
        .map(|scratch| start(scratch, &watch, &[]));
    scratches
        .iter()
        .for_each(|scratch| more_frames(scratch, 15));
    server.process.signal(SIGSTOP);
    let (hung, lost_at) = (Instant::now(), scratches.each_ref().map(uptime));
    for scratch in &scratches {
        wait_for("otus to notice", PATIENCE, || {
            (state(scratch)? == "retrying").then_some(())
        });
        println!(
            "noticed after {:.2} s without a frame",
            hung.elapsed().as_secs_f64()
        );
    }
    sleep((4 * SECOND).saturating_sub(hung.elapsed()));
    server.process.signal(SIGCONT);
    scratches
        .iter()
        .for_each(|scratch| more_frames(scratch, 15));
    for (scratch, lost_at) in scratches.iter().zip(lost_at) {
        let gap = wait_for("the gap", PATIENCE, || gaps(scratch).pop());
        let end = gap["end"].as_f64().expect("it is a number");
        assert!(end - lost_at > 3.5, "the server stood still for 4 s: {gap}");
        one_gap(scratch, lost_at, end);
    }
    server.process.signal(SIGSTOP);
    sleep(SECOND / 2);
    stops_at_once(reading, "reading");
    wait_for("otus to notice", PATIENCE, || {
        (state(&scratches[1])? == "retrying").then_some(())
    });
    sleep(SECOND);
    stops_at_once(connecting, "connecting");
}

#[test]
fn a_camera_s_password_is_used_and_told_to_nobody() {
    const PASSWORD: &str = "hunter2-of-the-porch";
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &["--user", "otus", "--password", PASSWORD]);
    let uri = server.uri.replace("//", "//otus:${CAM_PASSWORD}@");
    let [scratch, stranger] = [Scratch::new(), Scratch::new()];
    let watch = pipeline(&uri, "", "\"cam\"");
    let otus = start(&scratch, &watch, &[("CAM_PASSWORD", PASSWORD)]);
    let refused = start(
        &stranger,
        &watch,
        &[("CAM_PASSWORD", "hunter1-of-the-lawn")],
    );
    more_frames(&scratch, 15);
    let told = |scratch: &Scratch, why: &str| {
        let text = status_text(scratch)?;
        text.contains(why).then_some(text)
    };
    wait_for("a wrong password to be refused", PATIENCE, || {
        told(&stranger, "it refuses user or password (401)")
    });
    assert_eq!(frames(&stranger), Some(0));
    drop(refused);
    let command_line = fs::read(format!("/proc/{}/cmdline", otus.id())).expect("it runs");
    drop(server);
    let status = wait_for("the loss to be told", PATIENCE, || {
        told(&scratch, "nothing listens at this port")
    });
    otus.signal(SIGTERM);
    let ended = otus.wait();
    let command_line = String::from_utf8_lossy(&command_line).into_owned();
    let events = fs::read_to_string(scratch.path("events.jsonl")).unwrap_or_default();
    let said = [status, log(&scratch), ended.stdout, command_line, events];
    assert!(
        said[..2]
            .iter()
            .all(|it| it.contains("rtsp://***@127.0.0.1")),
        "{said:?}"
    );
    assert!(!said.iter().any(|it| it.contains("hunter2")), "{said:?}");
}

const DETECT: &str =
    "[transforms.people]\ntype = \"detect\"\ninputs = [\"cam\"]\nmodel = \"otus-person\"\n";

fn pipeline(uri: &str, transforms: &str, inputs: &str) -> String {
    format!(
        "[sources.cam]\ntype = \"camera\"\nuri = \"{uri}\"\nstall_timeout_ms = 2000\n{transforms}\
         [sinks.log]\ntype = \"jsonl\"\ninputs = [{inputs}]\npath = \"events.jsonl\"\n"
    )
}

/// The camera. Dropping it kills it outright.
pub struct Server {
    pub process: Running,
    pub uri: String,
}

impl Server {
    pub fn start(port: &str, options: &[&str]) -> Server {
        let scratch = Scratch::new();
        let said = scratch.path("said.txt");
        let mut command = Command::new(PYTHON);
        command
            .args([RIG, "--port", port])
            .args(options)
            .stdin(Stdio::null());
        command.stdout(File::create(&said).expect("the scratch directory is writable"));
        let process = Running::start(command);
        let uri = wait_for("the RTSP server", PATIENCE, || {
            let said = fs::read_to_string(&said).ok()?;
            Some(said.strip_prefix("ready ")?.strip_suffix('\n')?.to_owned())
        });
        Server { process, uri }
    }

    pub fn port(&self) -> String {
        let (_, port) = self
            .uri
            .trim_end_matches("/cam")
            .rsplit_once(':')
            .expect("it has a port");
        port.to_owned()
    }
}

pub fn rig_is_here() -> bool {
    if !has_opencv() {
        skipped("there is no libotus_opencv.so");
        return false;
    }
    let probe = "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0'); \
                 from gi.repository import Gst; Gst.init(None); assert Gst.ElementFactory.find('x264enc')";
    let probe = Command::new(PYTHON)
        .args(["-c", probe])
        .stderr(Stdio::null())
        .status();
    let here = probe.is_ok_and(|it| it.success());
    if !here {
        skipped(
            "no gst-rtsp-server for Debian's Python: see the packages in tests/rigs/rtsp_server.py",
        );
    }
    here
}

/// Starts otus with its status on a socket and its log in a file, where it can be read meanwhile.
pub fn start(scratch: &Scratch, pipeline: &str, environment: &[(&str, &str)]) -> Running {
    let socket = scratch.path("status.socket");
    let status = format!("[status]\nlisten = \"unix:{}\"\n", socket.display());
    scratch.write("pipeline.toml", format!("{pipeline}{status}"));
    let mut command = scratch.otus(&["run", "pipeline.toml", "--json"]);
    command
        .env("OTUS_LOG", "warn,otus=debug,ort=error")
        .envs(environment.iter().copied());
    command
        .stderr(File::create(scratch.path("log.txt")).expect("the scratch directory is writable"));
    Running::start(command)
}

pub fn log(scratch: &Scratch) -> String {
    fs::read_to_string(scratch.path("log.txt")).unwrap_or_default()
}

fn status_text(scratch: &Scratch) -> Option<String> {
    ask(scratch, "/status")
}

/// None before otus listens.
pub fn ask(scratch: &Scratch, path: &str) -> Option<String> {
    String::from_utf8(fetch(scratch, path)?).ok()
}

/// The body of an answer, whatever it is; none before otus listens.
pub fn fetch(scratch: &Scratch, path: &str) -> Option<Vec<u8>> {
    let mut socket = UnixStream::connect(scratch.path("status.socket")).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok()?;
    let body = answer.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    Some(answer.split_off(body))
}

/// What the status says of one node.
pub fn node(scratch: &Scratch, id: &str) -> Option<Value> {
    let status = status(scratch)?;
    let mut nodes = status["pipeline"]["nodes"].as_array()?.iter();
    nodes.find(|node| node["id"] == id).cloned()
}

/// None before otus listens.
pub fn status(scratch: &Scratch) -> Option<Value> {
    serde_json::from_str(&status_text(scratch)?).ok()
}

/// What the source does.
pub fn state(scratch: &Scratch) -> Option<String> {
    Some(
        status(scratch)?["pipeline"]["nodes"][0]["state"]
            .as_str()?
            .to_owned(),
    )
}

pub fn frames(scratch: &Scratch) -> Option<u64> {
    Some(
        status(scratch)?["pipeline"]["nodes"][0]["made"]["frame"]
            .as_u64()
            .unwrap_or(0),
    )
}

pub fn more_frames(scratch: &Scratch, count: u64) {
    let before = frames(scratch).unwrap_or(0);
    wait_for("frames", PATIENCE, || {
        (frames(scratch)? >= before + count).then_some(())
    });
}

/// The run's own clock, in seconds.
pub fn uptime(scratch: &Scratch) -> f64 {
    let read = || status(scratch)?["pipeline"]["uptime_seconds"].as_f64();
    wait_for("the status", PATIENCE, read)
}

pub fn gaps(scratch: &Scratch) -> Vec<Value> {
    let events = scratch.events("events.jsonl");
    events
        .into_iter()
        .filter(|event| event["kind"] == "gap")
        .collect()
}

/// There is one gap, it spans these two moments, and it says why.
pub fn one_gap(scratch: &Scratch, lost_at: f64, found_at: f64) {
    let gaps = gaps(scratch);
    let [gap] = gaps.as_slice() else {
        panic!("not one gap: {gaps:?}\n{}", log(scratch));
    };
    println!("{gap}");
    let off =
        |key: &str, expected: f64| (gap[key].as_f64().expect("it is a number") - expected).abs();
    assert!(
        off("start", lost_at) < TOLERANCE,
        "{gap} begins at {lost_at}"
    );
    assert!(off("end", found_at) < TOLERANCE, "{gap} ends at {found_at}");
    assert!(
        gap["reason"].as_str().is_some_and(|it| it.len() > 5),
        "{gap}"
    );
}

fn stops_at_once(otus: Running, during: &str) {
    let asked = Instant::now();
    otus.signal(SIGTERM);
    let ended = otus.wait();
    println!(
        "stopped {:.2} s after SIGTERM while {during}",
        asked.elapsed().as_secs_f64()
    );
    assert!(asked.elapsed() < 2 * SECOND, "{:?}", asked.elapsed());
    assert!(ended.code.is_some(), "it crashed");
}
