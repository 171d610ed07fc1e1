//! Cameras that `ffmpeg` and GStreamer decode in a child process, as in a build without OpenCV.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use libc::{SIGKILL, SIGTERM};
use serde_json::Value;

use crate::bad_input::says;
use crate::libraries::lacking;
use crate::live_camera::{PATIENCE, Server, gaps, log, more_frames, rig_is_here, start, state};
use crate::scratch::{Running, Scratch, has_opencv, wait_for};

const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/vtest.avi");

fn camera(uri: &str, more: &str) -> String {
    format!(
        "[sources.cam]\ntype = 'camera'\nuri = '{uri}'\n{more}\n\
         [sinks.log]\ntype = 'jsonl'\ninputs = ['cam']\npath = 'events.jsonl'\n"
    )
}

/// Process numbers and arguments of a process's children.
fn children(of: &Running) -> Vec<(i32, String)> {
    let tasks = fs::read_dir(format!("/proc/{}/task", of.id())).expect("it runs");
    let listed = tasks
        .flatten()
        .filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
    let listed: Vec<String> = listed.collect();
    let numbers = listed.iter().flat_map(|it| it.split_whitespace());
    let found = numbers.filter_map(|it| {
        Some((
            it.parse().ok()?,
            fs::read_to_string(format!("/proc/{it}/cmdline")).ok()?,
        ))
    });
    found.collect()
}

#[test]
fn a_file_gives_the_frames_and_times_that_opencv_gives() {
    let seen = |backend: &str| {
        let scratch = Scratch::new();
        let pipeline = format!(
            "[sources.cam]\ntype = 'camera'\nuri = '{STREET}'\nfps = 2.5\nbackend = '{backend}'\n\
             [transforms.people]\ntype = 'detect'\nmodel = 'otus-person'\ninputs = ['cam']\n\
             [sinks.log]\ntype = 'jsonl'\ninputs = ['people']\npath = 'events.jsonl'\n"
        );
        let ended = scratch.run(&pipeline, &[]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let events = scratch.events("events.jsonl");
        let count = |it: &Value| it["objects"].as_array().map_or(0, Vec::len);
        let told = events
            .iter()
            .map(|it| (it["seq"].clone(), it["t"].clone(), count(it)));
        told.collect::<Vec<_>>()
    };
    let child = seen("ffmpeg");
    assert!(child.len() >= 195, "{}", child.len());
    if has_opencv() {
        assert_eq!(child, seen("opencv"));
    }
}

/// It may be held up by a disk, or by who takes its sound; begun anew, it would come twice.
#[test]
fn a_film_that_pauses_is_waited_for() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("bin")).expect("the scratch directory is writable");
    // A frame has more bytes than come before the pause.
    let slow = "#!/bin/bash\nset -o pipefail\n\
                PATH=${PATH#*:} ffmpeg \"$@\" | { head -c 600000; sleep 1; cat; }\n";
    let slow = scratch.write("bin/ffmpeg", slow);
    fs::set_permissions(slow, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let more = "fps = 0.5\nbackend = 'ffmpeg'\nstall_timeout_ms = 100\n";
    scratch.write("pipeline.toml", camera(STREET, more));
    let mut otus = scratch.otus(&["run", "pipeline.toml", "--json"]);
    let path = std::env::var("PATH").expect("a path");
    otus.env("PATH", format!("{}:{path}", scratch.path("bin").display()));
    let ended = Running::start(otus).wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("retrying"), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
    assert_eq!(report["summary"]["frames"], 40, "{report}");
}

#[test]
fn without_its_library_opencv_is_named_and_ffmpeg_decodes() {
    let scratch = Scratch::new();
    let alone = scratch.path("otus");
    fs::copy(env!("CARGO_BIN_EXE_otus"), &alone).expect("it can be copied");
    let run = |more: &str| {
        scratch.write(
            "pipeline.toml",
            "status.listen = 'off'\n".to_owned() + &camera(STREET, more),
        );
        let mut otus = Command::new(&alone);
        otus.args(["run", "pipeline.toml"])
            .current_dir(scratch.path("."));
        otus.output().expect("it starts")
    };
    let chosen = run("fps = 0.5");
    let said = String::from_utf8_lossy(&chosen.stderr);
    assert!(
        chosen.status.success() && said.contains("ffmpeg is taken"),
        "{said}"
    );
    let summary = String::from_utf8_lossy(&chosen.stdout);
    assert!(summary.contains("40 frames"), "{summary}");
    let demanded = run("backend = 'opencv'");
    let said = String::from_utf8_lossy(&demanded.stderr);
    assert!(
        said.contains("there is no `libotus_opencv.so` beside otus"),
        "{said}"
    );
    assert_eq!(demanded.status.code(), Some(1), "{said}");
    if lacking(&scratch, "libotus_opencv.so", "libopencv_core.so.99").is_some() {
        let said = run("backend = 'opencv'").stderr;
        let why = "libopencv_core.so.99: cannot open shared object file … needs OpenCV";
        says(&String::from_utf8_lossy(&said), why);
    }
}

