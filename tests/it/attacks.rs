//! F16: what browsers, scanners and strangers do to a local HTTP endpoint. F17: what it gives away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::samples::wav;
use crate::scratch::{Running, Scratch, has_opencv, skipped, wait_for};
use crate::status::free_port;

pub const TOKEN: &str = "3f1c9a52e8d04b7796c1d0aa5be24f10";

pub struct Site {
    pub running: Running,
    port: u16,
}

/// A minute of sound, played at its own pace, behind an endpoint with a token.
fn start(scratch: &Scratch) -> Site {
    let token = scratch.write("token", TOKEN);
    std::fs::set_permissions(token, PermissionsExt::from_mode(0o600)).expect("it is ours");
    start_with(
        scratch,
        "token_file = 'token'\nhosts = ['porch.local']\n",
        "info",
    )
}

/// The same, with these lines in `[status]` and so much in the log.
pub fn start_with(scratch: &Scratch, more: &str, log: &str) -> Site {
    let port = free_port();
    scratch.write("tone.wav", wav(960_000, 960_000));
    scratch.write(
        "pipeline.toml",
        format!(
            "[sources.mic]\ntype = 'audio_file'\npath = 'tone.wav'\npace = 'realtime'\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['mic']\npath = 'events.jsonl'\n\
             [status]\nlisten = '127.0.0.1:{port}'\n{more}"
        ),
    );
    let mut otus = scratch.otus(&["run", "pipeline.toml"]);
    let running = Running::start({
        otus.env("OTUS_LOG", log);
        otus
    });
    let site = Site { running, port };
    wait_for("the endpoint", Duration::from_secs(20), || {
        (site.code(&site.request("GET /status")) == Some(200)).then_some(())
    });
    site
}

impl Site {
    /// A request with everything that it must have.
    pub fn request(&self, line: &str) -> String {
        format!(
            "{line} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {TOKEN}\r\n",
            self.port
        )
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("a time is fine");
        stream
    }

