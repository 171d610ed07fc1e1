//! Cameras that do not answer, refuse, are slow or give single pictures, and what the others see meanwhile.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use libc::SIGTERM;
use serde_json::Value;

use crate::bad_input::says;
use crate::live_camera::{PATIENCE, Server, frames, log, more_frames, node, rig_is_here, start};
use crate::scratch::{Running, Scratch, has_opencv, wait_for};

const SNAPSHOT_RIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rigs/snapshot_camera.py");

fn camera(name: &str, uri: &str, more: &str) -> String {
    format!("[sources.{name}]\ntype = 'camera'\nuri = \"{uri}\"\n{more}\n")
}

fn sink(inputs: &str) -> String {
    format!("[sinks.log]\ntype = 'jsonl'\ninputs = [{inputs}]\npath = 'events.jsonl'\n")
}

fn backends() -> Vec<&'static str> {
    match has_opencv() {
        true => vec!["opencv", "ffmpeg"],
        false => vec!["ffmpeg"],
    }
}

/// Sixteen cameras take the connection and say nothing.
#[test]
fn silent_cameras_keep_no_other_waiting() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &[]);
    let silent: Vec<_> = (0..16)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    for backend in backends() {
        let scratch = Scratch::new();
        let backend = format!("backend = '{backend}'");
        let mut watch = String::new();
        for (number, listener) in silent.iter().enumerate() {
            let port = listener.local_addr().expect("it is bound").port();
            let uri = format!("rtsp://127.0.0.1:{port}/s");
            watch += &camera(&format!("silent{number}"), &uri, &backend);
        }
        watch += &camera("near", &server.uri, &backend);
        let names = (0..16).map(|number| format!("'silent{number}', "));
        watch += &sink(&(names.collect::<String>() + "'near'"));
        let begun = Instant::now();
        let otus = start(&scratch, &watch, &[]);
        wait_for("the good camera", PATIENCE, || {
            (node(&scratch, "near")?["made"]["frame"].as_u64()? >= 3).then_some(())
        });
        println!("{backend}: three frames after {:.1?}", begun.elapsed());
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            log(&scratch)
        );
        let said = node(&scratch, "silent7").expect("it is in the status");
        assert_ne!(said["state"], "running", "{said}");
        otus.signal(SIGTERM);
        assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    }
}

/// A server that answers every request of an RTSP client, or an HTTP one, with this.
struct Answering {
    address: String,
    /// Requests that brought a password.
    tries: Arc<AtomicUsize>,
}

impl Answering {
    fn with(status: &'static str) -> Answering {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        spawn(move || {
            for client in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                spawn(move || answer(&client, status, &counted));
            }
        });
        Answering { address, tries }
    }
}

fn answer(client: &TcpStream, status: &str, tries: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(client).lines();
    loop {
        let request = lines.next()?.ok()?;
        let protocol = if request.contains("RTSP") {
            "RTSP/1.0"
        } else {
            "HTTP/1.1"
        };
        let mut number = String::new();
        for line in lines
            .by_ref()
            .map_while(Result::ok)
            .take_while(|it| !it.is_empty())
        {
            let line = line.to_lowercase();
            tries.fetch_add(usize::from(line.starts_with("authorization")), Relaxed);
            number = line.strip_prefix("cseq:").map_or(number, str::to_owned);
        }
        let status = if request.starts_with("OPTIONS") {
            "200 OK"
        } else {
            status
        };
        let login = "WWW-Authenticate: Digest realm=\"camera\", nonce=\"n1\"\r\n";
        let answer =
            format!("{protocol} {status}\r\nCSeq: {number}\r\n{login}Content-Length: 0\r\n\r\n");
        (&*client).write_all(answer.as_bytes()).ok()?;
    }
}

