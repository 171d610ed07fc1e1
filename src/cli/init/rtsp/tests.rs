//! What cameras are asked, by one that writes it down.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;
use crate::cli::secrets::Login;

const SDP: &str = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 97\r\n\
                   a=rtpmap:97 MPEG4-GENERIC/16000\r\n";

/// A camera with streams under these paths, which wants this password if it has one, and hangs up after each answer.
struct Fake {
    place: String,
    /// Each request: its path, and whether a password was told.
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Fake {
    fn start(paths: &'static [&'static str], password: Option<&'static str>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = listener.local_addr().expect("it is bound").to_string();
        let asked = Arc::default();
        let book = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, paths, password, &book);
            }
        });
        Fake { place, asked }
    }

    fn server(&self, password: Option<&str>) -> Server {
        Server {
            host: self.place.clone(),
            login: password.map(|it| Login::typed("admin", it)),
        }
    }

    fn asked(&self) -> Vec<(String, bool)> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

fn answer(
    stream: TcpStream,
    paths: &[&str],
    password: Option<&str>,
    book: &Mutex<Vec<(String, bool)>>,
) {
    let mut lines = BufReader::new(&stream)
        .lines()
        .map_while(std::io::Result::ok);
    let Some(first) = lines.next() else { return };
    let address = first.split(' ').nth(1).unwrap_or_default();
    let path = address.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
    let head: Vec<String> = lines.take_while(|it| !it.is_empty()).collect();
    let told = head
        .iter()
        .find_map(|it| it.strip_prefix("Authorization: Basic "));
    book.lock()
        .expect("nobody panics with it")
        .push((path.clone(), told.is_some()));
    let right = password.map(|it| {
        use base64::prelude::{BASE64_STANDARD, Engine};
        BASE64_STANDARD.encode(format!("admin:{it}"))
    });
    let said = match () {
        () if right.as_deref() != told => {
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n".to_owned()
        }
        () if !paths.contains(&&*path) => "404 Not Found\r\nCSeq: 1\r\n\r\n".to_owned(),
        () => format!("200 OK\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len()),
    };
    let _ = (&stream).write_all(format!("RTSP/1.0 {said}").as_bytes());
}

#[test]
fn each_path_is_tried_once_until_one_is_there() {
    let camera = Fake::start(&["stream1", "stream2"], None);
    let found = search(&camera.server(None), "").expect("it is there");
    assert_eq!((&*found.path, found.main), ("stream2", Some("stream1")));
    assert_eq!(found.sound.as_deref(), Some("MPEG4-GENERIC/16000"));
    let paths: Vec<String> = camera.asked().into_iter().map(|it| it.0).collect();
    let mut once = paths.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), paths.len(), "{paths:?}");
    assert_eq!(paths.last().map(String::as_str), Some("stream1"));
    // Its own words shorten the search.
    let tapo = Fake::start(&["stream1", "stream2"], None);
    search(&tapo.server(None), "TP-Link Tapo C210").expect("it is there");
    assert_eq!(tapo.asked().len(), 2);
}

#[test]
fn a_password_that_is_refused_is_told_once() {
    let camera = Fake::start(&["stream2"], Some("right"));
    assert_eq!(search(&camera.server(None), ""), Err(Refusal::WantsLogin));
    assert_eq!(
        camera.asked().len(),
        1,
        "whoever has no password stops at once"
    );
    let camera = Fake::start(&["stream2"], Some("right"));
    assert_eq!(
        search(&camera.server(Some("wrong")), ""),
        Err(Refusal::Login)
    );
    let told = camera.asked().into_iter().filter(|it| it.1).count();
    assert_eq!(told, 1, "many cameras lock the account after five");
    let found = search(&camera.server(Some("right")), "");
    assert_eq!(found.map(|it| it.path).as_deref(), Ok("stream2"));
}

#[test]
fn a_camera_with_one_picture_and_one_with_none_end_well() {
    let camera = Fake::start(&["Streaming/Channels/101"], None);
    let found = search(&camera.server(None), "").expect("it is there");
    assert_eq!((&*found.path, found.main), ("Streaming/Channels/101", None));
    let nothing = Fake::start(&[], None);
    let refusal = search(&nothing.server(None), "").expect_err("it has none");
    assert_eq!(refusal, Refusal::Paths(nothing.asked().len()));
    assert!(refusal.told("10.0.0.7").contains("rtsp://10.0.0.7/PATH"));
}

#[test]
fn a_path_that_was_named_is_the_only_one_but_for_its_small_picture() {
    let camera = Fake::start(&["stream1", "stream2"], None);
    let (found, sub) = named(&camera.server(None), "stream1").expect("it is there");
    assert_eq!((&*found.path, sub), ("stream1", Some("stream2")));
    assert_eq!(camera.asked().len(), 2);
    assert_eq!(named(&camera.server(None), "mine"), Err(Refusal::Paths(1)));
    assert_eq!(camera.asked().len(), 3);
}

#[test]
fn what_is_no_camera_is_told() {
    let web = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = web.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        for mut stream in web.incoming().flatten() {
            // What is closed with something unread is reset, and the answer lost.
            let lines = BufReader::new(&stream).lines();
            let _ = lines.map_while(std::io::Result::ok).find(String::is_empty);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let server = |host: &str| Server {
        host: host.to_owned(),
        login: None,
    };
    let told = search(&server(&host), "")
        .expect_err("it is none")
        .told(&host);
    assert!(told.contains("no camera"), "{told}");
    let gone = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = gone.local_addr().expect("it is bound").to_string();
    drop(gone);
    let told = search(&server(&host), "")
        .expect_err("nobody is there")
        .told(&host);
    assert!(told.contains("nothing listens"), "{told}");
}