    /// Head and body of the answer to these lines.
    pub fn answer(&self, head: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .ok()?;
        // It may refuse before it has read everything.
        let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    pub fn code(&self, head: &str) -> Option<u16> {
        self.answer(head)?.split(' ').nth(1)?.parse().ok()
    }

    pub fn status(&self) -> Value {
        let answer = self.answer(&self.request("GET /status"));
        let answer = answer.expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("/status is JSON")
    }
}

/// Requests that name a host or come from a site, and the codes that they are answered with.
fn named_requests(site: &Site) -> Vec<(u16, String)> {
    let own = format!("127.0.0.1:{}", site.port);
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    let get = site.request("GET /status");
    vec![
        (
            421,
            format!("GET /status HTTP/1.1\r\nHost: evil.example\r\n{bearer}"),
        ),
        (
            400,
            format!("GET /status HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n{bearer}"),
        ),
        (
            400,
            format!("GET /status HTTP/1.1\r\nHost: {own}\r\nHost: {own}\r\n{bearer}"),
        ),
        (400, format!("GET /status HTTP/1.1\r\n{bearer}")),
        (
            400,
            format!("GET /status HTTP/1.1\r\nHost: me@localhost\r\n{bearer}"),
        ),
        (
            400,
            format!("GET http://me@localhost/status HTTP/1.1\r\nHost: {own}\r\n{bearer}"),
        ),
        (
            421,
            format!("GET /status HTTP/1.1\r\nHost: 2130706433\r\n{bearer}"),
        ),
        (
            200,
            format!("GET /status HTTP/1.1\r\nHost: PORCH.local.:8080\r\n{bearer}"),
        ),
        (
            421,
            format!("GET http://evil.example/status HTTP/1.1\r\nHost: {own}\r\n{bearer}"),
        ),
        (421, format!("GET /status HTTP/1.0\r\n{bearer}")),
        (
            200,
            format!("GET /status HTTP/1.1\r\nHost: porch.local\r\n{bearer}"),
        ),
        (
            200,
            format!("{get}Origin: http://{own}\r\nSec-Fetch-Site: same-origin\r\n"),
        ),
        (403, format!("{get}Origin: https://evil.example\r\n")),
        (403, format!("{get}Origin: null\r\n")),
        (403, format!("{get}Origin: https://{own}\r\n")),
        (403, format!("{get}Origin: http://{own}@evil.example\r\n")),
        (
            403,
            format!("{get}Origin: http://{own}\r\nOrigin: http://evil.example\r\n"),
        ),
        (403, format!("{get}Sec-Fetch-Site: cross-site\r\n")),
    ]
}

/// Other requests, and the codes that they are answered with.
fn requests(site: &Site) -> Vec<(u16, String)> {
    let own = format!("127.0.0.1:{}", site.port);
    let get = site.request("GET /status");
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    vec![
        (401, format!("GET /status HTTP/1.1\r\nHost: {own}\r\n")),
        (
            401,
            format!("GET /metrics HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {TOKEN}x\r\n"),
        ),
        (
            401,
            format!("GET /nodes/mic/frame.jpg?token={TOKEN} HTTP/1.1\r\nHost: {own}\r\n"),
        ),
        (200, format!("GET / HTTP/1.1\r\nHost: {own}\r\n")),
        (
            413,
            format!(
                "{}Content-Length: 10485760\r\n",
                site.request("POST /status")
            ),
        ),
        (404, site.request("GET /nodes/../../../../etc/passwd")),
        (
            404,
            site.request("GET /nodes/%2e%2e%2fetc%2fpasswd/frame.jpg"),
        ),
        (404, site.request("GET /nodes/mic/frame.jpg")),
        (405, site.request("POST /status")),
        (405, site.request("DELETE /status")),
        (405, site.request("TRACE /status")),
        (
            405,
            format!(
                "{}X-HTTP-Method-Override: GET\r\n",
                site.request("PUT /status")
            ),
        ),
        (405, site.request("QUIT /status")),
        (431, format!("{get}{many}")),
        (400, "GET\u{0} / HTTP/1.1\r\n".to_owned()),
    ]
}

#[test]
fn f16_every_kind_of_wrong_request_gets_its_refusal() {
    let scratch = Scratch::new();
    let site = start(&scratch);
    for (code, head) in named_requests(&site).into_iter().chain(requests(&site)) {
        assert_eq!(site.code(&head), Some(code), "{head}");
    }
    let long = site.request(&format!("GET /{}", "a".repeat(40_000)));
    let too_long = site.code(&long);
    assert!(matches!(too_long, Some(414 | 431)), "{too_long:?}");
    let answer = site
        .answer(&site.request("GET /status"))
        .expect("it answers")
        .to_lowercase();
    assert!(!answer.contains("access-control-"), "{answer}");
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    site.running.signal(libc::SIGTERM);
    let ended = site.running.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains(TOKEN) && !ended.stdout.contains(TOKEN));
}

