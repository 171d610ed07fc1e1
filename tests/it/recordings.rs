//! Films that `record` and `clip` write: as the camera sent it, in step, whole after a kill, and played by others.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libc::{SIGKILL, SIGTERM};
use serde_json::Value;

use crate::faults::Disk;
use crate::live_camera::{self, Server, rig_is_here};
use crate::samples::sum;
use crate::scratch::{Running, Scratch, skipped, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
/// A square that comes at second 6, goes across, and is gone at second 9; a tone while it is there.
const CLAP: &str = "-f lavfi -i color=size=320x180:rate=25:color=gray:duration=14 \
     -f lavfi -i aevalsrc=exprs=if(between(t\\,6\\,9)\\,0.8*sin(2000*PI*t)\\,0):sample_rate=16000:duration=14 \
     -f lavfi -i color=size=60x60:rate=25:color=white:duration=14 \
     -filter_complex [0:v][2:v]overlay=x=20+(t-6)*60:y=60:enable=between(t\\,6\\,8.99)[v] -map [v] -map 1:a";

fn ffmpeg(arguments: &str, scratch: &Scratch) -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error"]);
    let made = command
        .args(arguments.split_whitespace())
        .current_dir(scratch.path("."))
        .status();
    let made = made.is_ok_and(|it| it.success());
    if !made {
        skipped(&format!("there is no ffmpeg that makes {arguments}"));
    }
    made
}

/// What a program says of a film, which must be no complaint.
fn say(program: &str, arguments: &str, film: &Path) -> String {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-v", "warning"]);
    if program == "ffmpeg" {
        command.arg("-nostdin");
    }
    let input: &[&str] = match program {
        "ffmpeg" => &["-guess_layout_max", "0", "-i"],
        _ => &[],
    };
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let done = command
        .args(input)
        .arg(film)
        .args(words)
        .output()
        .expect("ffmpeg is installed");
    let complaints = String::from_utf8_lossy(&done.stderr).into_owned();
    // FFmpeg says so of pictures that it has coded itself.
    let is_known = |it: &&str| it.ends_with("EOI missing, emulating");
    let first = complaints.lines().find(|it| !is_known(it));
    assert_eq!(first, None, "{}", film.display());
    String::from_utf8(done.stdout).expect("text")
}

/// A sum of each picture or piece of sound, as it is decoded.
fn decoded(film: &Path, stream: &str) -> Vec<String> {
    let said = say("ffmpeg", &format!("-map 0:{stream} -f framemd5 -"), film);
    let lines = said.lines().filter(|it| !it.starts_with('#'));
    lines
        .filter_map(|it| Some(it.rsplit(',').next()?.trim().to_owned()))
        .collect()
}

/// All samples of the sound.
fn sound(film: &Path) -> Vec<i16> {
    let mut command = Command::new("ffmpeg");
    let done = command
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film)
        .args(["-f", "s16le", "-"])
        .output();
    let done = done.expect("ffmpeg is installed").stdout;
    done.chunks_exact(2)
        .map(|it| i16::from_le_bytes([it[0], it[1]]))
        .collect()
}

fn seconds(film: &Path, what: &str) -> f64 {
    let said = say(
        "ffprobe",
        &format!("-of csv=p=0 -show_entries {what}"),
        film,
    );
    said.lines()
        .next()
        .and_then(|it| it.trim_end_matches(',').parse().ok())
        .unwrap_or_else(|| panic!("{said}"))
}

/// Films of a folder, the oldest first.
fn films(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut films: Vec<PathBuf> = entries.map(|it| it.path()).collect();
    films.sort();
    films
}

fn camera(film: &str) -> String {
    format!("[sources.cam]\ntype = 'camera'\nuri = '{film}'\n")
}

fn log(inputs: &str) -> String {
    format!("[sinks.log]\ntype = 'jsonl'\ninputs = [{inputs}]\npath = 'events.jsonl'\n")
}

fn record(options: &str) -> String {
    format!(
        "[sinks.films]\ntype = 'record'\ninputs = ['cam']\nfolder = 'films'\nmin_free_mb = 0\n{options}\n"
    )
}

fn of_kind(scratch: &Scratch, kind: &str) -> Vec<Value> {
    let events = scratch.events("events.jsonl").into_iter();
    events.filter(|it| it["kind"] == kind).collect()
}

