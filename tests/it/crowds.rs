//! F16: crowds that mean no harm, and guessers, do not keep out those who may ask.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::attacks::{Site, TOKEN, start_with};
use crate::scratch::Scratch;

fn with_token(scratch: &Scratch, log: &str) -> Site {
    let token = scratch.write("token", TOKEN);
    std::fs::set_permissions(token, PermissionsExt::from_mode(0o600)).expect("it is ours");
    start_with(scratch, "token_file = 'token'\n", log)
}

/// A connection on which this was sent and nothing is read any more.
fn sends(site: &Site, text: &str) -> TcpStream {
    let mut stream = site.connect();
    let _ = stream.write_all(text.as_bytes());
    stream
}

/// Many of every kind: they say nothing, half of something, keep what they have open, or do not read.
fn crowd(site: &Site, path: &str) -> Vec<TcpStream> {
    let get = site.request(&format!("GET {path}"));
    let get = get.replace(&format!("Authorization: Bearer {TOKEN}\r\n"), "");
    let whole = format!("{get}\r\n");
    let pipelined = whole.repeat(50);
    let kinds = ["", "GET / HT", &get, &whole, &whole, &pipelined];
    let each = kinds.iter().flat_map(|kind| std::iter::repeat_n(*kind, 40));
    each.map(|kind| sends(site, kind)).collect()
}

/// Whether the other end has not closed it.
fn is_open(stream: &mut TcpStream) -> bool {
    let a_moment = Some(Duration::from_millis(500));
    stream.set_read_timeout(a_moment).expect("a time is fine");
    loop {
        match stream.read(&mut [0; 4096]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => {
                return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            }
        }
    }
}

/// Answered before the patience of a connection is over.
fn asks(site: &Site, path: &str) {
    let code = site.code(&site.request(&format!("GET {path}")));
    assert_eq!(code, Some(200), "{path}");
}

#[test]
fn f16_a_crowd_without_the_token_does_not_keep_out_who_has_it() {
    let scratch = Scratch::new();
    let site = with_token(&scratch, "info");
    let mut listening = sends(&site, &format!("{}\r\n", site.request("GET /events")));
    let mut head = [0; 12];
    let heard = listening.read_exact(&mut head);
    assert!(heard.is_ok() && head.ends_with(b"200"), "{head:?}");
    let mut held = Vec::new();
    for path in ["/", "/status", "/events", "/nodes/mic/stream.mjpg"] {
        held.extend(crowd(&site, path));
        for path in ["/livez", "/healthz", "/status"] {
            asks(&site, path);
        }
    }
    assert!(is_open(&mut listening), "the owner's stream was cut");
    assert!(site.status()["endpoint"]["refused"].as_u64() > Some(100));
    drop(held);
    site.running.signal(libc::SIGTERM);
    assert_eq!(site.running.wait().code, Some(0));
}

#[test]
fn f16_where_nobody_has_a_token_a_crowd_keeps_out_no_health_check() {
    let scratch = Scratch::new();
    let site = start_with(&scratch, "", "info");
    let mut held = Vec::new();
    for path in ["/events", "/metrics", "/status", "/events"] {
        held.extend(crowd(&site, path));
        for path in ["/livez", "/healthz", "/status"] {
            asks(&site, path);
        }
    }
    // Places for streams are fewer than places.
    let streams = held.iter_mut().filter(|it| {
        let mut head = [0; 12];
        it.set_read_timeout(Some(Duration::from_millis(1)))
            .expect("a time is fine");
        it.peek(&mut head).is_ok_and(|_| head.ends_with(b"503"))
    });
    assert!(streams.count() > 0, "not every stream can be open");
    drop(held);
    site.running.signal(libc::SIGTERM);
    assert_eq!(site.running.wait().code, Some(0));
}

#[test]
fn f16_wrong_tokens_are_slowed_and_told_and_the_right_one_is_not() {
    let scratch = Scratch::new();
    let site = with_token(&scratch, "info");
    let guess = site
        .request("GET /status")
        .replace(TOKEN, "0123456789abcdef");
    let started = Instant::now();
    for _ in 0..8 {
        assert_eq!(site.code(&guess), Some(401));
    }
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(50 + 100 + 200 + 400),
        "{took:?}"
    );
    let mut held: Vec<TcpStream> = (0..30)
        .map(|_| sends(&site, &format!("{guess}Connection: close\r\n\r\n")))
        .collect();
    let codes = held.iter_mut().map(|stream| {
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.split(' ').nth(1).and_then(|it| it.parse().ok())
    });
    asks(&site, "/status");
    let codes: Vec<Option<u16>> = codes.collect();
    assert!(codes.contains(&Some(429)), "{codes:?}");
    assert_eq!(site.status()["endpoint"]["wrong_tokens"], 38);
    site.running.signal(libc::SIGTERM);
    let ended = site.running.wait();
    let lines = ended.stderr.lines();
    let told = lines.filter(|it| it.contains("a wrong token from 127.0.0.1"));
    assert!((1..=8).contains(&told.count()), "{}", ended.stderr);
    for token in [TOKEN, "0123456789abcdef"] {
        assert!(!ended.stderr.contains(token), "{}", ended.stderr);
    }
}

#[test]
fn f16_what_strangers_send_reaches_no_terminal_as_it_is() {
    let scratch = Scratch::new();
    let site = with_token(&scratch, "trace");
    let strange = [
        site.request("GET /\u{1b}[31m"),
        site.request("GET /%1b[31m"),
        site.request("GET /graph?format=%1b[31m"),
        site.request("GET /nodes/%1b[31m/frame.jpg"),
        site.request("\u{1b}[31m /status"),
        format!("{}X: \u{1b}[31m\r\n", site.request("GET /status")),
        site.request("GET /status")
            .replace("127.0.0.1", "\u{1b}[31m"),
        site.request("GET /status").replace(TOKEN, "\u{1b}[31m"),
    ];
    for head in strange {
        let answer = site.answer(&head).expect("it answers");
        assert!(!answer.contains('\u{1b}'), "{head:?}: {answer:?}");
    }
    site.running.signal(libc::SIGTERM);
    let ended = site.running.wait();
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}