/// 200 clients that never finish their request, a body of 10 MB, and listeners that never read.
#[test]
fn f16_a_crowd_neither_fills_the_memory_nor_stops_the_work() {
    let scratch = Scratch::new();
    let site = start(&scratch);
    let made = |status: &Value| status["pipeline"]["nodes"][0]["made"]["audio"].as_f64();
    let memory = |status: &Value| status["machine"]["resident_bytes"].as_f64();
    let speed = |seconds: u64| {
        let (before, started) = (made(&site.status()), Instant::now());
        std::thread::sleep(Duration::from_secs(seconds));
        let after = made(&site.status());
        (after.unwrap_or(0.0) - before.unwrap_or(0.0)) / started.elapsed().as_secs_f64()
    };
    let (calm, before) = (speed(3), memory(&site.status()));
    let crowd: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = site.connect();
            let _ = stream.write_all(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
            stream
        })
        .collect();
    let started = Instant::now();
    let mut status = site.status();
    let answered = started.elapsed();
    assert!(answered < Duration::from_secs(2), "{answered:?}");
    let mut large = site.connect();
    let head = format!(
        "{}Content-Length: 10485760\r\n\r\n",
        site.request("POST /status")
    );
    let _ = large.write_all(head.as_bytes());
    let _ = large.write_all(&vec![b'a'; 10 * 1024 * 1024]);
    let listeners: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = site.connect();
            let _ = stream.write_all(format!("{}\r\n", site.request("GET /events")).as_bytes());
            stream
        })
        .collect();
    let pressed = speed(3);
    status = std::mem::replace(&mut status, site.status());
    let grown = memory(&site.status()).unwrap_or(0.0) - before.unwrap_or(0.0);
    eprintln!(
        "F16: /status in {answered:?} behind 200 slow clients; memory +{:.1} MB; {calm:.2} packets \
         a second before, {pressed:.2} meanwhile; refused {}",
        grown / 1e6,
        status["endpoint"]["refused"]
    );
    assert!(grown < 5e6, "memory grew by {grown} bytes");
    assert!(
        pressed > 0.97 * calm,
        "{pressed} packets a second, {calm} before"
    );
    drop((crowd, listeners));
    site.running.signal(libc::SIGTERM);
    assert_eq!(site.running.wait().code, Some(0));
}

/// Addresses with the secret in every place where cameras want one.
fn addresses(secret: &str) -> Vec<String> {
    let users = ["admin", "first.last", "user%40home", "user+tag", "zoë"];
    let passwords = ["SECRET", "SECRET%40home", "SECRET+1", "a:SECRET", "SECRETé"];
    let keys = ["pwd", "password", "token", "api_key", "auth"];
    let in_front = users.iter().flat_map(|user| {
        let address = move |it| format!("rtsp://{user}:{it}@127.0.0.1:1/stream");
        passwords.iter().map(address)
    });
    let behind = keys
        .iter()
        .map(|key| format!("rtsp://127.0.0.1:1/stream?user=x&{key}=SECRET"));
    let addresses = in_front.chain(behind);
    addresses.map(|it| it.replace("SECRET", secret)).collect()
}

#[test]
fn f17_no_answer_gives_a_secret_away() {
    if !has_opencv() {
        return skipped("the test needs cameras: there is no libotus_opencv.so");
    }
    let (scratch, port, secret) = (Scratch::new(), free_port(), "hunter2leak");
    let addresses = addresses(secret);
    assert_eq!(addresses.len(), 30);
    let mut pipeline = String::new();
    for (at, address) in addresses.iter().enumerate() {
        // One node asks a camera: each is another one.
        let address = address.replace("/stream", &format!("/stream{at}"));
        pipeline += &format!("[sources.c{at}]\ntype = 'camera'\nuri = '{address}'\n");
    }
    let names: Vec<String> = (0..30).map(|at| format!("'c{at}'")).collect();
    let names = names.join(", ");
    pipeline += &format!(
        "[sinks.log]\ntype = 'jsonl'\ninputs = [{names}]\npath = 'events.jsonl'\n\
         [status]\nlisten = '127.0.0.1:{port}'\n"
    );
    scratch.write("pipeline.toml", pipeline);
    let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
    let site = Site { running, port };
    let get = |path: &str| site.answer(&site.request(&format!("GET {path}")));
    wait_for("thirty failures", Duration::from_secs(60), || {
        let told = get("/status")?.matches("is being reopened: ").count();
        (told == 30).then_some(())
    });
    let base64 = ["aHVudGVyMmxlYW", "h1bnRlcjJsZWFr", "odW50ZXIybGVha"];
    for path in [
        "/", "/livez", "/healthz", "/readyz", "/status", "/metrics", "/graph",
    ] {
        let answer = get(path).expect("it answers");
        for form in base64.iter().chain([&secret]) {
            assert!(!answer.contains(form), "{path} gives {form} away: {answer}");
        }
    }
    site.running.signal(libc::SIGTERM);
    let ended = site.running.wait();
    assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
}
