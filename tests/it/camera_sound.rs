//! The sound of network cameras and of films: heard as from a file, by one connection, and while pictures are not decoded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libc::{SIGHUP, SIGTERM};

use crate::bad_input::{camera, refused, says};
use crate::live_camera::{PATIENCE, Server, gaps, log, node, rig_is_here, start, state, status};
use crate::live_microphone::{clip, pipeline, speech};
use crate::scratch::{Running, Scratch, skipped, wait_for};

/// The microphone tests' speech, with the test picture.
fn film(scratch: &Scratch) -> Option<(PathBuf, PathBuf)> {
    let sound = clip(scratch)?;
    let film = scratch.path("film.mkv");
    let mut command = Command::new("ffmpeg");
    command.args([
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=15",
        "-i",
    ]);
    command
        .arg(&sound)
        .args(["-shortest", "-af", "apad=pad_dur=2", "-c:a", "flac"]);
    command.args([
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
    ]);
    if !command.arg(&film).status().is_ok_and(|it| it.success()) {
        skipped("there is no ffmpeg with libx264");
        return None;
    }
    Some((sound, film))
}

fn spoken_in(scratch: &Scratch, source: &str, log: &str) -> Vec<(f64, f64)> {
    let ended = scratch.run(&pipeline(source, log), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    speech(scratch, log)
}

/// The same, but for when it began, and for so many seconds in lengths and pauses.
fn alike(one: &[(f64, f64)], other: &[(f64, f64)], tolerance: f64) -> bool {
    let near = |a: &(f64, f64), b: &(f64, f64)| {
        let (a0, b0) = (one[0].0, other[0].0);
        (a.0 - a0 - b.0 + b0).abs() <= tolerance && (a.1 - a0 - b.1 + b0).abs() <= tolerance
    };
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| near(a, b))
}

/// Connections that are open to a port of this machine.
fn connections(port: &str) -> usize {
    let port: u16 = port.parse().expect("it is a port");
    let established = format!(":{port:04X} 01 ");
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux has it");
    table.lines().filter(|it| it.contains(&established)).count()
}

#[test]
fn a_films_sound_is_that_of_the_same_sound_in_a_file() {
    let scratch = Scratch::new();
    let Some((sound, film)) = film(&scratch) else {
        return;
    };
    let file = format!("type = \"audio_file\"\npath = \"{}\"", sound.display());
    let expected = spoken_in(&scratch, &file, "file.jsonl");
    let camera = format!("type = \"camera\"\nuri = \"{}\"", film.display());
    let heard = spoken_in(&scratch, &camera, "camera.jsonl");
    assert!(
        !expected.is_empty() && heard == expected,
        "{heard:?} instead of {expected:?}"
    );
}

#[test]
fn a_network_cameras_sound_is_heard_and_its_pictures_are_decoded_only_if_somebody_looks() {
    let scratch = Scratch::new();
    if !rig_is_here() {
        return;
    }
    let Some((sound, film)) = film(&scratch) else {
        return;
    };
    let file = format!("type = \"audio_file\"\npath = \"{}\"", sound.display());
    let expected = spoken_in(&scratch, &file, "file.jsonl");
    let film = film.display().to_string();
    let server = Server::start("0", &["--sound", "l16", "--file", &film]);
    let camera = format!("type = \"camera\"\nuri = \"{}\"", server.uri);
    let otus = start(&scratch, &pipeline(&camera, "events.jsonl"), &[]);
    let heard = || Some(speech(&scratch, "events.jsonl")).filter(|it| it.len() >= expected.len());
    let heard = wait_for("speech", PATIENCE, heard);
    assert!(
        alike(&heard[..expected.len()], &expected, 0.1),
        "{heard:?} instead of {expected:?}"
    );
    let made = node(&scratch, "mic").expect("it is there")["made"].clone();
    let undecoded = made["frame"].as_u64().unwrap_or(0) == 0;
    assert!(made["audio"].as_u64() > Some(0) && undecoded, "{made}");
    assert_eq!(connections(&server.port()), 1);

    // Somebody looks.
    let text = fs::read_to_string(scratch.path("pipeline.toml")).expect("it was written");
    let looks = "[transforms.see]\ntype = 'motion'\ninputs = ['mic']\n[sinks.seen]\ntype = 'jsonl'\n\
                 inputs = ['see']\npath = 'seen.jsonl'\n";
    let text = text + looks;
    scratch.write("pipeline.toml", &text);
    otus.signal(SIGHUP);
    let frames = |more: u64| {
        wait_for("frames", PATIENCE, || {
            assert!(connections(&server.port()) <= 1, "it is asked twice");
            let made = node(&scratch, "mic")?["made"].clone();
            (made["frame"].as_u64()? > more).then_some(())
        });
    };
    frames(10);
    assert_eq!(connections(&server.port()), 1);

    // Its options change: the connection that it has goes before another one comes.
    let other = text.replace(
        "type = \"camera\"",
        "type = \"camera\"\nconnect_timeout_ms = 4000",
    );
    scratch.write("pipeline.toml", other);
    otus.signal(SIGHUP);
    let reloads = || log(&scratch).matches("the new graph runs").count();
    wait_for("the reload", PATIENCE, || {
        assert!(connections(&server.port()) <= 1, "it is asked twice");
        (reloads() == 2).then_some(())
    });
    frames(10);
    assert_eq!(connections(&server.port()), 1);
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    let reasons: Vec<String> = gaps(&scratch)
        .iter()
        .map(|it| it["reason"].to_string())
        .collect();
    assert!(
        reasons
            .iter()
            .any(|it| it.contains("something else of it is wanted")),
        "{reasons:?}"
    );
}