/// Pictures that are shown in another order than they come, sound that begins before them.
#[test]
fn films_hold_what_was_sent_and_begin_by_the_clock() {
    let scratch = Scratch::new();
    let coded = format!("{CLAP} -c:v libx264 -g 25 -bf 2 -pix_fmt yuv420p -c:a aac film.mp4");
    if !ffmpeg(&coded, &scratch) {
        return;
    }
    let pipeline = camera("film.mp4") + &record("segment_s = 4") + &log("'films'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let films = films(&scratch.path("films"));
    let saved = of_kind(&scratch, "saved");
    assert!(
        (4..=5).contains(&films.len()) && films.len() == saved.len(),
        "{films:?}"
    );
    let original = scratch.path("film.mp4");
    let pictures: Vec<String> = films.iter().flat_map(|it| decoded(it, "v")).collect();
    assert_eq!(pictures, decoded(&original, "v"));
    for (film, saved) in films.iter().zip(&saved) {
        let content = fs::read(film).expect("it is there");
        assert_eq!(saved["sha256"], sum(&content));
        assert_eq!(saved["bytes"], content.len());
        assert_eq!(saved["path"], film.to_str().expect("a plain path"));
        let lasts =
            saved["end"].as_f64().expect("seconds") - saved["start"].as_f64().expect("seconds");
        assert!(
            (seconds(film, "format=duration") - lasts).abs() < 0.3,
            "{film:?}: {lasts}"
        );
        let mode = fs::metadata(film).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o640);
        let starts =
            ["v", "a"].map(|it| seconds(film, &format!("stream=start_time -select_streams {it}")));
        assert!((starts[0] - starts[1]).abs() < 0.1, "{starts:?}");
    }
    let begin = |it: &Value| it["start"].as_f64().expect("seconds");
    assert!(
        saved[1..saved.len() - 1]
            .windows(2)
            .all(|it| (begin(&it[1]) - begin(&it[0]) - 4.0).abs() < 0.1),
        "{saved:?}"
    );
}

#[test]
fn every_codec_of_cameras_plays_in_other_programs() {
    let scratch = Scratch::new();
    let mut coded = 0;
    for (name, codecs, tags) in [
        (
            "hevc_mulaw.mkv",
            "-c:v libx265 -x265-params log-level=error -c:a pcm_mulaw -ar 8000",
            ["hevc", "flac"],
        ),
        (
            "avc_alaw.mkv",
            "-c:v libx264 -c:a pcm_alaw -ar 8000",
            ["h264", "flac"],
        ),
        (
            "avc_opus.mkv",
            "-c:v libx264 -tune zerolatency -c:a libopus",
            ["h264", "opus"],
        ),
        ("avc_aac.ts", "-c:v libx264 -c:a aac", ["h264", "aac"]),
        (
            "avc_mp3.mkv",
            "-c:v libx264 -c:a libmp3lame",
            ["h264", "mp3"],
        ),
        (
            "jpeg_pcm.avi",
            "-c:v mjpeg -c:a pcm_s16le",
            ["mjpeg", "flac"],
        ),
    ] {
        if !ffmpeg(
            &format!("{CLAP} -pix_fmt yuv420p {codecs} {name}"),
            &scratch,
        ) {
            continue;
        }
        coded += 1;
        let _ = fs::remove_dir_all(scratch.path("films"));
        let ended = scratch.run(&(camera(name) + &record("segment_s = 86400")), &[]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let films = films(&scratch.path("films"));
        let [film] = &films[..] else {
            panic!("{name}: {films:?}")
        };
        let told = say(
            "ffprobe",
            "-of csv=p=0 -show_entries stream=codec_name",
            film,
        );
        assert_eq!(told.lines().collect::<Vec<_>>(), tags, "{name}");
        let original = scratch.path(name);
        assert_eq!(decoded(film, "v"), decoded(&original, "v"), "{name}");
        if tags[1] == "flac" {
            assert!(
                sound(film) == sound(&original),
                "{name}: sound without loss"
            );
        }
    }
    assert!(coded > 3, "{coded}");
}

/// The square and its tone are in one clip, in step, from two seconds before.
#[test]
fn a_clip_shows_what_has_happened_and_what_was_before() {
    let scratch = Scratch::new();
    let coded = format!(
        "{CLAP} -c:v libx264 -g 10 -bf 0 -pix_fmt yuv420p -c:a pcm_mulaw -ar 8000 film.mkv"
    );
    if !ffmpeg(&coded, &scratch) {
        return;
    }
    let pipeline = camera("film.mkv")
        + "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\nhold_ms = 500\n\
           [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\n\
           pre_s = 2\npost_s = 1.5\n"
        + &log("'clips', 'moves'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let saved = of_kind(&scratch, "saved");
    let [saved] = &saved[..] else {
        panic!("one clip: {saved:?}")
    };
    let at = |what: &str| saved[what].as_f64().expect("seconds");
    assert!((5.9..6.5).contains(&at("subject")), "{saved}");
    assert!(
        (3.4..=4.5).contains(&at("start")) && at("subject") - at("start") >= 2.0,
        "{saved}"
    );
    let over = of_kind(&scratch, "motion").last().expect("it ended")["end"]
        .as_f64()
        .expect("seconds");
    assert!((over + 1.5 - at("end")).abs() < 0.2, "{saved} {over}");
    // Told within a second of its end.
    assert!(
        saved["t"].as_f64().expect("seconds") - at("end") < 1.0,
        "{saved}"
    );
    let film = &films(&scratch.path("clips"))[0];
    let tone = sound(film)
        .iter()
        .position(|it| it.unsigned_abs() > 4000)
        .expect("the tone");
    let heard = seconds(film, "stream=start_time -select_streams a") + tone as f64 / 8000.0;
    let squares = say(
        "ffmpeg",
        "-vf crop=40:40:30:70,blackframe=amount=0,signalstats,metadata=print:key=lavfi.signalstats.YMAX:file=- -f null -",
        film,
    );
    let lines: Vec<&str> = squares.lines().collect();
    let bright = lines
        .windows(2)
        .find(|it| it[1].rsplit('=').next().and_then(|it| it.parse().ok()) > Some(200.0));
    let time = bright.expect("the square")[0]
        .rsplit("pts_time:")
        .next()
        .map(str::trim);
    let seen: f64 = time.and_then(|it| it.parse().ok()).expect("a time");
    println!("seen {seen}, heard {heard}");
    assert!((seen - heard).abs() <= 0.04, "seen {seen}, heard {heard}");
    assert!((seen - (6.0 - at("start"))).abs() < 0.3, "{seen} {saved}");
}

/// A kill at any time leaves films that play, and so does the next start.
#[test]
fn a_kill_leaves_films_that_play() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &["--sound", "aac"]);
    let scratch = Scratch::new();
    let times = std::env::var("KILLS").map_or(3, |it| it.parse().expect("a number"));
    let pipeline = camera(&server.uri) + &record("segment_s = 2") + "[status]\nlisten = 'off'\n";
    scratch.write("pipeline.toml", pipeline);
    let folder = scratch.path("films");
    for round in 0..times {
        let before = films(&folder).len();
        let running = Running::start(scratch.otus(&["run", "pipeline.toml"]));
        wait_for("a film", PATIENCE, || {
            let films = films(&folder);
            let length = fs::metadata(films.last()?).ok()?.len();
            (films.len() > before && length > 10_000).then_some(())
        });
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..1500)));
        running.signal(SIGKILL);
        running.wait();
        let last = films(&folder).pop().expect("there is one");
        let pictures = decoded(&last, "v").len();
        assert!(pictures > 5, "{round}: {pictures}");
    }
    let running = Running::start(scratch.otus(&["run", "pipeline.toml", "--for", "4s"]));
    assert_eq!(running.wait().code, Some(0));
    let films = films(&folder);
    println!("{} films after {times} kills", films.len());
    for film in &films {
        let lasts = seconds(film, "format=duration");
        assert!(lasts > 0.5, "{}: {lasts}", film.display());
        assert!(decoded(film, "a").len() > 5, "{}", film.display());
    }
}

