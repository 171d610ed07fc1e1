//! The status endpoint, asked over real sockets, and the signals of a service manager.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::samples::wav;
use crate::scratch::{Running, Scratch, wait_for};

/// Ten seconds of sound, played at their own pace: a pipeline that needs no model.
fn start(scratch: &Scratch, listen: &str) -> Running {
    scratch.write("tone.wav", wav(160_000, 160_000));
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n\
             [status]\nlisten = '{listen}'\n"
        ),
    );
    Running::start(scratch.otus(&["run", "pipeline.toml"]))
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Status code and body.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let request = headers
        .iter()
        .fold(agent.get(url), |it, (name, value)| it.header(*name, *value));
    let mut response = request.call().ok()?;
    Some((
        response.status().as_u16(),
        response.body_mut().read_to_string().ok()?,
    ))
}

#[test]
fn status_health_and_metrics_tell_what_runs() {
    let scratch = Scratch::new();
    let port = free_port();
    let running = start(&scratch, &format!("127.0.0.1:{port}"));
    let base = format!("http://127.0.0.1:{port}");
    let health = wait_for("the endpoint", Duration::from_secs(20), || {
        get(&format!("{base}/healthz"), &[])
    });
    assert_eq!(health, (200, "ok\n".to_owned()));
    let status = wait_for("sound", Duration::from_secs(20), || {
        let (_, body) = get(&format!("{base}/status"), &[])?;
        let status: Value = serde_json::from_str(&body).expect("/status is JSON");
        (status["pipeline"]["nodes"][0]["made"]["audio"].as_u64()? > 10).then_some(status)
    });
    keeps_to_its_description(&base, &status);
    let mic = &status["pipeline"]["nodes"][0];
    assert_eq!(
        (&mic["id"], &mic["type"], &mic["state"]),
        (&"mic".into(), &"audio_file".into(), &"running".into())
    );
    // It waits most of the time.
    let seconds = |of: &Value, name: &str| of[name].as_f64().expect("a number");
    let (busy, uptime) = (
        seconds(mic, "busy_seconds"),
        seconds(&status["pipeline"], "uptime_seconds"),
    );
    assert!(0.0 < busy && busy < 0.5 * uptime, "{busy} of {uptime} s");
    let edge = &status["pipeline"]["edges"][0];
    assert_eq!(
        (&edge["from"], &edge["kind"]),
        (&"mic".into(), &"event".into())
    );
    let (code, metrics) = get(&format!("{base}/metrics"), &[]).expect("an answer");
    assert_eq!(code, 200);
    for line in [
        "# TYPE otus_node_busy_seconds counter",
        "# TYPE otus_node_call_seconds counter",
        "otus_node_up{node=\"mic\"} 1.0",
        "otus_edge_in_flight{from=\"mic\",to=\"log\",kind=\"event\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"));
    assert_eq!(
        get(&format!("{base}/status"), &[("host", "evil.example")]).map(|it| it.0),
        Some(421)
    );
    assert_eq!(
        get(
            &format!("{base}/status"),
            &[("origin", "http://evil.example")]
        )
        .map(|it| it.0),
        Some(403)
    );
    assert_eq!(
        get(&format!("{base}/nothing"), &[]).map(|it| it.0),
        Some(404)
    );
    let started = Instant::now();
    running.signal(libc::SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "it must stop promptly"
    );
    assert!(ended.stdout.contains("nothing dropped"), "{}", ended.stdout);
}

/// `/openapi.json` tells what `/status` looks like.
fn keeps_to_its_description(base: &str, status: &Value) {
    let (_, description) = get(&format!("{base}/openapi.json"), &[]).expect("an answer");
    let mut schema: Value = serde_json::from_str(&description).expect("it is JSON");
    schema["$ref"] = "#/components/schemas/status".into();
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    if let Err(error) = validator.validate(status) {
        panic!("{error}: {status}");
    }
}

#[test]
fn a_unix_socket_answers_and_is_removed() {
    let scratch = Scratch::new();
    let running = start(&scratch, "unix:otus.sock");
    let path = scratch.path("otus.sock");
    let mut stream = wait_for("the socket", Duration::from_secs(20), || {
        UnixStream::connect(&path).ok()
    });
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: otus\r\nConnection: close\r\n\r\n")
        .expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"),
        "{answer}"
    );
    // Into a pipe, `top` gives one look.
    for (command, column) in [("status", "PACKETS"), ("top", "FLOW")] {
        let asked = scratch.otus(&[command, "--socket", "otus.sock"]).output();
        let asked = asked.expect("the program runs");
        let said = String::from_utf8_lossy(&asked.stdout);
        assert!(
            said.contains("audio_file") && said.contains(column),
            "{said}"
        );
    }
    running.signal(libc::SIGINT);
    assert_eq!(running.wait().code, Some(0));
    let asked = scratch.otus(&["status", "--socket", "otus.sock"]).output();
    let asked = asked.expect("the program runs");
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(said.contains("nobody answers"), "{said}");
    assert!(!path.exists(), "the socket is left behind");
}
