//! The endpoint as other people's tools see it: Schemathesis, Prometheus, curl with TLS.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libc::SIGTERM;
use serde_json::Value;

use crate::scratch::{Running, Scratch, skipped, wait_for};
use crate::status::{free_port, get};

const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "0b9d2a7c64e84f1c8d53a1f0c7e2b986";

/// People in a street in real time, with the endpoint at `listen`.
fn start(scratch: &Scratch, listen: &str, more: &str) -> Running {
    let street = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    let pipeline = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{street}'\npace = 'realtime'\n\
         [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['street']\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'events.jsonl'\n\
         [status]\nlisten = '{listen}'\n{more}"
    );
    scratch.write("pipeline.toml", pipeline);
    Running::start(scratch.otus(&["run", "pipeline.toml"]))
}

fn stop(running: Running) {
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Output of a program that must succeed, started where it may leave files behind.
fn call(scratch: &Scratch, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .current_dir(scratch.path(""))
        .output();
    let output = output.expect("it is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}:\n{said}{errors}");
    said
}

pub fn installed(program: &str, package: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".demo/tools/bin");
    let mut places = std::env::split_paths(&folders).chain([own]);
    let found = places.find_map(|it| Some(it.join(program)).filter(|it| it.exists()));
    if found.is_none() {
        skipped(&format!("no {program}: {package}"));
    }
    found
}

/// What the description promises is what is answered, whatever is asked.
#[test]
fn schemathesis_finds_nothing() {
    let Some(schemathesis) = installed("schemathesis", "make setup-test") else {
        return;
    };
    let (scratch, port) = (Scratch::new(), free_port());
    token(&scratch);
    let running = start(
        &scratch,
        &format!("127.0.0.1:{port}"),
        "token_file = 'token'\n",
    );
    let base = format!("http://127.0.0.1:{port}");
    let bearer = format!("Bearer {TOKEN}");
    wait_for("a pipeline that is ready", PATIENCE, || {
        let answer = get(&format!("{base}/readyz"), &[("Authorization", &bearer)]);
        answer.filter(|(status, _)| *status == 200)
    });
    let description = format!("{base}/openapi.json");
    let header = format!("Authorization: {bearer}");
    // The streams do not end.
    let what = [
        "run",
        &description,
        "-H",
        &header,
        "--exclude-path-regex",
        "events|mjpg",
    ];
    let limits = ["--max-examples", "20", "--seed", "1", "--no-color"];
    println!(
        "{}",
        call(&scratch, schemathesis, &[&what[..], &limits].concat())
    );
    stop(running);
}

/// A token that only its owner can read.
fn token(scratch: &Scratch) {
    let file = scratch.write("token", TOKEN);
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).expect("it is ours");
}

/// A real Prometheus scrapes the metrics and knows their types.
#[test]
fn prometheus_scrapes_every_metric() {
    let Some(prometheus) = installed("prometheus", "apt install prometheus") else {
        return;
    };
    let (scratch, port, own) = (Scratch::new(), free_port(), free_port());
    let running = start(&scratch, &format!("127.0.0.1:{port}"), "");
    let config = scratch.write(
        "prometheus.yml",
        format!("scrape_configs: [{{job_name: otus, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]"),
    );
    call(
        &scratch,
        "promtool",
        &["check", "config", config.to_str().expect("a plain path")],
    );
    let mut command = Command::new(prometheus);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            scratch.path("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{own}"))
        .stderr(std::fs::File::create(scratch.path("prometheus.txt")).expect("writable"));
    let server = Running::start(command);
    let ask = |path: &str| -> Option<Value> {
        let (code, body) = get(&format!("http://127.0.0.1:{own}/api/v1/{path}"), &[])?;
        (code == 200).then(|| serde_json::from_str(&body).expect("JSON"))
    };
    let answer = wait_for("a scrape", PATIENCE, || {
        let answer = ask("query?query=otus_node_packets_total")?;
        (!answer["data"]["result"].as_array()?.is_empty()).then_some(answer)
    });
    assert!(answer.to_string().contains("street"), "{answer}");
    let known = ask("targets/metadata").expect("it answers");
    let known = known["data"].as_array().expect("a list").clone();
    let ours: Vec<&Value> = known
        .iter()
        .filter(|it| {
            it["metric"]
                .as_str()
                .is_some_and(|it| it.starts_with("otus_"))
        })
        .collect();
    println!("{} metrics", ours.len());
    assert!(ours.len() > 20, "{known:?}");
    for metric in ours {
        assert_ne!(metric["type"], "unknown", "{metric}");
        assert!(
            metric["help"].as_str().is_some_and(|it| it.len() > 5),
            "{metric}"
        );
    }
    drop(server);
    stop(running);
}