/// A film plays while it is written; a camera that is away ends it, and another begins when it is back. So it is with clips.
#[test]
fn a_camera_that_goes_away_leaves_two_good_films_and_a_gap() {
    if !rig_is_here() {
        return;
    }
    let server = Server::start("0", &[]);
    let port = server.port();
    let scratch = Scratch::new();
    let pipeline = camera(&server.uri).replace("\nuri", "\nstall_timeout_ms = 1000\nuri")
        + "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
           [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\nmin_free_mb = 0\nmax_s = 600\n"
        + &record("segment_s = 86400")
        + &log("'films', 'clips', 'cam'");
    let running = live_camera::start(&scratch, &pipeline, &[]);
    let film = wait_for("a film", PATIENCE, || films(&scratch.path("films")).pop());
    wait_for("three seconds of it", PATIENCE, || {
        (fs::metadata(&film).ok()?.len() > 60_000).then_some(())
    });
    assert!(
        decoded(&film, "v").len() > 15,
        "it plays while it is written"
    );
    drop(server);
    wait_for("the ends", PATIENCE, || {
        (of_kind(&scratch, "saved").len() == 2).then_some(())
    });
    let _server = Server::start(&port, &[]);
    wait_for("a second film", PATIENCE, || {
        (films(&scratch.path("films")).len() == 2 && films(&scratch.path("clips")).len() == 2)
            .then_some(())
    });
    std::thread::sleep(Duration::from_secs(2));
    running.signal(SIGTERM);
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{}", live_camera::log(&scratch));
    let saved = of_kind(&scratch, "saved");
    assert_eq!(saved.len(), 4, "{saved:?}");
    assert_eq!(of_kind(&scratch, "gap").len(), 1);
    for folder in ["films", "clips"] {
        for film in films(&scratch.path(folder)) {
            assert!(decoded(&film, "v").len() > 10, "{}", film.display());
        }
    }
}

/// The disk is full for a while: what is there stays whole, and films begin again when there is room.
#[test]
fn a_full_disk_stops_films_and_they_begin_again() {
    if !rig_is_here() {
        return;
    }
    let scratch = Scratch::new();
    let Some(_disk) = Disk::mount(scratch.path("disk")) else {
        return;
    };
    let server = Server::start("0", &["--width", "160", "--height", "90"]);
    let pipeline = camera(&server.uri)
        + &record("segment_s = 2\nkeep_mb = 1").replace("'films'\nmin", "'disk/films'\nmin");
    let running = live_camera::start(&scratch, &pipeline, &[]);
    let folder = scratch.path("disk/films");
    let more = || {
        let before = films(&folder).len();
        wait_for("another film", PATIENCE, || {
            (films(&folder).len() > before).then_some(())
        });
    };
    more();
    let filler = scratch.path("disk/filler");
    let _ = fs::write(&filler, vec![0; 256 * 1024]);
    wait_for("a sink that tries again", PATIENCE, || {
        let state = live_camera::node(&scratch, "films")?["state"].clone();
        (state == "retrying").then_some(())
    });
    fs::remove_file(&filler).expect("it is there");
    more();
    running.signal(SIGTERM);
    assert_eq!(
        running.wait().code,
        Some(0),
        "{}",
        live_camera::log(&scratch)
    );
    let good = films(&folder);
    let whole = good
        .iter()
        .filter(|it| fs::metadata(it).is_ok_and(|it| it.len() > 0));
    let pictures: usize = whole.map(|it| decoded(it, "v").len()).sum();
    assert!(pictures > 20, "{pictures}");
}

/// A camera that gives raw pictures is coded; all its pictures are in the film, at their times.
#[test]
fn raw_pictures_are_coded_for_films() {
    let scratch = Scratch::new();
    if !ffmpeg(
        &format!("{CLAP} -c:a pcm_s16le -c:v rawvideo -pix_fmt yuv420p film.avi"),
        &scratch,
    ) {
        return;
    }
    let pipeline = camera("film.avi")
        + "[transforms.code]\ntype = 'encode'\ninputs = ['cam']\nkey_s = 1\n"
        + &record("segment_s = 86400").replace("['cam']", "['code']")
        + &log("'films'");
    let ended = scratch.run(&pipeline, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let film = &films(&scratch.path("films"))[0];
    assert_eq!(decoded(film, "v").len(), 14 * 25);
    assert!((seconds(film, "format=duration") - 14.0).abs() < 0.05);
    let keys = say(
        "ffprobe",
        "-of csv=p=0 -skip_frame nokey -show_entries frame=pts_time",
        film,
    );
    let keys: Vec<f64> = keys
        .lines()
        .filter_map(|it| it.split(',').next()?.parse().ok())
        .collect();
    assert!(
        keys.len() >= 14 && keys.windows(2).all(|it| it[1] - it[0] <= 1.01),
        "{keys:?}"
    );
}

#[test]
fn what_cannot_be_recorded_is_told_by_check() {
    let scratch = Scratch::new();
    let check = |pipeline: &str| {
        scratch.write("pipeline.toml", pipeline);
        let ended = Running::start(scratch.otus(&["check", "pipeline.toml"])).wait();
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        ended.stderr
    };
    let usb = check(&(camera("/dev/video0") + &record("")));
    assert!(
        usb.contains("`films` takes nothing of `cam`: it gives pictures that are not coded"),
        "{usb}"
    );
    assert!(usb.contains("put an `encode` between"), "{usb}");
    let clip = "[transforms.moves]\ntype = 'motion'\ninputs = ['cam']\n\
         [sinks.clips]\ntype = 'clip'\ninputs = ['cam', 'moves']\nfolder = 'clips'\n";
    let usb = check(&(camera("/dev/video0") + clip));
    assert!(
        usb.contains("`clips` gets no coded packets of `cam`"),
        "{usb}"
    );
    let blind = check(&(camera("rtsp://porch/1") + &clip.replace("'cam', 'moves'", "'moves'")));
    assert!(
        blind.contains("`clips` gets no coded packets: none of its inputs gives any"),
        "{blind}"
    );
    let masked = camera("rtsp://porch/1") + "mask = [[[0, 0], [1, 0], [1, 1]]]\n" + &record("");
    let masked = check(&masked);
    assert!(masked.contains("what its `mask` covers"), "{masked}");
    let private =
        check(&(camera("rtsp://porch/1") + &record("") + "[runtime]\nprivacy = 'required'\n"));
    assert!(
        private.contains("must not reach `films` as they were"),
        "{private}"
    );
}