#[test]
fn a_network_camera_comes_back_and_its_password_is_in_no_argument() {
    const PASSWORD: &str = "it's-the-porch";
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &["--user", "otus", "--password", PASSWORD]);
    let uri = server.uri.replace("//", "//otus:${CAM_PASSWORD}@");
    let watch = camera(&uri, "backend = 'ffmpeg'\nstall_timeout_ms = 2000");
    let begun = Instant::now();
    let otus = start(&scratch, &watch, &[("CAM_PASSWORD", PASSWORD)]);
    more_frames(&scratch, 15);
    println!("15 frames after {:.1} s", begun.elapsed().as_secs_f64());
    let before = children(&otus);
    let [(ffmpeg, arguments)] = before.as_slice() else {
        panic!("not one child: {before:?}")
    };
    assert!(
        arguments.contains("ffmpeg") && !arguments.contains("porch"),
        "{arguments}"
    );

    // SAFETY: it is a child of the program under test.
    unsafe { libc::kill(*ffmpeg, SIGKILL) };
    wait_for("another ffmpeg", PATIENCE, || {
        children(&otus)
            .iter()
            .any(|it| it.0 != *ffmpeg && it.1.contains("ffmpeg"))
            .then_some(())
    });
    more_frames(&scratch, 15);

    let port = server.port();
    drop(server);
    wait_for("otus to notice", PATIENCE, || {
        (state(&scratch)? == "retrying").then_some(())
    });
    let _server = Server::start(&port, &["--user", "otus", "--password", PASSWORD]);
    let back = Instant::now();
    more_frames(&scratch, 15);
    println!(
        "15 frames {:.1} s after the camera's return",
        back.elapsed().as_secs_f64()
    );
    assert!(
        (1..=2).contains(&children(&otus).len()),
        "{:?}",
        children(&otus)
    );

    otus.signal(SIGTERM);
    let asked = Instant::now();
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
    println!("ended after {:.1} s", asked.elapsed().as_secs_f64());
    assert_eq!(gaps(&scratch).len(), 2, "{:?}", gaps(&scratch));
    assert!(!log(&scratch).contains("porch"), "{}", log(&scratch));
}

/// JetPack 5 and 6 have FFmpeg 4.
#[test]
fn an_ffmpeg_of_before_version_5_reads_a_network_camera() {
    const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.demo/ffmpeg-4");
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let server = Server::start("0", &[]);
    let path = format!("{OLD}:{}", std::env::var("PATH").expect("a path"));
    let watch = camera(&server.uri, "backend = 'ffmpeg'");
    let otus = start(&scratch, &watch, &[("PATH", &path)]);
    more_frames(&scratch, 15);
    let [(child, _)] = children(&otus)[..] else {
        panic!("not one child: {:?}", children(&otus))
    };
    let program = fs::read_link(format!("/proc/{child}/exe")).expect("it runs");
    assert!(program.to_string_lossy().contains("v4."), "{program:?}");
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
}

#[test]
fn a_pipeline_of_gstreamer_gives_frames_of_the_size_that_is_asked_for() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let uri = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 ! videoconvert ! appsink";
    let otus = start(
        &scratch,
        &camera(uri, "backend = 'ffmpeg'\nwidth = 322\nheight = 241"),
        &[],
    );
    more_frames(&scratch, 10);
    let picture = crate::live_camera::fetch(&scratch, "/nodes/cam/frame.jpg").expect("a picture");
    let picture = image::load_from_memory(&picture).expect("a JPEG");
    assert_eq!((picture.width(), picture.height()), (322, 241));
    // The leftmost of the test picture's seven bars is white, the rightmost blue, from top to bottom.
    let rgb = picture.to_rgb8();
    for row in [5, 140] {
        let (left, right) = (rgb.get_pixel(10, row).0, rgb.get_pixel(310, row).0);
        assert!(left.iter().all(|it| *it > 150), "{row}: {left:?}");
        assert!(
            right[2] > 150 && right[0] < 60 && right[1] < 60,
            "{row}: {right:?}"
        );
    }
    otus.signal(SIGTERM);
    assert_eq!(otus.wait().code, Some(0), "{}", log(&scratch));
}

#[test]
fn what_is_missing_is_named() {
    let scratch = Scratch::new();
    let said = |pipeline: &str, path: &str| {
        scratch.write(
            "pipeline.toml",
            format!("{pipeline}[status]\nlisten = 'off'\n"),
        );
        let mut command = scratch.otus(&["run", "pipeline.toml"]);
        command.env("PATH", path);
        let ended = Running::start(command).wait();
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        ended.stderr
    };
    let gstreamer = camera("videotestsrc ! appsink", "backend = 'ffmpeg'");
    scratch.write("pipeline.toml", &gstreamer);
    let checked = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
    assert!(
        checked.stderr.contains("needs `width` and `height`"),
        "{}",
        checked.stderr
    );
    let file = camera(STREET, "backend = 'ffmpeg'");
    assert!(said(&file, "/nowhere").contains("apt install ffmpeg"));
    let sized = "backend = 'ffmpeg'\nwidth = 320\nheight = 240";
    let live = camera("videotestsrc ! appsink", sized);
    assert!(said(&live, "/nowhere").contains("apt install gstreamer1.0-tools"));
    scratch.write("broken.avi", "RIFF and nothing else");
    let broken = camera("broken.avi", "backend = 'ffmpeg'");
    let path = std::env::var("PATH").expect("a path");
    assert!(said(&broken, &path).contains("broken.avi is no video that FFmpeg can read"));
}