/// Runs five cameras that cannot be had, each for its own reason.
fn run_with_what_cannot_be_had(backend: &str, scheme: &str) {
    let refusing = Answering::with("401 Unauthorized");
    let forbidding = Answering::with("403 Forbidden");
    let lacking = Answering::with("404 Not Found");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound").to_string()
    };
    let scratch = Scratch::new();
    let more = format!("backend = '{backend}'");
    let uri = |host: &str| format!("{scheme}://admin:wrong-one@{host}/live");
    let watch = camera("refused", &uri(&refusing.address), &more)
        + &camera("forbidden", &uri(&forbidding.address), &more)
        + &camera("lost", &uri(&lacking.address), &more)
        + &camera("closed", &uri(&closed), &more)
        + &camera("nameless", &uri("no-such-camera.invalid"), &more)
        + &sink("'refused', 'forbidden', 'lost', 'closed', 'nameless'");
    let ended = scratch.run(&watch, &["--for", "10s"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for why in [
        "it refuses user or password (401) … asked again in 1 min",
        "it forbids this user to look (403) … asked again in 1 min",
        "it has nothing under this path (404)",
        "nothing listens at this port",
        "no machine has this name",
    ] {
        says(&ended.stderr, why);
    }
    assert!(!ended.stderr.contains("wrong-one"), "{}", ended.stderr);
    assert_eq!(refusing.tries.load(Relaxed), 1, "{backend} {scheme}");
    let events = scratch.events("events.jsonl");
    for source in ["refused", "closed"] {
        let of_it = |kind: &str| {
            let mut found = events
                .iter()
                .filter(|it| it["kind"] == kind && it["source"] == source);
            match (found.next(), found.next()) {
                (Some(event), None) => event,
                _ => panic!("not one: {events:?}"),
            }
        };
        let away = of_it("health");
        assert_eq!(away["condition"], "away");
        assert_eq!(away["active"], true);
        assert!(of_it("gap")["end"].as_f64() > Some(9.0), "{events:?}");
    }
}

#[test]
fn what_is_wrong_with_a_camera_is_told_and_a_refused_password_is_not_tried_again() {
    std::thread::scope(|scope| {
        for backend in backends() {
            for scheme in ["rtsp", "http"] {
                scope.spawn(move || run_with_what_cannot_be_had(backend, scheme));
            }
        }
    });
}

#[test]
fn a_password_of_any_signs_comes_from_a_variable() {
    const PASSWORD: &str = "p@ss:w/rd?#&!";
    if !rig_is_here() {
        return;
    }
    for login in [&[][..], &["--basic"]] {
        let options = [&["--user", "otus", "--password", PASSWORD], login].concat();
        let server = Server::start("0", &options);
        let uri = server.uri.replace("//", "//otus:${CAM_PASSWORD}@");
        for backend in backends() {
            let scratch = Scratch::new();
            let watch = camera("cam", &uri, &format!("backend = '{backend}'")) + &sink("'cam'");
            let otus = start(&scratch, &watch, &[("CAM_PASSWORD", PASSWORD)]);
            more_frames(&scratch, 5);
            otus.signal(SIGTERM);
            assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
            assert!(!log(&scratch).contains("p@ss"), "{}", log(&scratch));
        }
    }
}

#[test]
fn a_camera_of_one_frame_a_second_is_seen_and_a_time_limit_ends_it_well() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &["--fps", "1"]);
    for backend in backends() {
        let scratch = Scratch::new();
        let watch = camera("cam", &server.uri, &format!("backend = '{backend}'")) + &sink("'cam'");
        let ended = scratch.run(&watch, &["--for", "12s", "--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let report: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
        let seen = report["summary"]["frames"].as_u64().expect("it is counted");
        assert!(
            (4..=13).contains(&seen),
            "{backend}: {seen} frames\n{}",
            ended.stderr
        );
        assert_eq!(scratch.events("events.jsonl"), [] as [Value; 0]);
    }
}

/// The rig and its address; it prints what it was asked when it ends.
pub fn snapshot_camera(scratch: &Scratch, options: &[&str]) -> (Running, String) {
    let picture = image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 90]));
    let path = scratch.path("snap.jpg");
    picture.save(&path).expect("it can be written");
    let said = scratch.path("said.txt");
    let mut command = Command::new("/usr/bin/python3");
    command
        .arg(SNAPSHOT_RIG)
        .arg(&path)
        .args(options)
        .stdin(Stdio::null());
    command.stdout(fs::File::create(&said).expect("the scratch directory is writable"));
    let rig = Running::start(command);
    let address = wait_for("the camera", PATIENCE, || {
        let said = fs::read_to_string(&said).ok()?;
        Some(said.strip_prefix("ready ")?.strip_suffix('\n')?.to_owned())
    });
    (rig, address)
}