/// A certificate that vouches for itself, and its key.
pub fn certificate(scratch: &Scratch, cert: &str, key: &str) {
    call(
        scratch,
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            key,
            "-out",
            cert,
        ],
    );
}

/// Where other machines can reach it, nobody is answered without TLS and the token.
#[test]
fn other_machines_need_tls_and_the_token() {
    if installed("openssl", "apt install openssl").is_none()
        || installed("curl", "apt install curl").is_none()
    {
        return;
    }
    let (scratch, port) = (Scratch::new(), free_port());
    let [cert, key] = ["cert.pem", "key.pem"].map(|it| scratch.path(it).display().to_string());
    certificate(&scratch, &cert, &key);
    token(&scratch);
    let more = "token_file = 'token'\ntls_cert = 'cert.pem'\ntls_key = 'key.pem'\n";
    let running = start(&scratch, &format!("0.0.0.0:{port}"), more);
    let code = |scheme: &str, more: &[&str]| {
        let url = format!("{scheme}://localhost:{port}/status");
        let quiet = [
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--max-time",
            "5",
            "--cacert",
            &cert,
        ];
        let output = Command::new("curl")
            .args(quiet)
            .args(more)
            .arg(url)
            .output();
        String::from_utf8_lossy(&output.expect("curl runs").stdout).into_owned()
    };
    let bearer = format!("Authorization: Bearer {TOKEN}");
    wait_for("the endpoint", PATIENCE, || {
        (code("https", &["-H", &bearer]) == "200").then_some(())
    });
    assert_eq!(code("https", &[]), "401");
    assert_eq!(
        code("https", &["-H", "Authorization: Bearer 0b9d2a7c64e84f1c"]),
        "401"
    );
    assert_eq!(
        code("https", &["-H", &bearer, "-H", "Host: evil.example"]),
        "421"
    );
    assert_eq!(
        code("https", &["-H", &bearer, "--tls-max", "1.1"]),
        "000",
        "too old"
    );
    assert_eq!(code("http", &["-H", &bearer]), "000", "without TLS");
    stop(running);
}

/// A listener that does not read is cut, and holds up nobody.
#[test]
fn a_listener_that_does_not_read_holds_up_nothing() {
    use std::io::Write;
    let scratch = Scratch::new();
    let model = crate::samples::stubborn_model([0.5, 0.5, 0.0, 0.0, 0.9, 0.9]);
    let sum = crate::samples::sum(&model);
    scratch.write("model.onnx", model);
    let see = |n: u32| {
        format!(
            "[transforms.see{n}]\ntype = 'detect'\nmodel = './model.onnx'\nsha256 = '{sum}'\ninputs = ['street']\n"
        )
    };
    let street = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");
    let socket = scratch.path("otus.sock");
    let pipeline = format!(
        "[sources.street]\ntype = 'camera'\nuri = '{street}'\n{}{}{}{}\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['see1', 'see2', 'see3', 'see4']\npath = 'events.jsonl'\n\
         [status]\nlisten = 'unix:{}'\n",
        see(1),
        see(2),
        see(3),
        see(4),
        socket.display()
    );
    scratch.write("pipeline.toml", pipeline);
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    wait_for("the socket", PATIENCE, || {
        std::os::unix::net::UnixStream::connect(&socket).ok()
    });
    let deaf: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = std::os::unix::net::UnixStream::connect(&socket).expect("it listens");
            stream
                .write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .expect("room");
            stream
        })
        .collect();
    let ended = running.wait();
    drop(deaf);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        scratch.events("events.jsonl").len(),
        4 * 795,
        "nothing is lost"
    );
}