#[test]
fn a_camera_without_sound_is_told_to_turn_it_on() {
    let scratch = Scratch::new();
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &[]);
    let camera = format!("type = \"camera\"\nuri = \"{}\"", server.uri);
    let otus = start(&scratch, &pipeline(&camera, "events.jsonl"), &[]);
    wait_for("a failure", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    says(
        &log(&scratch),
        "it sends no sound; turn it on in the camera's settings",
    );
    otus.signal(SIGTERM);
    otus.wait();
    let scratch = Scratch::new();
    let mute = Path::new(env!("CARGO_MANIFEST_DIR")).join(".demo/vtest.avi");
    let film = format!("type = \"camera\"\nuri = \"{}\"", mute.display());
    let ended = scratch.run(&pipeline(&film, "events.jsonl"), &[]);
    assert_eq!(ended.code, Some(1));
    says(&ended.stderr, "vtest.avi … there is no sound in it");
}

#[test]
fn a_stream_of_sound_is_heard_and_comes_back() {
    let scratch = Scratch::new();
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &["--sound", "opus"]);
    let port = server.port();
    let stream = format!(
        "type = \"audio_stream\"\nuri = \"{}\"\nstall_timeout_ms = 2000",
        server.uri
    );
    let otus = start(&scratch, &pipeline(&stream, "events.jsonl"), &[]);
    let made = || status(&scratch)?["pipeline"]["nodes"][0]["made"]["audio"].as_u64();
    let more = || {
        let before = made().unwrap_or(0);
        wait_for("sound", PATIENCE, || (made()? > before + 10).then_some(()));
    };
    more();
    drop(server);
    wait_for("a failure", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    std::thread::sleep(Duration::from_millis(500));
    let _server = Server::start(&port, &["--sound", "opus"]);
    more();
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    assert_eq!(gaps(&scratch).len(), 1, "{:?}", gaps(&scratch));
}

#[test]
fn what_has_no_sound_is_named_before_it_runs() {
    for (source, said) in [
        (
            "type = 'camera', uri = '/dev/video0'",
            "`v` takes nothing of `ear`: a camera device gives pictures only … take a `microphone`",
        ),
        (
            "type = 'camera', uri = 'rtsp://a/b', backend = 'opencv'",
            "OpenCV hands on no sound … remove `backend`",
        ),
        (
            "type = 'camera', uri = 'http://a/b', transport = 'udp'",
            "this has no choice … `rtsp` address",
        ),
        (
            "type = 'camera', uri = 'photos/*.jpg'",
            "pictures have no sound … take an `audio_file` or a `microphone`",
        ),
        (
            "type = 'audio_stream', uri = '/films/a.mp4'",
            "this is no stream's address … for a file take `audio_file`",
        ),
        (
            "type = 'microphone', device = 'hw:1' }\nsources.again = { type = 'microphone', device = '1'",
            "`ear` and `again` both want the device hw:CARD=1,DEV=0",
        ),
        (
            "type = 'audio_file', path = 'a.wav' }\ntransforms.u = { type = 'vad', inputs = ['ear', 'other'] }\n\
             sources.other = { type = 'audio_file', path = 'b.wav'",
            "`u` follows one source, and is given `ear` and `other` … make another `vad` for `other`",
        ),
    ] {
        let scratch = Scratch::new();
        let pipeline = format!(
            "sources.ear = {{ {source} }}\ntransforms.v = {{ type = 'vad', inputs = ['ear'] }}\n\
             sinks.log = {{ type = 'console', inputs = ['v'] }}\n"
        );
        scratch.write("pipeline.toml", pipeline);
        let ended = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
        assert_eq!(ended.code, Some(78), "{source}: {}", ended.stderr);
        says(&ended.stderr, said);
    }
}

#[test]
fn a_network_camera_is_asked_by_one_node() {
    refused(
        camera("uri = 'rtsp://me:asked-once@porch:554/x9f3c'")
            .replace("['pic']", "['pic', 'more', 'ear']")
            + "\nsources.more = { type = 'camera', uri = 'RTSP://porch/x9f3c', fps = 2 }\n\
               sources.ear = { type = 'audio_stream', uri = 'rtsp://porch/x9f3c' }",
        "`pic` and `more` both want the stream rtsp://porch/*** … pipeline.toml:3:9 … remove `more` and take `pic` \
         … `pic` and `ear` both want the stream rtsp://porch/*** … pipeline.toml:4:9 … remove `ear` and take `pic`",
    );
    let station = "sources.ear = { type = 'audio_stream', uri = 'rtsp://porch/1' }\n";
    refused(
        station.to_owned() + &camera("uri = 'rtsp://porch/1'").replace("['pic']", "['pic', 'ear']"),
        "`ear` and `pic` both want the stream rtsp://porch/1 … pipeline.toml:2:9 … remove `ear` and take `pic` as input",
    );
}