/// What the rig has counted, once it has ended.
fn counted(rig: Running, scratch: &Scratch) -> Value {
    rig.signal(SIGTERM);
    rig.wait();
    let said = fs::read_to_string(scratch.path("said.txt")).expect("it was written");
    serde_json::from_str(said.lines().last().expect("it ends with what it counted")).expect("JSON")
}

#[test]
fn a_camera_of_single_pictures_is_recognised_and_asked_on_one_connection() {
    for login in [
        &[][..],
        &["--user", "me", "--password", "a b@c"],
        &["--user", "me", "--password", "a b@c", "--basic"],
    ] {
        let scratch = Scratch::new();
        let (rig, address) = snapshot_camera(&scratch, login);
        let uri = match login.is_empty() {
            true => address,
            false => address.replace("//", "//me:${SNAP}@"),
        };
        let watch = camera("cam", &uri, "fps = 5") + &sink("'cam'");
        let otus = start(&scratch, &watch, &[("SNAP", "a b@c")]);
        more_frames(&scratch, 10);
        let begun = Instant::now();
        let before = frames(&scratch).expect("it listens");
        sleep(Duration::from_secs(2));
        let rate =
            (frames(&scratch).expect("it listens") - before) as f64 / begun.elapsed().as_secs_f64();
        otus.signal(SIGTERM);
        assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
        let counted = counted(rig, &scratch);
        println!("{rate:.2} pictures a second; {counted}");
        assert!((4.0..6.0).contains(&rate), "{rate}\n{}", log(&scratch));
        assert_eq!(
            (&counted["connections"], &counted["refused"]),
            (&1.into(), &0.into())
        );
        assert!(
            scratch.events("events.jsonl").is_empty(),
            "{:?}",
            scratch.events("events.jsonl")
        );
    }
}

#[test]
fn a_wrong_password_for_single_pictures_is_tried_once() {
    let scratch = Scratch::new();
    let (rig, address) = snapshot_camera(&scratch, &["--user", "me", "--password", "right"]);
    let uri = address.replace("//", "//me:wrong-one@");
    let watch = camera("cam", &uri, "snapshots = true") + &sink("'cam'");
    let ended = scratch.run(&watch, &["--for", "5s"]);
    assert_eq!(ended.code, Some(1));
    says(&ended.stderr, "it refuses user or password (401)");
    let counted = counted(rig, &scratch);
    assert_eq!(
        (&counted["pictures"], &counted["refused"]),
        (&0.into(), &1.into())
    );
}

#[test]
fn a_pipeline_of_gstreamer_writes_nothing_unless_the_file_says_so() {
    let scratch = Scratch::new();
    let pipeline = "videotestsrc num-buffers=3 ! tee name=t ! videoconvert ! appsink t. ! filesink location=x.raw";
    let check = |uri: &str, more: &str, value: &str| {
        scratch.write("pipeline.toml", camera("cam", uri, more) + &sink("'cam'"));
        let mut otus = scratch.otus(&["check", "pipeline.toml"]);
        let output = otus.env("CAM", value).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let sized = "width = 320\nheight = 240";
    let (code, said) = check(pipeline, sized, "");
    says(
        &said,
        "`filesink` writes or sends … take it out, or write `may_write = true`",
    );
    assert_eq!(code, Some(78));
    let allowed = format!("{sized}\nmay_write = true");
    assert_eq!(check(pipeline, &allowed, "").0, Some(0));
    for uri in ["${CAM}", "v4l2src device=${CAM} ! appsink"] {
        let (code, said) = check(uri, &allowed, pipeline);
        says(
            &said,
            "`${CAM}` would be more than one word of a GStreamer pipeline",
        );
        assert_eq!(code, Some(78));
    }
    assert_eq!(
        check("v4l2src device=${CAM} ! appsink", sized, "/dev/video2").0,
        Some(0)
    );
}
